# KI-Pforte. „make“ allein zeigt, was es gibt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help image sbom install install-test run test test-long locale site screenshots client-test client-test-heavy check bench audit-torture evaluate train docs lock clean

help: ## Diese Übersicht
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

install: $(VENV)/.installed ## Umgebung .venv mit den festgelegten Paketen anlegen
$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("KI-Pforte braucht Python 3.11 oder neuer. Mit „make PYTHON=python3.12 …“ wählen Sie eines.") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Die Pakete werden geladen und eingerichtet; das dauert einige Minuten."
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps -e .
	@$(BIN)/python -m compileall -q gateway audit  # der Dienst darf hier nicht schreiben und übersetzte sonst bei jedem Start
	@touch $@

install-test: $(VENV)/.installed-test ## Dasselbe mit den Paketen für Tests
$(VENV)/.installed-test: tests/requirements.lock $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --require-hashes -r tests/requirements.lock
	@touch $@

run: install ## KI-Pforte mit der Beispielstadt Musterstadt starten (http://127.0.0.1:8080)
	@$(BIN)/ki-pforte serve --demo

test: install-test ## Alle Tests
	$(BIN)/python -m pytest

test-long: install-test ## Eigenschaften mit 10.000 Beispielen
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest tests/property

client-test: install-test ## Fremde Programme gegen die laufende KI-Pforte (lädt ihre Pakete nach .venv/clients)
	$(BIN)/python -m tests.support.client_stacks
	CLIENT_TESTS=1 $(BIN)/python -m pytest tests/e2e/clients

client-test-heavy: install-test ## Dasselbe mit codex, aider und Open WebUI (etwa 9 GB)
	$(BIN)/python -m tests.support.client_stacks codex aider open-webui
	CLIENT_TESTS=1 $(BIN)/python -m pytest tests/e2e/clients

check: install-test ## Stil, Typen, Stockwerke
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install-test ## Messen, was eine Anfrage kostet (einige Minuten; auf ruhiger Maschine)
	$(BIN)/python -m tests.bench.bench
	$(BIN)/python -m tests.bench.policy_bench
	$(BIN)/python -m tests.bench.replicas_bench
	$(BIN)/python -m tests.bench.ledger_bench
	$(BIN)/python -m tests.bench.ledger_verify_bench --records 100000 --browser 20000
	$(BIN)/python -m tests.bench.ledger_size_bench --records 100000
	$(BIN)/python -m tests.bench.pages_bench --records 100000

audit-torture: install-test ## Das Protokoll tausendmal mitten im Schreiben töten (etwa 20 Minuten)
	$(BIN)/python -m tests.bench.audit_torture
	$(BIN)/python -m tests.bench.audit_eight

pruefer: install ## Den Prüfer des Protokolls als eine Datei bauen (pruefer.pyz)
	$(BIN)/python -m audit zipapp pruefer.pyz

EVAL ?= tests/evaluation/held_out.jsonl tests/evaluation/documents.jsonl
ORIGINS ?= $(wildcard $(dir $(firstword $(EVAL)))origins.json)
evaluate: install ## Messen, wie gut Angaben erkannt werden; eigene Dokumente mit EVAL=DATEI.jsonl
	@set -e; for docs in $(EVAL); do echo "$$docs"; echo; \
	  $(BIN)/ki-pforte evaluate "$$docs" $(if $(ORIGINS),--origins $(ORIGINS)); done

train: install ## Namensmodell neu trainieren (CORPORA=Ordner; etwa 12 Minuten)
	@test -n "$(CORPORA)" || { echo "Bitte nennen Sie den Ordner mit den Korpora: make train CORPORA=ORDNER"; exit 2; }
	$(BIN)/python -m pip install --quiet --require-hashes -r gateway/training/requirements.lock
	$(BIN)/ki-pforte train $(CORPORA)

locale: install-test ## Sätze der englischen Seiten sammeln, Katalog übersetzen (messages.mo)
	$(BIN)/python -m tests.support.catalogue

screenshots: install-test ## Bilder des Handbuchs neu aufnehmen (docs/bilder, braucht Chromium)
	$(BIN)/python -m tests.support.screenshots

docs: install-test ## Handbuchseiten aus dem Programm neu schreiben
	$(BIN)/python -m tests.support.handbook

site: install-test ## Handbücher als Seiten bauen (var/handbuch/index.html)
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs var/handbuch

sbom: install-test ## Stückliste der Pakete (CycloneDX) nach sbom.cdx.json schreiben
	$(BIN)/python -m tests.support.sbom sbom.cdx.json

image: ## Abbild bauen, Grundlage festgelegt (PYTHON_DIGEST=sha256:…)
	@test -n "$(PYTHON_DIGEST)" || { echo "Bitte legen Sie die Grundlage fest: make image PYTHON_DIGEST=sha256:… (die Prüfsumme nennt „docker buildx imagetools inspect python:3.13-slim“). Nur zum Ausprobieren geht es ohne: docker build -f deploy/Dockerfile -t ki-pforte ."; exit 2; }
	docker build -f deploy/Dockerfile --build-arg PYTHON_DIGEST=$(PYTHON_DIGEST) -t ki-pforte .

lock: ## requirements.lock neu berechnen (braucht uv)
	uv pip compile --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --python-version 3.11 pyproject.toml -o requirements.lock
	uv pip compile --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --python-version 3.11 --extra test pyproject.toml -o tests/requirements.lock
	uv pip compile --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --python-version 3.11 --extra train pyproject.toml -o gateway/training/requirements.lock

clean: ## Umgebung und Zwischenstände löschen; var/ bleibt
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
