"""The shape of ``models.yaml``, version 1: every model that the organisation knows, and what is known about it.

Part of it is for machines (where it runs, what may go there, what it costs), part for people and the public register
(provider, operator, risk class). A model cannot be switched on without what the law asks for: see `Model`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from gateway.policy.schema import LimitRules
from gateway.policy.shapes import Address, Day, EnvName, Key, ModelId, Money, Sha256, StrictFile, Text, Version, Whole
from gateway.policy.vocabulary import DataClass, Zone


class Agreement(StrictFile):
    """The processing agreement (AVV, Art. 28 GDPR)."""

    concluded: Day
    sha256: Sha256
    until: Day | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Agreement:
        if self.until is not None and self.until < self.concluded:
            raise ValueError("Die Vereinbarung endet, bevor sie geschlossen wurde|prüfen Sie „concluded“ und „until“")
        return self


class Testat(StrictFile):
    """A C5 report (BSI), type 1 or 2."""

    type: Annotated[int, Field(ge=1, le=2), Whole]
    sha256: Sha256
    until: Day


class HighRiskDuties(StrictFile):
    """What is done before a model serves a high-risk purpose (AI Act Art. 26(7), 27, 49)."""

    works_council_informed: Day
    impact_assessment: Day
    registered: Text


class PriceList(StrictFile):
    """Euros per million tokens."""

    input: Annotated[Decimal, Field(ge=0, le=100_000, decimal_places=6), Money]
    output: Annotated[Decimal, Field(ge=0, le=100_000, decimal_places=6), Money]


class Model(StrictFile):
    """One entry of ``models.yaml``."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    description: Text
    adapter: Literal["openai", "litellm", "demo"]
    target: Text
    base_url: Address | None = None
    api_key_env: EnvName | None = None
    dialects: Annotated[tuple[Literal["chat", "completions", "responses", "embeddings", "messages", "transcriptions",
                                      "translations"], ...], Field(min_length=1)]
    enabled: bool
    in_house: bool
    provider: Text
    operator: Text
    region: Text
    transfer_basis: Text
    data_classes: tuple[DataClass, ...]
    pass_scopes: tuple[Key, ...] = ()
    avv: Agreement | None = None
    training_excluded: bool
    retention: Text
    risk_class: Literal["minimal", "begrenzt", "hoch"]
    overseer: Text
    context_length: Annotated[int, Field(ge=256, le=100_000_000), Whole]
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 300.0
    zone: Zone | None = None
    sub_processors: tuple[Text, ...] | None = None
    retention_days: Annotated[int, Field(ge=0, le=36500), Whole] | None = None
    c5: Testat | None = None
    social_notice: Day | None = None
    secrecy: Day | None = None
    ai_role: Literal["betreiber", "anbieter"] = "betreiber"
    high_risk: HighRiskDuties | None = None
    prices: PriceList | None = None
    limits: LimitRules = LimitRules()

    @model_validator(mode="after")
    def _can_be_reached(self) -> Model:
        if self.adapter == "openai" and self.base_url is None:
            raise ValueError("Mit „adapter: openai“ fehlt die Adresse|ergänzen Sie „base_url: https://…/v1“")
        if self.adapter == "litellm" and "/" not in self.target:
            raise ValueError("Mit „adapter: litellm“ fehlt in „target“ der Anbieter|"
                             "schreiben Sie „anbieter/modell“, zum Beispiel mistral/mistral-large-latest")
        if not self.in_house and self.base_url is not None and self.base_url.startswith("http://"):
            raise ValueError("Die Adresse eines Anbieters außer Haus ist unverschlüsselt|schreiben Sie https://")
        if self.base_url is not None and re.search(r"//[^/]*@", self.base_url):
            raise ValueError("Die Adresse enthält Zugangsdaten|nennen Sie den Schlüssel mit „api_key_env“")
        return self

    @model_validator(mode="after")
    def _is_somewhere(self) -> Model:
        if self.zone is not None and (self.zone == "haus") != self.in_house:
            raise ValueError("„zone: haus“ und „in_house: true“ gehören zusammen|gleichen Sie beides an")
        if not self.in_house and self.zone is None:
            raise ValueError("Es fehlt, wo das Modell läuft|ergänzen Sie „zone: DE“, „EU“ oder „drittland“")
        return self

    @model_validator(mode="after")
    def _may_be_enabled(self) -> Model:
        """Art. 28 GDPR: outside the house nothing is switched on without its agreement."""
        if not self.enabled or self.in_house:
            return self
        if self.avv is None:
            raise ValueError("Das Modell ist eingeschaltet, aber es gibt keine Vereinbarung zur Auftragsverarbeitung|"
                             "ergänzen Sie „avv:“ mit „concluded“ und „sha256“ oder schreiben Sie „enabled: false“")
        if not self.training_excluded:
            raise ValueError("Das Modell ist eingeschaltet, aber der Anbieter darf mit den Eingaben trainieren|"
                             "vereinbaren Sie den Ausschluss („training_excluded: true“) oder schreiben Sie "
                             "„enabled: false“")
        return self

    @model_validator(mode="after")
    def _may_hold_secrets(self) -> Model:
        """§ 80 SGB X, § 203 StGB and § 30 AO: what has to be there before such data goes to somebody else."""
        if self.in_house or not self.enabled:
            return self
        if "social" in self.data_classes and (self.social_notice is None or self.zone == "drittland"):
            raise ValueError("Sozialdaten dürfen nur zu Anbietern in EU und EWR, und erst nach der Anzeige bei der "
                             "Aufsichtsbehörde (§ 80 SGB X)|ergänzen Sie „social_notice: JAHR-MONAT-TAG“ oder "
                             "streichen Sie „social“ unter „data_classes“")
        if {"professional", "tax"} & set(self.data_classes) and self.secrecy is None:
            raise ValueError("Für Daten unter Berufs- oder Steuergeheimnis ist der Anbieter nicht verpflichtet|"
                             "ergänzen Sie „secrecy: JAHR-MONAT-TAG“ (Tag der Verpflichtung) oder streichen Sie "
                             "„professional“ und „tax“ unter „data_classes“")
        return self

    @model_validator(mode="after")
    def _may_carry_high_risk(self) -> Model:
        if self.enabled and self.risk_class == "hoch" and self.high_risk is None:
            raise ValueError("Für ein Modell mit hohem Risiko fehlt, was vorher zu tun ist (KI-Verordnung Art. 26, 27, "
                             "49)|ergänzen Sie „high_risk:“ mit „works_council_informed“, „impact_assessment“ und "
                             "„registered“, oder schreiben Sie „enabled: false“")
        return self


class Alias(StrictFile):
    """A name under which clients find models: the first that may be used and may receive what was found.

    With ``purpose`` the name also declares what it is used for, for clients that can send no header.
    """

    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    models: Annotated[tuple[ModelId, ...], Field(min_length=1, max_length=8)]
    purpose: Key | None = None


class Register(StrictFile):
    """``models.yaml``: every model that the organisation knows."""

    version: Version
    models: dict[ModelId, Model]
    groups: dict[Key, Annotated[tuple[ModelId, ...], Field(min_length=1)]] = Field(default_factory=dict)
    aliases: dict[ModelId, Alias] = Field(default_factory=dict)
