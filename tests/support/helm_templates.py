"""Renders the chart without Helm: the small part of Go's templates that the chart uses, and an error for all else.

``python -m tests.support.helm_templates`` writes ``deploy/helm/rendered``; a test compares, and compares with Helm
itself where it is installed.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HELM = Path(__file__).parents[2] / "deploy" / "helm"
CHART = HELM / "ki-pforte"
RELEASE = "ki-pforte"
_ACTION = re.compile(r"\{\{(-)?\s*(.*?)\s*(-)?\}\}", re.S)
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\(|\)|\||:=|,|[^\s()|,]+')
Node = str | tuple[Any, ...]
Functions = dict[str, Callable[..., Any]]


def load(path: Path) -> Any:
    """Read YAML."""
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def _yaml(value: Any) -> str:
    out, writer = io.StringIO(), YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.dump(value, out)
    return out.getvalue().rstrip("\n")


def _go(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def merged(values: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Lay what is given over the values of the chart as Helm does: maps are merged, a null takes away."""
    both = {name: merged(values.get(name) or {}, value) if isinstance(value, dict) else value
            for name, value in given.items()}
    return {name: value for name, value in {**values, **both}.items() if value is not None}


def _nindent(width: int, text: str) -> str:
    return "\n" + "\n".join(" " * width + line for line in text.split("\n"))


class Chart:
    """The templates of a folder, parsed; `render` gives the manifests by file name."""

    def __init__(self, folder: Path = CHART) -> None:
        self._about, self._values = load(folder / "Chart.yaml"), load(folder / "values.yaml")
        self._named: dict[str, list[Node]] = {}
        self._files = {path.name: _Parser(path.read_text(encoding="utf-8"), self._named).parse()
                       for path in sorted((folder / "templates").iterdir())}
        self._functions: Functions = {
            "include": lambda name, dot: self._run(self._named[name], dot, {}), "toYaml": _yaml, "nindent": _nindent,
            "quote": lambda value: json.dumps(_go(value), ensure_ascii=False), "not": lambda value: not value,
            "toJson": json.dumps, "default": lambda otherwise, value: value or otherwise,
            "kindIs": lambda kind, value: isinstance(value, {"string": str}[kind])}

    def render(self, values: dict[str, Any] | None = None) -> dict[str, str]:
        """Return every manifest that is not empty."""
        dot = {"Values": merged(self._values, values or {}),
               "Release": {"Name": RELEASE, "Namespace": "default", "Service": "Helm"},
               "Chart": {"Name": self._about["name"], "Version": self._about["version"],
                         "AppVersion": self._about["appVersion"]}}
        made = {name: self._run(nodes, dot, {}) for name, nodes in self._files.items() if name.endswith(".yaml")}
        return {name: text.strip("\n") + "\n" for name, text in made.items() if text.strip()}

    def _run(self, nodes: list[Node], dot: Any, variables: dict[str, Any]) -> str:
        return "".join(node if isinstance(node, str) else self._act(node, dot, variables) for node in nodes)

    def _act(self, node: tuple[Any, ...], dot: Any, variables: dict[str, Any]) -> str:
        match node:
            case ("say", words):
                return _go(self._value(words, dot, variables))
            case ("if", words, then, otherwise):
                return self._run(then if self._value(words, dot, variables) else otherwise, dot, variables)
            case ("range", (key, value), words, body):
                pairs = sorted((self._value(words, dot, variables) or {}).items())
                return "".join(self._run(body, each, {**variables, key: name, value: each}) for name, each in pairs)
        raise ValueError(node)

    def _value(self, words: list[str], dot: Any, variables: dict[str, Any]) -> Any:
        """Evaluate a pipeline: each part is a function or a value, and gets what came before as its last argument."""
        parts: list[list[str]] = [[]]
        for word in words:
            if word == "|":
                parts.append([])
            else:
                parts[-1].append(word)
        given: list[Any] = []
        for name, *rest in parts:
            arguments = [self._term(word, dot, variables) for word in rest] + given
            given = [self._functions[name](*arguments) if name in self._functions else self._term(name, dot, variables)]
        return given[0]

    @staticmethod
    def _term(word: str, dot: Any, variables: dict[str, Any]) -> Any:
        if word.startswith('"'):
            return json.loads(word)
        if re.fullmatch(r"\d+", word):
            return int(word)
        if word in variables:
            return variables[word]
        if word.startswith("."):
            found = dot
            for name in filter(None, word.split(".")):
                found = found.get(name)
            return found
        raise ValueError(f"the renderer does not know {word!r}")


class _Parser:
    """Text and actions; ``-`` takes the blanks on its side away."""

    def __init__(self, text: str, named: dict[str, list[Node]]) -> None:
        self._named = named
        self._tokens = self._cut(text)

    @staticmethod
    def _cut(text: str) -> Iterator[tuple[str, str]]:
        at, trim = 0, False
        for found in _ACTION.finditer(text):
            between = text[at:found.start()]
            between = between.lstrip() if trim else between
            yield "text", between.rstrip() if found[1] else between
            if not found[2].startswith("/*"):
                yield "action", found[2]
            at, trim = found.end(), bool(found[3])
        yield "text", text[at:].lstrip() if trim else text[at:]

    def parse(self) -> list[Node]:
        return self._until(())[0]

    def _until(self, ends: tuple[str, ...]) -> tuple[list[Node], str]:
        nodes: list[Node] = []
        for kind, said in self._tokens:
            if kind == "text":
                nodes.append(said)
                continue
            words = _WORD.findall(said)
            if words[0] in ends:
                return nodes, words[0]
            if words[0] == "define":
                self._named[json.loads(words[1])] = self._until(("end",))[0]
            elif words[0] == "if":
                then, end = self._until(("else", "end"))
                nodes.append(("if", words[1:], then, self._until(("end",))[0] if end == "else" else []))
            elif words[0] == "range":
                key, _, value, _, *rest = words[1:]
                nodes.append(("range", (key, value), rest, self._until(("end",))[0]))
            else:
                nodes.append(("say", words))
        assert not ends, f"{ends} is missing"
        return nodes, ""


def rendered() -> dict[str, str]:
    """Return what belongs into ``deploy/helm/rendered``."""
    return Chart().render()


if __name__ == "__main__":
    for name, text in rendered().items():
        (HELM / "rendered" / name).write_text(text, encoding="utf-8")
