"""Templates: everything that goes into a page is escaped, and a name that is missing is an error, not a gap.

``ui`` in every template holds the components of ``templates/components``: ``{{ ui.state("ok", "fertig") }}``; all of
them are shown by `gateway.web.styleguide`. There is one environment for each language, because sentences are looked up
in it (`gateway.web.i18n`).
"""

from __future__ import annotations

import hashlib
from functools import cache, partial
from importlib.resources import files
from types import SimpleNamespace
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from gateway.kipass import last_day
from gateway.web import i18n, markdown, register, words
from gateway.web.heard import data, said, told
from gateway.web.tables import Column

_TYPES: Final = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".js": "text/javascript; charset=utf-8"}
COMPONENTS: Final = ("marks", "components/words", "components/tiles", "components/table", "components/forms",
                     "components/frame")
"""Where `ui` is from."""


class Assets:
    """The files that pages load: style sheets, scripts, icon. Their addresses change with their content."""

    def __init__(self) -> None:
        folder = files("gateway.web") / "static"
        self._files = {item.name: item.read_bytes() for item in folder.iterdir() if item.name.endswith(tuple(_TYPES))}
        self._digests = {name: hashlib.sha256(body).hexdigest()[:12] for name, body in self._files.items()}

    def url(self, name: str) -> str:
        """Return the address of a file."""
        return f"/static/{name}?v={self._digests[name]}"

    async def serve(self, request: Request) -> Response:
        """Answer a request for a file."""
        name = request.path_params["name"]
        body = self._files.get(name)
        if body is None:
            return Response("Diese Datei gibt es nicht.", 404, media_type="text/plain")
        kind = next(kind for suffix, kind in _TYPES.items() if name.endswith(suffix))
        current = request.query_params.get("v") == self._digests[name]
        keep = "public, max-age=31536000, immutable" if current else "no-cache"
        return Response(body, headers={"cache-control": keep, "content-type": kind, "x-content-type-options": "nosniff",
                                       "content-security-policy": "default-src 'none'; frame-ancestors 'none'"})


class Renderer:
    """Turns a template and its values into HTML."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets
        self._environments = cache(self._environment)

    def html(self, template: str, values: dict[str, Any]) -> str:
        """Return the page."""
        return self._environments(i18n.language()).get_template(template).render(values)

    def _environment(self, language: str) -> Environment:
        environment = Environment(loader=PackageLoader("gateway.web"), autoescape=True, undefined=StrictUndefined,
                                  trim_blocks=True, lstrip_blocks=True, auto_reload=False,
                                  extensions=["jinja2.ext.i18n"])
        environment.policies["ext.i18n.trimmed"] = True
        sentences = i18n.catalogue(language)
        environment.install_gettext_callables(  # type: ignore[attr-defined]
            sentences.gettext, sentences.ngettext, newstyle=True)
        german = Markup("") if language == i18n.GERMAN else Markup(' lang="de"')
        environment.globals.update(german=german, asset=self._assets.url, column=Column, ui=(ui := SimpleNamespace()))
        _add_filters(environment)
        for name in COMPONENTS:
            module = environment.get_template(f"{name}.html").module
            vars(ui).update({key: value for key, value in vars(module).items() if not key.startswith("_")})
        return environment


def _add_filters(environment: Environment) -> None:
    environment.filters.update(
        number=words.number, day=words.day, written_day=words.written_day, iso_day=words.iso_day,
        time=words.time, moment=words.moment, exact=words.exact, left=words.left,
        duration=words.duration, size=words.size, minutes=words.minutes, entity=words.entity, done=words.action,
        code=lambda key: words.CODES.get(key, key), kind=lambda key: words.TYPES.get(key, key),
        api=lambda key: words.APIS.get(key, key), part=lambda key: words.PARTS.get(key, key), listed=words.listed,
        zone=lambda key: words.ZONES.get(key, key), ai_role=lambda key: words.AI_ROLES.get(key, key),
        sub_processors=partial(register.sub_processors, mark=data), retention=partial(register.retention, mark=data),
        attest=register.attest,
        decision=lambda key: words.DECISIONS.get(key, key), outcome=lambda key: words.OUTCOMES.get(key, key),
        source=lambda key: words.SOURCES.get(key, key), event=lambda key: words.EVENTS.get(key, key),
        office=lambda key: words.OFFICES.get(key, key), last_day=lambda end: words.day(last_day(end)),
        data=data, said=said, told=told, word=i18n._,
        markdown=markdown.block, markdown_line=markdown.inline)
