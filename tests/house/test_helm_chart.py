"""The chart: its values fit their schema, what it renders is what lies beside it and is what Kubernetes understands."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from gateway.settings import Settings
from tests.support.gateway_process import ROOT
from tests.support.handbook import commands
from tests.support.helm_templates import CHART, HELM, RELEASE, Chart, load, merged, rendered
from tests.support.stopping import STOP_SECONDS

KUBERNETES = json.loads((HELM / "schemas/kubernetes.json").read_text(encoding="utf-8"))
FILES = sorted(path.name for path in (HELM / "rendered").glob("*.yaml"))
TURNED_ROUND: dict[str, Any] = {
    "autoscaling": {"enabled": False}, "ingress": {"enabled": False}, "networkPolicy": {"enabled": False},
    "metrics": {"port": 9464, "serviceMonitor": False}, "imagePullSecrets": [{"name": "haus"}],
    "image": {"repository": "registry.example/ki-pforte", "digest": "sha256:" + "a" * 64, "pullPolicy": "Always"},
    "secrets": {"database": "db", "redis": "", "providers": "", "metrics": "kennwort"},
    "home": {"existingClaim": "vorhanden"}, "policies": {"persistentVolumeClaim": {"claimName": "richtlinien"}},
    "nodeSelector": {"zone": "a"}, "tolerations": [{"key": "ki", "operator": "Exists"}]}

SETS: dict[str, dict[str, Any]] = {
    "as shipped": {}, "all turned round": TURNED_ROUND,
    "numbers": {"settings": {"KI_PFORTE_FILE_CHARACTERS": 2_000_000, "KI_PFORTE_WEBHOOKS_HTTP": False,
                             "KI_PFORTE_SMTP_PORT": 25, "KI_PFORTE_WITNESS_NAME": "a: b # c"}},
    "labels and passwords": {"metrics": {"labels": {"release": "kube"}}, "secrets": {"metrics": "kennwort"}},
    "another ingress": {"ingress": {"className": "haproxy", "tlsSecret": "", "annotations": {"a/b": "c"}}},
    "little": {"settings": None, "resources": {}, "trustedProxies": "", "disruptionBudget": {"minAvailable": "50%"},
               "home": {"storageClass": "schnell", "accessMode": "ReadWriteOnce", "size": "1Ti"}}}
WRONG: list[dict[str, Any]] = [
    {"replicas": 0}, {"replica": 2}, {"settings": {"PORT": "1"}}, {"image": {"repository": ""}},
    {"settings": {"KI_PFORTE_SMTP_PASSWORD": "x"}}, {"metrics": {"port": 8080}},
    {"settings": {"KI_PFORTE_DATABASE_URL": "postgresql://x:geheim@y"}}, {"image": {"digest": "sha256:kurz"}},
    {"secrets": {"database": None}}, {"home": {"size": "2G"}}, {"disruptionBudget": {"minAvailable": "viele"}},
    {"policies": {"configMap": {"name": "a"}, "secret": {"secretName": "b"}}}]
needs_helm = pytest.mark.skipif(shutil.which("helm") is None, reason="helm fehlt; die Vorlagen liest der eigene Leser")


def helm(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["helm", *words], capture_output=True, text=True, timeout=120, check=False)


def manifests(values: dict[str, Any] | None = None, folder: Path | None = None) -> dict[str, Any]:
    """What is rendered, read again, by kind."""
    from ruamel.yaml import YAML
    made = Chart().render(values) if folder is None else {p.name: p.read_text() for p in folder.glob("*.yaml")}
    documents = [YAML(typ="safe", pure=True).load(text) for text in made.values()]
    return {document["kind"]: document for document in documents}


def complaints(document: Any) -> list[str]:
    schema = {**KUBERNETES, "$ref": "#/definitions/" + KUBERNETES["kinds"][document["kind"]]}
    return [f"{list(error.path)}: {error.message}" for error in Draft7Validator(schema).iter_errors(document)]


def test_the_rendered_copy_is_what_the_templates_give() -> None:
    written = {name: (HELM / "rendered" / name).read_text(encoding="utf-8") for name in FILES}
    assert written == rendered(), "python -m tests.support.helm_templates"


@needs_helm
def test_helm_itself_finds_no_fault() -> None:
    done = helm("lint", "--strict", str(CHART))
    assert done.returncode == 0, done.stdout + done.stderr


@needs_helm
@pytest.mark.parametrize("values", SETS.values(), ids=SETS)
def test_helm_itself_gives_the_same(values: dict[str, Any], tmp_path: Path) -> None:
    given = tmp_path / "values.yaml"
    given.write_text(json.dumps(values), encoding="utf-8")
    done = helm("template", RELEASE, str(CHART), "-f", str(given), "--output-dir", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert manifests(folder=tmp_path / "ki-pforte/templates") == manifests(values)


@needs_helm
@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_helm_itself_refuses_values_that_are_wrong(wrong: dict[str, Any], tmp_path: Path) -> None:
    given = tmp_path / "values.yaml"
    given.write_text(json.dumps(wrong), encoding="utf-8")
    done = helm("template", RELEASE, str(CHART), "-f", str(given))
    assert done.returncode != 0
    assert "schema" in done.stderr


@pytest.mark.parametrize("values", SETS.values(), ids=SETS)
def test_kubernetes_understands_what_is_rendered(values: dict[str, Any]) -> None:
    found = manifests(values)
    assert len(found) == (5 if values is TURNED_ROUND else 10)
    for document in found.values():
        assert complaints(document) == []
        assert document["metadata"]["labels"]["app.kubernetes.io/name"] == "ki-pforte"


def test_the_schemas_notice_a_slip_of_the_pen() -> None:
    deployment = manifests()["Deployment"]
    deployment["spec"]["template"]["spec"]["containers"][0]["securityContext"]["readOnlyRootFileSystem"] = True
    assert any("readOnlyRootFileSystem" in text for text in complaints(deployment))


def test_the_values_fit_their_schema_and_wrong_ones_do_not() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    Draft7Validator.check_schema(schema)
    check, values = Draft7Validator(schema), load(CHART / "values.yaml")
    assert [error.message for error in check.iter_errors(values)] == []
    assert [error.message for error in check.iter_errors({**values, **TURNED_ROUND})] == []
    assert set(values) == set(schema["properties"]) - {"global"}
    for wrong in WRONG:
        assert not check.is_valid(merged(values, wrong)), wrong


def test_numbers_reach_the_settings_as_they_were_written() -> None:
    environment = manifests(SETS["numbers"])["Deployment"]["spec"]["template"]["spec"]["containers"][0]["env"]
    found = {one["name"]: one.get("value") for one in environment}
    assert found["KI_PFORTE_FILE_CHARACTERS"] == "2000000"
    assert found["KI_PFORTE_WEBHOOKS_HTTP"] == "false"


def test_prometheus_finds_what_it_looks_for() -> None:
    monitor = manifests({"metrics": {"labels": {"release": "kube"}}})["ServiceMonitor"]
    labels = monitor["metadata"]["labels"]
    assert labels["release"] == "kube"
    assert labels["app.kubernetes.io/name"] == "ki-pforte"


def test_without_a_tag_the_image_is_the_one_the_chart_belongs_to() -> None:
    about = load(CHART / "Chart.yaml")
    for values, image in (({}, f"ki-pforte:{about['appVersion']}"), ({"image": {"tag": "1.2"}}, "ki-pforte:1.2")):
        pod = manifests(values)["Deployment"]["spec"]["template"]["spec"]
        assert pod["containers"][0]["image"] == image


def test_every_value_is_used_and_every_value_that_is_used_exists() -> None:
    templates = "".join(path.read_text(encoding="utf-8") for path in (CHART / "templates").iterdir())
    used = set(re.findall(r"\.Values((?:\.\w+)+)", templates))
    values = load(CHART / "values.yaml")
    for path in used:
        found = values
        for name in path.strip(".").split("."):
            assert name in found, path
            found = found[name]
    for name, value in values.items():
        parts = {f".{name}"} | ({f".{name}.{key}" for key in value} if isinstance(value, dict) else set())
        assert f".{name}" in used or parts - {f".{name}"} <= used, name


@pytest.mark.parametrize("kind", ["Deployment", "Job"])
def test_every_pod_runs_without_root_and_cannot_write_to_its_image(kind: str) -> None:
    pod = manifests()[kind]["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                                "capabilities": {"drop": ["ALL"]}}
        settings = {one["name"] for one in container["env"]}
        assert settings <= {f"KI_PFORTE_{field.upper()}" for field in Settings.model_fields}
        for one in container["env"]:
            assert "valueFrom" in one or "_URL" not in one["name"] or one["name"] == "KI_PFORTE_PUBLIC_URL"
        assert container["args"][0] in {path.split()[1] for path, _ in commands()}


def test_only_serving_pods_get_requests_and_they_have_time_to_end() -> None:
    found = manifests()
    serving = found["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
    migrating = found["Job"]["spec"]["template"]["metadata"]["labels"].items()
    for kind in ("Service", "PodDisruptionBudget", "Deployment"):
        selector = found[kind]["spec"]["selector"]
        wanted = selector.get("matchLabels", selector).items()
        assert wanted <= serving
        assert not wanted <= migrating
    both = found["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"].items()
    assert both <= serving
    assert both <= migrating
    pod = found["Deployment"]["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] >= STOP_SECONDS
    assert "lifecycle" not in pod["containers"][0], "a process takes itself out"
    probes = pod["containers"][0]
    assert probes["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert probes["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert found["Job"]["metadata"]["annotations"]["helm.sh/hook"] == "pre-upgrade"


def test_streams_pass_the_ingress_and_decide_how_many_pods_there_are() -> None:
    found = manifests()
    notes = found["Ingress"]["metadata"]["annotations"]
    assert notes["nginx.ingress.kubernetes.io/proxy-buffering"] == "off"
    assert notes["nginx.ingress.kubernetes.io/proxy-next-upstream"] == "off"
    metric = found["HorizontalPodAutoscaler"]["spec"]["metrics"][0]["pods"]["metric"]["name"]
    assert f"`{metric}`" in (ROOT / "docs/metriken.md").read_text(encoding="utf-8")
    assert "replicas" not in found["Deployment"]["spec"], "the autoscaler decides"
    assert manifests({"autoscaling": {"enabled": False}})["Deployment"]["spec"]["replicas"] == 2
