"""``/setup``: five pages of questions, one to look over the answers, one that says what comes next.

A small application that runs instead of the house as long as there is none. Only who brings the code from the terminal
gets in; everybody else reads that the KI-Pforte is being set up. Kept true: answers live in memory until they are
carried out, a secret is never shown again, a form counts only with its token, and it is carried out once.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

from markupsafe import Markup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.model.first_questions import GUIDES
from gateway.model.first_setup import Answers, Question, Step, completed
from gateway.web import appearance, i18n
from gateway.web.headers import secure
from gateway.web.render import Assets, Renderer

_log = logging.getLogger(__name__)
COOKIE: Final = "ki_pforte_einrichten"
LONGEST: Final = 64_000
_NOT_YET: Final = "Die KI-Pforte wird gerade eingerichtet. Bitte versuchen Sie es später noch einmal."
Answering = Callable[[Request], Awaitable[Response]]
CHECK: Final = "ansehen"


class Founding(Protocol):
    """Carries the set-up out (`gateway.founding.founding`). Blocks.

    Raises an error whose text is a sentence for whoever sets the house up; then they can mend and try again.
    """

    def __call__(self, answers: Answers, /) -> Any:
        """Make the house; return what the last page shows."""
        ...


class Wizard:
    """The application."""

    def __init__(self, steps: tuple[Step, ...], together: Callable[[Answers], dict[str, str]], found: Founding,
                 expected: tuple[type[Exception], ...], code: str, done: Callable[[], None],
                 suggestions: Answers = MappingProxyType({})) -> None:
        self._steps, self._together, self._found, self._expected = steps, together, found, expected
        self._code, self._done = code, done
        self._assets = Assets()
        self._renderer = Renderer(self._assets)
        self._answers = {q.key: suggestions.get(q.key, q.default) for step in steps for q in step.questions}
        self._once = asyncio.Lock()
        self._founded: Any = None

    def application(self) -> Starlette:
        """Return the ASGI application."""
        return Starlette(routes=[
            Route("/healthz", _alive), Route("/readyz", _not_ready),
            Route("/static/{name}", self._assets.serve),
            Route(appearance.PATH, _remember),
            Route("/setup", _heard(self._start)), Route(f"/setup/{CHECK}", _heard(self._look)),
            Route(f"/setup/{CHECK}", _heard(self._carry_out), methods=["POST"]),
            Route("/setup/{step}", _heard(self._ask)),
            Route("/setup/{step}", _heard(self._take), methods=["POST"]),
            Route("/{path:path}", _elsewhere, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        ])

    # ---- who may -----------------------------------------------------------------------------------------------------

    def _may(self, request: Request) -> bool:
        return hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), self._code.encode())

    def _token(self) -> str:
        return hmac.digest(self._code.encode(), b"form", "sha256").hex()

    async def _start(self, request: Request) -> Response:
        code = request.query_params.get("code", "")
        if code and hmac.compare_digest(code.encode(), self._code.encode()):
            response: Response = RedirectResponse(f"/setup/{self._steps[0].key}", 303)
            response.set_cookie(COOKIE, self._code, httponly=True, samesite="strict",
                                secure=request.url.scheme == "https", path="/setup")
            return self._finish(request, response)
        if self._may(request):
            return self._finish(request, RedirectResponse(f"/setup/{self._steps[0].key}", 303))
        return self._page(request, "setup/code.html", 403 if code else 200, wrong=bool(code),
                          command=Markup("<code>ki-pforte serve</code>"), link=Markup("<code>…/setup?code=…</code>"))

    # ---- asking ------------------------------------------------------------------------------------------------------

    async def _ask(self, request: Request) -> Response:
        step = self._step(request)
        if step is None or not self._may(request):
            return RedirectResponse("/setup", 303)
        return self._form(request, step, {})

    async def _take(self, request: Request) -> Response:
        step = self._step(request)
        if step is None or not self._may(request):
            return RedirectResponse("/setup", 303)
        form = await self._read(request)
        if form is None:
            return self._form(request, step, {}, 403)
        for question in step.questions:
            given = "\n".join(value.strip() for key, value in form if key == question.key).strip()
            if question.kind != "secret" or given:  # an empty field keeps the secret that was typed before
                self._answers[question.key] = given
        again = any(key == "weiter" and value == "nochmal" for key, value in form)
        problems = step.problems(self._answers)
        known = {q.key for q in step.questions}
        problems |= {k: v for k, v in self._together(self._answers).items() if k in known and k not in problems}
        if again or problems:
            return self._form(request, step, {} if again else problems, 200 if again else 422)
        place = self._steps.index(step) + 1
        target = self._steps[place].key if place < len(self._steps) else CHECK
        return self._finish(request, RedirectResponse(f"/setup/{target}", 303))

    def _form(self, request: Request, step: Step, problems: Mapping[str, str], status: int = 200) -> Response:
        place = self._steps.index(step)
        asked = [q for q in step.questions if q.shown(self._answers)]
        return self._page(request, "setup/step.html", status, step=step, problems=problems,
                          main=[q for q in asked if not q.more], more=[q for q in asked if q.more],
                          number=place + 1, total=len(self._steps), answers=self._shown(step.questions),
                          kept={q.key for q in asked if q.kind == "secret" and self._answers.get(q.key)},
                          opened=bool({q.key for q in asked if q.more and self._answers.get(q.key, "") != q.default}
                                      | {q.key for q in asked if q.more} & problems.keys()),
                          deciding={q.when[0] for q in step.questions if q.when},
                          guide=GUIDES.get(self._answers.get("model", ""), ""),
                          back=self._steps[place - 1].key if place else "")

    def _shown(self, questions: tuple[Question, ...]) -> dict[str, str]:
        return {q.key: self._answers.get(q.key) or q.suggestion(self._answers) if not q.optional else
                self._answers.get(q.key, "") for q in questions if q.kind != "secret"}

    # ---- carrying out ------------------------------------------------------------------------------------------------

    async def _look(self, request: Request) -> Response:
        if not self._may(request):
            return RedirectResponse("/setup", 303)
        if self._founded is not None:
            return self._finished(request)
        return self._summary(request)

    def _summary(self, request: Request, problem: str = "", status: int = 200) -> Response:
        wrong = [step for step in self._steps if step.problems(self._answers)
                 or {q.key for q in step.questions} & self._together(self._answers).keys()]
        rows = [(step, [(q, self._in_words(q)) for q in step.questions
                        if q.asked(self._answers) and (not q.more or self._answers.get(q.key))])
                for step in self._steps]
        return self._page(request, "setup/summary.html", status, rows=rows, wrong=wrong, problem=problem,
                          ledger=f"{completed(self._steps, self._answers)['domain']}/ki-pforte/1")

    def _in_words(self, question: Question) -> list[str]:
        text = self._answers.get(question.key, "")
        if question.kind == "secret":
            return [i18n.N_("eingegeben")] if text else []
        return [question.options.get(one, one) for one in text.split("\n") if one]

    async def _carry_out(self, request: Request) -> Response:
        if not self._may(request):
            return RedirectResponse("/setup", 303)
        if await self._read(request) is None:
            return self._summary(request, i18n.N_("Das Formular gilt nicht mehr. Bitte senden Sie es noch einmal ab."),
                                 403)
        async with self._once:
            if self._founded is None:
                try:
                    self._founded = await asyncio.to_thread(self._found, dict(self._answers))
                except self._expected as error:
                    _log.warning("setting up failed: %s", type(error).__name__)
                    return self._summary(request, str(error), 422)
                self._answers.clear()
                self._done()
        return self._finished(request)

    def _finished(self, request: Request) -> Response:
        return self._page(request, "setup/done.html", founded=self._founded, folders=self._founded.folders)

    # ---- shared ------------------------------------------------------------------------------------------------------

    def _step(self, request: Request) -> Step | None:
        return next((step for step in self._steps if step.key == request.path_params["step"]), None)

    async def _read(self, request: Request) -> list[tuple[str, str]] | None:
        """Return the fields of a form; None when it is not ours."""
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > LONGEST:
                return None
        form = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=200)
        token = next((value for key, value in form if key == "formular"), "")
        return form if hmac.compare_digest(token.encode(), self._token().encode()) else None

    def _page(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        html = self._renderer.html(template, {"form_token": self._token(), "language": i18n.language(),
                                              "languages": i18n.NAMES, "here": request.url.path, **values})
        return self._finish(request, Response(html, status, media_type="text/html"))

    @staticmethod
    def _finish(request: Request, response: Response) -> Response:
        return secure(response, https=request.url.scheme == "https", personal=True)


def _heard(answering: Answering) -> Answering:
    """Answer in the language of the reader."""
    async def answered(request: Request) -> Response:
        chosen = appearance.Appearance.of(request).language
        with i18n.reading(i18n.preferred(chosen, request.headers.get("accept-language", ""))):
            return await answering(request)
    return answered


async def _remember(request: Request) -> Response:
    return secure(appearance.remembered(request), https=request.url.scheme == "https", personal=True)


async def _alive(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _not_ready(request: Request) -> Response:
    return JSONResponse({"status": "nicht bereit", "reasons": {"einrichtung": _NOT_YET}}, 503)


async def _elsewhere(request: Request) -> Response:
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("/setup", 303)
    return JSONResponse({"error": {"message": _NOT_YET, "type": "server_error", "code": "pruefung_nicht_verfuegbar",
                                   "param": None}}, 503)
