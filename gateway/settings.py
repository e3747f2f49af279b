"""Every knob, typed and documented, from the environment (``KI_PFORTE_*``) or ``pforte.yaml`` in HOME.

The environment wins. A setting that is misspelt, missing or contradictory stops the start with one sentence that says
what to write: `load` raises `SettingsError`, whose text is meant for the person at the terminal and holds no secret.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from gateway.model.entities import ENTITIES
from gateway.settings_office import OfficeSettings
from gateway.settings_sign_in import SignInSettings

PREFIX = "KI_PFORTE_"
DIALECTS = ("chat", "completions", "embeddings", "responses", "messages", "transcriptions", "translations")
LARGE_ENGINES = ("spacy", "transformers", "gliner")
_COUNTERS = re.compile(r"(?:rediss?|valkeys?|(?:redis|valkey)\+(?:unix|sentinel))://.")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")


class SettingsError(Exception):
    """A setting is wrong; ``str()`` says in German which one and what to write."""


class Settings(SignInSettings, OfficeSettings):
    """All settings. The name in the environment is ``KI_PFORTE_`` and the field in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True)

    home: Path = Field(Path("var"), description="Ordner für Datenbanken, Schlüssel und pforte.yaml")
    policies: Path = Field(Path("policies"), description="Ordner mit den Richtlinien")
    shadow_policies: Path | None = Field(None, description="Ordner mit Richtlinien, die neben den geltenden befragt "
                                                            "werden und nichts entscheiden (Probelauf vor einer "
                                                            "Änderung); leer: keine")
    database_url: str = Field("", description="Datenbank des Gateways; leer: SQLite-Datei in HOME; sonst "
                                              "postgresql+psycopg://…")
    audit_database_url: str = Field("", description="Datenbank des Protokolls; leer: eigene SQLite-Datei in HOME")
    anchors: str = Field("", description="Orte außerhalb der Datenbank, an denen täglich ein Prüfpunkt des Protokolls "
                                         "aufbewahrt wird, mit Komma dazwischen, mindestens zwei: file:/pfad/datei, "
                                         "mailto:name@ort.de, syslog://rechner:514, syslog+tcp://rechner:601, "
                                         "syslog+tls://rechner:6514, witness+https://rechner/witness#PRÜFSCHLÜSSEL, "
                                         "tsa+https://rechner/tsr#/pfad/wurzeln.pem (Zeitstempel)")
    witness_name: str = Field("", description="Unter diesem Namen bezeugt diese KI-Pforte Prüfpunkte anderer "
                                              "Verwaltungen (/witness/add-checkpoint), zum Beispiel "
                                              "musterstadt.de/zeuge; wessen, steht in keys/zeuge/logs.txt; leer: keine")
    redis_url: str = Field("", description="Redis oder Valkey, mit dem mehrere Prozesse und Instanzen Grenzen "
                                           "gemeinsam zählen: redis://…, rediss://…, redis+unix://…, "
                                           "redis+sentinel://… (oder valkey://…, valkeys://…); leer: Speicher dieses "
                                           "Prozesses")
    limits_without_redis: Literal["local", "refuse"] = Field(
        "local", description="Was gilt, solange Redis oder Valkey nicht antwortet: jeder Prozess zählt für sich weiter "
                             "und trägt es nach (local), oder es wird abgelehnt, was begrenzt ist (refuse)")
    host: str = Field("127.0.0.1", description="Adresse, auf der die KI-Pforte hört")
    port: int = Field(8080, ge=0, le=65535, description="Port, auf dem die KI-Pforte hört")
    workers: int = Field(1, ge=1, le=64, description="Zahl der Prozesse, die Anfragen bedienen")
    drain_seconds: int = Field(5, ge=0, le=300, description="Sekunden, in denen ein Prozess, der beendet werden soll "
                                                            "(SIGTERM), noch alles annimmt und nur sagt, dass er geht "
                                                            "(/readyz 503, Connection: close); 0: er hört sofort auf")
    grace_seconds: int = Field(20, ge=1, le=3600, description="Sekunden, die laufende Antworten danach noch haben; was "
                                                              "länger dauert, endet mit einem Satz")
    public_url: str = Field("", description="Adresse, unter der Beschäftigte die Seiten erreichen; leer: aus Host und "
                                            "Port")
    trusted_proxies: str = Field("", description="Adressen oder Netze der Webserver davor, mit Komma dazwischen, denen "
                                                 "die KI-Pforte glaubt, wer fragt und ob es https war "
                                                 "(X-Forwarded-For, X-Forwarded-Proto); leer: niemandem")
    openai_base_url: str = Field("", description="Schnellstart: Adresse eines eigenen OpenAI-kompatiblen Anbieters, "
                                                 "zum Beispiel http://127.0.0.1:11434/v1")
    openai_model: str = Field("", description="Schnellstart: Name des Modells bei diesem Anbieter")
    openai_api_key: SecretStr | None = Field(None, description="Schnellstart: Schlüssel für diesen Anbieter, falls er "
                                                               "einen verlangt")
    openai_dialects: str = Field("chat,completions,embeddings", description="Schnellstart: Schnittstellen, die der "
                                                                            "Anbieter spricht")
    block_style: Literal["error", "message"] = Field(
        "error", description="Wie eine Ablehnung ankommt, wenn sich jemand mit einem Token des Anmeldedienstes "
                             "ausweist: als Fehler (error) oder als Antwort im Chat (message) für Programme, die keine "
                             "Fehlertexte zeigen. Schlüssel und Anwendungen bestimmen es selbst (--block-style)")
    metrics_port: int | None = Field(None, ge=1, le=65535, description="Eigener Port für /metrics; leer: unter dem "
                                                                       "Port der KI-Pforte")
    metrics_token: SecretStr | None = Field(None, description="Kennwort (Bearer) für /metrics; leer: ohne")
    traces_url: str = Field("", description="Wohin Ablaufspuren für OpenTelemetry gehen (OTLP über HTTP), zum Beispiel "
                                            "http://127.0.0.1:4318/v1/traces; ohne Inhalte und Personen; leer: "
                                            "nirgends")
    keep_alive: Literal["comment", "chunk", "off"] = Field(
        "comment", description="Lebenszeichen in einer Antwort, die entsteht, solange das Modell nichts sagt: ein "
                               "Kommentar, den Programme überlesen (comment), ein leerer Teil der Antwort für "
                               "Programme, die keine Kommentare kennen (chunk), oder keines (off)")
    keep_alive_seconds: float = Field(15, gt=0, le=300, description="Sekunden Stille vor einem Lebenszeichen")
    cors_origins: str = Field("", description="Adressen von Seiten im Browser, die selbst auf die Schnittstellen "
                                              "zugreifen dürfen, mit Komma dazwischen, zum Beispiel "
                                              "https://chat.musterstadt.example,tauri://localhost; leer: keine")
    max_body_mb: int = Field(20, ge=1, le=512, description="Größte Anfrage in MiB")
    audio_mb: int = Field(25, ge=1, le=512, description="Größte Tonaufnahme zum Mitschreiben in MiB")
    upstream_connections: int = Field(1024, ge=1, description="Gleichzeitige Verbindungen zu Anbietern")
    detector_threads: int = Field(1, ge=1, le=32, description="Threads für die Suche nach personenbezogenen Angaben")
    detector_cache_mb: int = Field(32, ge=1, le=4096, description="Speicher für schon geprüfte Texte in MiB "
                                                                  "(Fundstellen, keine Texte)")
    detector_seconds: float = Field(20, gt=0, description="Längste Dauer einer Prüfung; danach wird abgelehnt")
    names_engine: str = Field("kompakt", description="Womit Namen in freiem Text gesucht werden: kompakt, spacy, "
                                                     "transformers, gliner, ein großes Modell neben dem kompakten "
                                                     "(kompakt+spacy) oder keine")
    names_model: Path | None = Field(None, description="Ordner mit dem Modell für spacy, transformers oder gliner; es "
                                                       "wird nie etwas heruntergeladen")
    names_labels: str = Field("", description="Welche Marken dieses Modells zählen, zum Beispiel PER=PERSON,"
                                              "LOC=ADDRESS; leer: nur Personen")
    file_seconds: int = Field(20, ge=1, le=600, description="Längste Rechenzeit für eine angehängte Datei (oder eine "
                                                            "eingescannte Seite) in Sekunden")
    file_memory_mb: int = Field(256, ge=128, le=8192, description="Speicher, den das Lesen einer Datei brauchen darf, "
                                                                  "in MiB")
    file_pages: int = Field(300, ge=1, le=10_000, description="Seiten, die eine Datei höchstens haben darf")
    file_characters: int = Field(400_000, ge=1000, le=10_000_000, description="Zeichen Text, die eine Datei höchstens "
                                                                             "haben darf")
    ocr: Literal["auto", "off"] = Field("auto", description="Texterkennung in Bildern und eingescannten Seiten: wenn "
                                                            "Tesseract mit deutschen Daten da ist, oder nie")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Ab welcher Stufe "
                                                                                        "protokolliert wird")
    log_format: Literal["json", "text"] = Field("json", description="Form der Betriebsmeldungen")
    log_syslog: str = Field("", description="Syslog des Hauses, das die Betriebsmeldungen auch erhält (RFC 5424): "
                                            "udp://rechner:514, tcp://rechner:601, tls://rechner:6514 oder "
                                            "unix:///dev/log; leer: nur Standardfehlerausgabe")

    @classmethod
    def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the environment first; what `load` read from ``pforte.yaml`` comes in as init settings."""
        return env_settings, init_settings

    @field_validator("openai_dialects")
    @classmethod
    def _known_dialects(cls, value: str) -> str:
        names = [name.strip() for name in value.split(",") if name.strip()]
        unknown = [name for name in names if name not in DIALECTS]
        if unknown or "chat" not in names:
            raise ValueError(f"eine Aufzählung aus {', '.join(DIALECTS)}; chat muss dabei sein")
        return ",".join(names)

    @field_validator("names_engine")
    @classmethod
    def _known_engine(cls, value: str) -> str:
        names = [name.strip().lower() for name in value.split("+")]
        large = [name for name in names if name in LARGE_ENGINES]
        if value.strip().lower() != "keine" and (len(large) + names.count("kompakt") != len(names)
                                                 or len(large) > 1 or names.count("kompakt") > 1):
            raise ValueError("kompakt, spacy, transformers, gliner, kompakt+ eines davon, oder keine")
        return "+".join(names)

    @field_validator("names_labels")
    @classmethod
    def _known_labels(cls, value: str) -> str:
        pairs = _pairs(value)
        if any(not label or entity not in ENTITIES for label, entity in pairs) or (
                pairs and "PERSON" not in dict(pairs).values()):
            raise ValueError("eine Aufzählung MARKE=ART mit Komma dazwischen, darunter eine mit PERSON; Arten sind zum "
                             "Beispiel PERSON, ADDRESS, BIRTHDATE")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _known_addresses(cls, value: str) -> str:
        names = [name.strip() for name in value.split(",") if name.strip()]
        for name in names:
            try:
                ip_network(name)
            except ValueError:
                raise ValueError("eine Adresse, ein Netz oder mehrere mit Komma dazwischen, zum Beispiel 127.0.0.1,"
                                 "10.0.5.0/24") from None
        return ",".join(names)

    @field_validator("cors_origins")
    @classmethod
    def _exact_origins(cls, value: str) -> str:
        names = [name.strip().rstrip("/").lower() for name in value.split(",") if name.strip()]
        for name in names:
            if not _ORIGIN.fullmatch(name):
                raise ValueError("eine Adresse aus Schema, Rechner und Port (mehrere mit Komma dazwischen), ohne "
                                 "Pfad und ohne *, zum Beispiel https://chat.musterstadt.example")
        return ",".join(names)

    @field_validator("database_url", "audit_database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("sqlite:///Pfad oder postgresql+psycopg://Benutzer:Kennwort@Rechner/Datenbank")
        return value

    @field_validator("log_syslog")
    @classmethod
    def _known_syslog(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            whole = {"udp": parts.hostname, "tcp": parts.hostname, "tls": parts.hostname, "unix": parts.path}.get(
                parts.scheme) and parts.port != 0 and not (parts.query or parts.fragment or parts.username)
        except ValueError:  # a port that is no number
            whole = False
        if value and (not whole or (parts.scheme == "unix") != bool(parts.path)):
            raise ValueError("udp://Rechner:Port, tcp://Rechner:Port, tls://Rechner:Port (RFC 5424) oder "
                             "unix:///Pfad, zum Beispiel unix:///dev/log")
        return value

    @field_validator("redis_url")
    @classmethod
    def _known_counters(cls, value: str) -> str:
        try:
            port = None if "+" in value.partition(":")[0] else urlsplit(value).port
        except ValueError:  # a port that is no number
            port = 0
        if value and (port == 0 or not _COUNTERS.match(value)):
            raise ValueError("redis://Rechner:Port/Nummer, valkey://…, mit TLS rediss:// oder valkeys://, über eine "
                             "Datei redis+unix:///Pfad oder über Wächter redis+sentinel://Rechner:Port/Name")
        return value

    @field_validator("openai_base_url", "public_url", "traces_url")
    @classmethod
    def _http_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("eine Adresse, die mit http:// oder https:// beginnt")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        if bool(self.openai_base_url) != bool(self.openai_model):
            missing = ("KI_PFORTE_OPENAI_MODEL, der Name des Modells dort" if self.openai_base_url else
                       "KI_PFORTE_OPENAI_BASE_URL, die Adresse des Anbieters")
            raise ValueError(f"Für den Schnellstart fehlt {missing}. Bitte geben Sie beides an")
        if self.metrics_port is not None and self.metrics_port == self.port:
            raise ValueError("KI_PFORTE_METRICS_PORT muss sich von KI_PFORTE_PORT unterscheiden")
        large = self.names_engine.removeprefix("kompakt+").removesuffix("+kompakt")
        if large in LARGE_ENGINES and self.names_model is None:
            raise ValueError(f"Für KI_PFORTE_NAMES_ENGINE={self.names_engine} fehlt KI_PFORTE_NAMES_MODEL, der Ordner "
                             "mit dem Modell")
        if large not in LARGE_ENGINES and (self.names_model or self.names_labels):
            extra = "KI_PFORTE_NAMES_MODEL" if self.names_model else "KI_PFORTE_NAMES_LABELS"
            raise ValueError(f"{extra} gilt nur für ein großes Modell. Bitte schreiben Sie bei KI_PFORTE_NAMES_ENGINE "
                             f"{', '.join(LARGE_ENGINES)} oder lassen Sie {extra} weg")
        return self

    @property
    def names_entities(self) -> dict[str, str]:
        """Which labels of the larger model stand for which entity."""
        return dict(_pairs(self.names_labels))

    @property
    def cors_allowed(self) -> frozenset[str]:
        """The origins whose pages may read what the wire APIs answer."""
        return frozenset(name for name in self.cors_origins.split(",") if name)

    @property
    def database(self) -> str:
        """The gateway's database as an SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{self.home / 'pforte.db'}"

    @property
    def audit_database(self) -> str:
        """The ledger's database as an SQLAlchemy URL."""
        return self.audit_database_url or f"sqlite:///{self.home / 'protokoll.db'}"

    @property
    def address(self) -> str:
        """The address of the pages, for links in messages."""
        return self.public_url or self.local_address

    @property
    def local_address(self) -> str:
        """Where this machine itself reaches the house, also when nothing stands before it yet."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def _pairs(text: str) -> list[tuple[str, str]]:
    """Read ``A=B,C=D``; what has no ``=`` stands for nothing."""
    split = (pair.partition("=") for pair in text.split(",") if pair.strip())
    return [(label.strip(), entity.strip().upper()) for label, _, entity in split]


_PATHS: Final = frozenset(
    name for name, field in Settings.model_fields.items() if field.annotation in (Path, Path | None))


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read all settings. Raises `SettingsError`."""
    environment = os.environ if environment is None else environment
    _refuse_unknown(name for name in environment if name.startswith(PREFIX))
    home = Path(environment.get(f"{PREFIX}HOME") or "var")
    written = _read_file(home / "pforte.yaml")
    try:
        return Settings(**{**written, "home": home})
    except ValidationError as error:
        raise SettingsError(_sentence(error, written)) from None


