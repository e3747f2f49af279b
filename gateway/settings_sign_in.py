"""The settings about signing in: the OpenID provider of the house, what its claims mean, and who needs a second factor.

A part of `gateway.settings.Settings`, which reads them. A preset fills in what a provider usually calls its claims;
what is written beside it wins.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

from gateway.model.people import ROLES
from gateway.settings_office import scim_meanings as meanings

CLIENT: Final = "{client_id}"
PRESETS: Final[dict[str, dict[str, str]]] = {
    "none": {},
    "keycloak": {"oidc_roles_claim": f"resource_access.{CLIENT}.roles", "oidc_department_claim": "department"},
    "entra": {"oidc_id_claim": "oid", "oidc_email_claim": "preferred_username", "oidc_roles_claim": "roles"},
}
"""What each preset sets beside the defaults."""
MEANINGS: Final = {"rolle": "role", "amt": "department", "gruppe": "group"}
_ENTRA: Final = re.compile(r"https://login\.(?:microsoftonline\.(?:com|us)|partner\.microsoftonline\.cn)/"
                           r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/v2\.0")


class SignInSettings(BaseSettings):
    """Who signs in where, and what that means here."""

    oidc_issuer: str = Field("", description="Anmeldedienst (OpenID Connect) des Hauses: seine Adresse genau so, wie "
                                             "sie in seinen Tokens als „iss“ steht; leer: keiner")
    oidc_preset: Literal["none", "keycloak", "entra"] = Field(
        "none", description="Setzt, wie die Angaben bei Keycloak oder Entra ID üblicherweise heißen; was daneben "
                        "eingestellt ist, geht vor")
    oidc_client_id: str = Field("", description="Name der KI-Pforte beim Anmeldedienst; Tokens müssen dafür "
                                                "ausgestellt sein („aud“)")
    oidc_client_secret: SecretStr | None = Field(None, description="Geheimnis der KI-Pforte beim Anmeldedienst "
                                                                   "(„Client secret“); leer: keines")
    oidc_client_key: Path | None = Field(None, description="Statt eines Geheimnisses: Datei mit dem privaten "
                                                           "RSA-Schlüssel (PEM), mit dem sich die KI-Pforte beim "
                                                           "Anmeldedienst ausweist (private_key_jwt)")
    oidc_pages: Literal["on", "off"] = Field("on", description="Ob man sich auch auf den Seiten mit dem Anmeldedienst "
                                                               "anmeldet; off: nur seine Tokens an den Schnittstellen "
                                                               "gelten")
    oidc_scopes: str = Field("openid profile email", description="Worum die KI-Pforte bei der Anmeldung bittet "
                                                                 "(„scope“); openid muss dabei sein")
    oidc_audiences: str = Field("", description="Weitere Namen, für die Tokens ausgestellt sein dürfen, mit Komma "
                                                "dazwischen: Anwendungen, die das Token ihrer Beschäftigten "
                                                "weitergeben")
    oidc_email_claim: str = Field("email", description="Angabe im Token mit der E-Mail-Adresse; leer: keine. Mit "
                                                       "Punkten auch innerhalb anderer Angaben")
    oidc_id_claim: str = Field("sub", description="Angabe im Token mit der Kennung aus dem Verzeichnisdienst "
                                                  "(„person add --external-id“); leer: keine")
    oidc_groups_claim: str = Field("groups", description="Angabe im Token mit den Gruppen")
    oidc_roles_claim: str = Field("", description="Angabe im Token mit den Rollen, zum Beispiel realm_access.roles; "
                                                  "{client_id} steht für den Namen der KI-Pforte; leer: keine")
    oidc_department_claim: str = Field("", description="Angabe im Token mit dem Amt (Kürzel oder Name); leer: keine")
    oidc_map: str = Field("", description="Was Rollen, Gruppen und Ämter des Anmeldedienstes hier bedeuten, mit Komma "
                                          "(oder Semikolon) dazwischen: DSB=rolle:dpo,3f2b…=amt:bauamt,"
                                          "Azubi=gruppe:auszubildende")
    oidc_groups: Literal["directory", "choose", "lead"] = Field(
        "directory", description="Was die Gruppen bestimmen: nichts, welches der eigenen Ämter einer Person gilt, oder "
                                 "welches aller Ämter. Mit choose und lead gelten auch die Gruppen aus "
                                 "policies/groups, die dort genannt sind")
    oidc_leads: Literal["directory", "claims"] = Field(
        "directory", description="Wer über Rollen und Amt einer Person bestimmt: das Verzeichnis der KI-Pforte "
                                 "(directory), oder der Anmeldedienst bei jeder Anmeldung auf den Seiten (claims); "
                                 "dann werden Rollen auch wieder entzogen")
    oidc_create: Literal["off", "on"] = Field(
        "off", description="Ob jemand, den die KI-Pforte noch nicht kennt, bei der ersten Anmeldung eingetragen wird; "
                           "das Amt muss der Anmeldedienst nennen")
    oidc_strong_amr: str = Field("mfa,otp,hwk,swk,fido,pop,sc,ngcmfa", description="Woran eine Anmeldung mit zweitem "
                                 "Faktor zu erkennen ist: eines davon steht in „amr“")
    oidc_strong_acr: str = Field("", description="Oder an einem dieser Werte in „acr“ (bei Entra ID „acrs“, zum "
                                                 "Beispiel c1); danach wird auch gefragt, wenn ein zweiter Faktor "
                                                 "nötig ist")
    strong_roles: str = Field("", description="Rollen, die auf den Seiten nur nach einer Anmeldung mit zweitem Faktor "
                                              "gelten, zum Beispiel dpo,personalrat,ki-pass-stelle; leer: keine")
    local_sign_in: Literal["auto", "on", "off"] = Field(
        "auto", description="Ob man sich auf den Seiten mit E-Mail-Adresse und Kennwort anmelden kann; auto: nur wenn "
                            "es keinen Anmeldedienst gibt")
    key_sign_in: Literal["on", "off"] = Field("on", description="Ob man sich auf den Seiten auch mit einem Schlüssel "
                                                                "(„kip_…“) anmelden kann")

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, given: Any) -> Any:
        chosen = PRESETS.get(given.get("oidc_preset", "none")) if isinstance(given, dict) else None
        return {**chosen, **given} if chosen else given

    @field_validator("oidc_issuer")
    @classmethod
    def _safe_issuer(cls, value: str) -> str:
        parts = urlsplit(value)
        local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
        if value and not (parts.hostname and (parts.scheme == "https" or local)):
            raise ValueError("eine Adresse, die mit https:// beginnt (http:// nur auf diesem Rechner)")
        if (parts.hostname or "").endswith(("login.microsoftonline.com", "login.microsoftonline.us")) \
                and not _ENTRA.fullmatch(value):
            raise ValueError("bei Entra ID die Adresse des eigenen Mandanten, https://login.microsoftonline.com/"
                             "KENNUNG-DES-MANDANTEN/v2.0; „common“ und „organizations“ ließen fremde Häuser herein")
        return value

    @field_validator("oidc_scopes")
    @classmethod
    def _with_openid(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("Wörter mit Leerzeichen dazwischen, darunter openid")
        return " ".join(value.split())

    @field_validator("strong_roles")
    @classmethod
    def _known_roles(cls, value: str) -> str:
        names = split(value)
        if unknown := [name for name in names if name not in ROLES or name == "staff"]:
            raise ValueError(f"eine Aufzählung aus {', '.join(r for r in ROLES if r != 'staff')}; "
                             f"„{unknown[0][:40]}“ gehört nicht dazu")
        return ",".join(names)

    @field_validator("oidc_map")
    @classmethod
    def _known_meanings(cls, value: str) -> str:
        for theirs, kind, ours in meanings(value):
            if not theirs or kind not in MEANINGS or not ours or (kind == "rolle" and ours not in ROLES):
                raise ValueError("eine Aufzählung WERT=rolle:NAME, WERT=amt:KÜRZEL oder WERT=gruppe:KÜRZEL mit Komma "
                                 f"dazwischen; Rollen sind {', '.join(ROLES)}")
        return value

    @model_validator(mode="after")
    def _sign_in_consistent(self) -> SignInSettings:
        if bool(self.oidc_issuer) != bool(self.oidc_client_id):
            missing = ("KI_PFORTE_OIDC_CLIENT_ID, der Name der KI-Pforte dort" if self.oidc_issuer else
                       "KI_PFORTE_OIDC_ISSUER, die Adresse des Dienstes")
            raise ValueError(f"Für den Anmeldedienst fehlt {missing}. Bitte geben Sie beides an")
        if self.oidc_issuer and not self.oidc_email_claim and not self.oidc_id_claim:
            raise ValueError("Ohne KI_PFORTE_OIDC_EMAIL_CLAIM und KI_PFORTE_OIDC_ID_CLAIM nennt kein Token eine Person")
        if self.oidc_client_secret and self.oidc_client_key:
            raise ValueError("KI_PFORTE_OIDC_CLIENT_SECRET und KI_PFORTE_OIDC_CLIENT_KEY schließen einander aus. Bitte "
                             "lassen Sie eines weg")
        if self.oidc_preset == "entra" and self.oidc_issuer and not _ENTRA.fullmatch(self.oidc_issuer):
            raise ValueError("Mit KI_PFORTE_OIDC_PRESET=entra lautet KI_PFORTE_OIDC_ISSUER "
                             "https://login.microsoftonline.com/KENNUNG-DES-MANDANTEN/v2.0")
        if self.oidc_create == "on" and self.oidc_issuer and not self.oidc_id_claim:
            raise ValueError("Für KI_PFORTE_OIDC_CREATE=on fehlt KI_PFORTE_OIDC_ID_CLAIM: Ohne Kennung ließe sich "
                             "niemand wiedererkennen")
        if self.strong_roles and not self.pages_use_oidc:
            raise ValueError("KI_PFORTE_STRONG_ROLES geht nur mit einem Anmeldedienst (KI_PFORTE_OIDC_ISSUER), mit dem "
                             "man sich auf den Seiten anmeldet; sonst gälten diese Rollen nie")
        if self.key_sign_in == "off" and not (self.pages_use_oidc or self.with_password):
            raise ValueError("Mit KI_PFORTE_KEY_SIGN_IN=off kommt niemand herein: Es gibt weder einen Anmeldedienst "
                             "(KI_PFORTE_OIDC_ISSUER) noch Kennwörter (KI_PFORTE_LOCAL_SIGN_IN)")
        return self

    @property
    def with_password(self) -> bool:
        """Whether one signs in to the pages with an address and a password."""
        return self.local_sign_in == "on" or (self.local_sign_in == "auto" and not self.pages_use_oidc)

    def sign_in_words(self) -> str:
        """Say how people sign in to the pages."""
        ways = [words for words, on in (
            ("über den Anmeldedienst", bool(self.pages_use_oidc)),
            ("mit E-Mail-Adresse und Kennwort", self.with_password),
            ("mit persönlichem Schlüssel", self.key_sign_in == "on")) if on]
        return " oder ".join(ways)

    def sign_in_warnings(self) -> list[str]:
        """Return what works and should not stay so, in sentences for people."""
        if self.pages_use_oidc and not self.strong_roles:
            return ["Für keine Rolle wird ein zweiter Faktor verlangt. Bitte nennen Sie in KI_PFORTE_STRONG_ROLES die "
                    "Rollen, die Einblick haben oder entscheiden, zum Beispiel dpo,personalrat,ki-pass-stelle."]
        return []

    @property
    def pages_use_oidc(self) -> bool:
        """Whether one signs in to the pages at the provider."""
        return bool(self.oidc_issuer) and self.oidc_pages == "on"

    @property
    def oidc_accepted(self) -> tuple[str, ...]:
        """For whom a token may be made out."""
        return (self.oidc_client_id, *split(self.oidc_audiences))

    @property
    def oidc_roles_path(self) -> str:
        """Where the roles stand in a token."""
        return self.oidc_roles_claim.replace(CLIENT, self.oidc_client_id)

    @property
    def oidc_meanings(self) -> dict[str, dict[str, frozenset[str]]]:
        """``role``, ``department`` or ``group`` -> a value of the provider, folded -> what it means here."""
        found: dict[str, dict[str, frozenset[str]]] = {}
        for theirs, kind, ours in meanings(self.oidc_map):
            table, value = found.setdefault(MEANINGS[kind], {}), theirs.lstrip("/").casefold()
            table[value] = table.get(value, frozenset()) | {ours}
        return found

    @property
    def roles_with_second_factor(self) -> frozenset[str]:
        """The roles that count on pages only after a sign-in with a second factor."""
        return frozenset(split(self.strong_roles))


def split(text: str) -> tuple[str, ...]:
    """Return the words of an enumeration with commas."""
    return tuple(word for part in text.split(",") if (word := part.strip()))
