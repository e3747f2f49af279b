"""The files of a new house: policies made from the shipped example, settings, the key of the provider.

Kept true: the folder of policies appears whole or not at all, and only after it was read and found without fault; what
is there already is never overwritten; a secret is in a file of its own that only its owner reads.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ruamel.yaml import YAML

import gateway
from gateway.founding.papers import EXAMPLE, own_papers, own_recognition
from gateway.model.first_checks import key_of, prices, read_day
from gateway.model.first_setup import ABROAD, OUTSIDE, WITH_ADDRESS, Answers, ready
from gateway.policy import PolicySet, load_policies
from gateway.store import InvalidError

OFFICE: Final = ("verwaltung", "Allgemeine Verwaltung")
"""The department of whoever sets the house up."""
_NEW: Final = ".neu"


def shipped() -> Path:
    """Return the folder of example policies: beside the program, or where pip put them."""
    for place in (Path(gateway.__file__).parents[1] / "policies", *_installed()):
        if (place / "organisation.yaml").is_file():
            return place
    raise InvalidError("Die mitgelieferten Richtlinien fehlen. Bitte installieren Sie die KI-Pforte neu.")


def _installed() -> Iterator[Path]:
    """Yield where the package says that it put them, whichever way it was installed."""
    try:
        listed = metadata.files("ki-pforte") or ()
    except metadata.PackageNotFoundError:
        return
    for file in listed:
        if file.match("share/ki-pforte/policies/organisation.yaml"):
            yield Path(str(file.locate())).resolve().parent


def ready_made(source: Path) -> dict[str, str]:
    """Return the departments of the example: key -> name."""
    yaml = _yaml()
    return {path.stem: str(yaml.load(path)["name"]) for path in sorted((source / "departments").glob("*.yaml"))}


def write_policies(answers: Answers, source: Path, target: Path) -> PolicySet:
    """Write the policies of a new house; return them.

    Raises `InvalidError` when something is there already, and `gateway.policy.PolicyErrors` when they have faults.
    """
    if target.exists() and any(target.iterdir()):
        raise InvalidError(f"Im Ordner {target} liegen schon Richtlinien. Sie werden nicht überschrieben.")
    fresh = target.with_name(target.name + _NEW)
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, fresh, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    try:
        _add_model(fresh, answers["model"].strip())
        kept = _departments(fresh / "departments", answers)
        _organisation(fresh / "organisation.yaml", answers, kept)
        _models(fresh / "models.yaml", answers, on=ready(answers))
        own_papers(fresh, answers["name"].strip(), _yaml())
        own_recognition(fresh / "erkennung.yaml", answers["name"].strip())
        shutil.rmtree(fresh / "groups", ignore_errors=True)  # examples that name departments
        found = load_policies(fresh)
        if not _usable(found, answers["model"].strip()):  # the profile demands more than a contract
            _models(fresh / "models.yaml", answers, on=False)
            found = load_policies(fresh)
        if target.exists():
            target.rmdir()
        fresh.rename(target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return found


def _usable(policies: PolicySet, model: str) -> bool:
    return not policies.models[model].enabled or model not in policies.departments[OFFICE[0]].closed


def write_settings(answers: Answers, home: Path, policies: Path, *, local: bool) -> None:
    """Write ``pforte.yaml`` and the provider's key; ``local``: only this machine reaches the port.

    Raises `InvalidError` when there is a ``pforte.yaml`` already.
    """
    said = {key: text.strip() for key, text in answers.items()}
    inside = policies.resolve().is_relative_to(home.resolve())
    place = policies.resolve().relative_to(home.resolve()) if inside else policies.resolve()
    settings: dict[str, Any] = {"policies": str(place), "public_url": said["address"].rstrip("/")}
    if said.get("sign_in") == "oidc":
        settings |= {key: said[key] for key in ("oidc_preset", "oidc_issuer", "oidc_client_id", "oidc_client_secret")}
    address = urlsplit(said["address"])
    if local and address.scheme == "https":
        settings["trusted_proxies"] = "127.0.0.1"  # nobody but a web server on this machine can come
    elif local and address.port and address.hostname in ("127.0.0.1", "localhost"):
        settings["port"] = str(address.port)
    anchors = [f"file:{said['anchor_file']}"] if said.get("anchor_file") else []
    if said.get("smtp_host"):
        settings |= {"smtp_host": said["smtp_host"], "smtp_from": said["smtp_from"]}
        anchors.append(f"mailto:{said['dpo_email']}")
    if anchors:
        settings["anchors"] = ",".join(anchors)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if said.get("model_key") and (name := _key_name(said["model"])):
        (home / "secrets").mkdir(mode=0o700, exist_ok=True)
        _write_private(home / "secrets" / name, said["model_key"])
    text = "# Einstellungen der KI-Pforte. Was möglich ist, steht in docs/einstellungen.md.\n"
    _write_private(home / "pforte.yaml", text + "".join(f"{key}: {_quoted(value)}\n" for key, value in
                                                        settings.items()))


def _further() -> Any:
    """Return the models that the example does not have: key -> entry, with ``like``."""
    return _yaml().load(Path(__file__).with_name("anbieter.yaml"))


def _add_model(folder: Path, chosen: str) -> None:
    """Write a model that the example does not have into register and rules, wherever the one like it stands."""
    entry = _further().get(chosen)
    if entry is None:
        return
    like = entry.pop("like")
    yaml = _yaml()
    for path in (folder / "models.yaml", folder / "organisation.yaml", *(folder / "departments").glob("*.yaml")):
        data = yaml.load(path)
        if path.name == "models.yaml":
            data["models"][chosen] = entry
        else:
            rules = data.get("models", {})
            for side in ("allow", "deny"):
                if like in rules.get(side, ()):
                    rules[side].append(chosen)
        with path.open("w", encoding="utf-8") as file:
            yaml.dump(data, file)


def _departments(folder: Path, answers: Answers) -> set[str]:
    chosen = set(answers.get("departments", "").split())
    basis = " ".join(str(_yaml().load(folder.parent / "organisation.yaml")["legal_basis"]).split())
    for path in folder.glob("*.yaml"):
        if path.stem not in chosen:
            path.unlink()
    more = {key_of(line): line.strip() for line in answers.get("more", "").splitlines() if line.strip()}
    for key, name in {OFFICE[0]: OFFICE[1], **more}.items():
        if not key:
            raise InvalidError(f"Aus „{name[:40]}“ lässt sich kein Kürzel bilden. Bitte nehmen Sie Buchstaben.")
        path = folder / f"{key}.yaml"
        if not path.exists():
            path.write_text("# yaml-language-server: $schema=../schema/department.json\n"
                            f"version: 1\nname: {_quoted(name)}\n\n# Bitte ergänzen Sie die Fachgesetze dieses Amts.\n"
                            f"legal_basis: {_quoted(basis)}\n", encoding="utf-8")
    return {path.stem for path in folder.glob("*.yaml")}


def _organisation(path: Path, answers: Answers, departments: set[str]) -> None:
    yaml, said = _yaml(), {key: text.strip() for key, text in answers.items()}
    data = yaml.load(path)
    data["name"], data["id"] = said["name"], f"{said['domain'].lower()}/ki-pforte/1"
    data["base_url"], data["profiles"] = said["address"].rstrip("/"), [said["size"]]
    data["contact"] |= {"it": said["contact_it"], "datenschutz": said["contact_dpo"],
                        "ki_pass_stelle": said["contact_pass"]}
    if said.get("contact_council"):
        data["contact"]["personalrat"] = said["contact_council"]
    else:
        data["contact"].pop("personalrat", None)
    for purpose in data["purposes"]["allow"].values():
        clear = purpose.get("clear_text")
        if clear and "departments" in clear:
            left = [key for key in clear["departments"] if key in departments]
            if left:
                clear["departments"] = left
            else:
                del purpose["clear_text"]
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(data, file)
    if said["model"] in ABROAD:
        _let_abroad(path.parent / "profiles" / f"{said['size']}.yaml")


def _let_abroad(profile: Path) -> None:
    """Let a third country in: whoever chooses such a model has read what that means."""
    yaml = _yaml()
    data = yaml.load(profile)
    data["models"]["zones"].append("drittland")
    with profile.open("w", encoding="utf-8") as file:
        yaml.dump(data, file)


def _models(path: Path, answers: Answers, *, on: bool) -> None:
    """Write the register: the chosen model, switched on or waiting for what it lacks while the demo answers."""
    yaml, said = _yaml(), {key: text.strip() for key, text in answers.items()}
    data = yaml.load(path)
    chosen, models = said["model"], data["models"]
    for model in models.values():
        if EXAMPLE in str(model.get("operator", "")):
            model["operator"] = model["operator"].replace(EXAMPLE, said["name"])
    models["demo"]["enabled"] = chosen == "demo" or not on
    if chosen != "demo":
        model = models[chosen]
        model["enabled"] = on
        if chosen in WITH_ADDRESS:
            model["base_url"] = said["model_address"].rstrip("/")
            prefix = str(model["target"]).partition("/")[0] + "/" if model["adapter"] == "litellm" else ""
            model["target"] = prefix + said["model_target"].removeprefix(prefix)
        if chosen == "eu-cloud":
            model["provider"] = model["operator"] = said["model_provider"]
            model["name"] = f"{said['model_target']} ({said['model_provider']})"[:60]
            model["zone"] = said["model_zone"]
            model["region"] = {"DE": "Deutschland", "EU": "EU oder EWR"}[said["model_zone"]]
        if chosen == "ollama-lokal":
            model["name"] = f"{said['model_target']} (im Haus)"[:60]
        if chosen == "vllm-haus" and not said.get("model_key"):
            model.pop("api_key_env", None)
        if chosen in OUTSIDE:
            _contract(model, said)
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(data, file)


def _contract(model: Any, said: Answers) -> None:
    """Write what the contract says and the register must know."""
    if ready(said):
        model["avv"] = {"concluded": read_day(said["avv_day"]), "sha256": said["avv_sha256"].lower()}
    if days := said.get("model_retention"):
        model["retention_days"] = int(days)
        model["retention"] = f"{int(days)} Tage (laut Vertrag)" if int(days) else "keine Speicherung (laut Vertrag)"
    if found := prices(said.get("model_prices", "")):
        model["prices"] = {"input": found[0], "output": found[1]}


def _key_name(model: str) -> str:
    found: Mapping[str, Any] = _yaml().load(shipped() / "models.yaml")["models"]
    return str((found.get(model) or _further()[model]).get("api_key_env", ""))


def _write_private(path: Path, text: str) -> None:
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise InvalidError(f"Es gibt schon eine Datei {path.name} in {path.parent}. Sie wird nicht überschrieben.") \
            from None


def _quoted(text: str) -> str:
    """Return a text as a YAML scalar that nothing in it can end."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _yaml() -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes, yaml.width = True, 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