def _read_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError):
        raise SettingsError(f"{path} ist kein gültiges YAML. Schreiben Sie je Zeile „name: wert“.") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"{path}: Schreiben Sie je Zeile „name: wert“.")
    for name in content:
        if name not in Settings.model_fields or name == "home":
            guess = _guess(str(name), Settings.model_fields)
            raise SettingsError(f"{path}: Die Einstellung „{name}“ gibt es nicht{guess}")
    # A path counts from the file that names it, so that a house may be put elsewhere as a whole.
    return {name: path.parent / value if name in _PATHS and isinstance(value, str) else value
            for name, value in content.items()}


def _refuse_unknown(names: Any) -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    for name in names:
        if name not in known:
            raise SettingsError(f"Die Einstellung {name} gibt es nicht{_guess(name, known)}")


def _guess(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f". Meinten Sie {close[0]}?" if close else "."


def _sentence(error: ValidationError, written: Mapping[str, Any]) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    text = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return f"{text}."
    field = str(first["loc"][0])
    where = f"{field} (pforte.yaml)" if field in written and PREFIX + field.upper() not in os.environ \
        else PREFIX + field.upper()
    meaning = Settings.model_fields[field].description if field in Settings.model_fields else ""
    expected = text if first["type"] == "value_error" else _expected(first)
    return f"{where}: Erwartet wird {expected}. ({meaning}.)"


def _expected(error: Any) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind.startswith("int"):
        return "eine ganze Zahl"
    if kind.startswith("float"):
        return "eine Zahl"
    if kind == "literal_error":
        return f"eines von {context['expected']}".replace("'", "").replace(" or ", ", ")
    bounds = {"greater_than_equal": "ge", "less_than_equal": "le", "greater_than": "gt"}
    words = {"ge": "mindestens", "le": "höchstens", "gt": "mehr als"}
    if kind in bounds:
        return f"{words[bounds[kind]]} {context[bounds[kind]]}"
    return "ein anderer Wert"
