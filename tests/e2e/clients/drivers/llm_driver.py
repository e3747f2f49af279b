"""The ``llm`` command, as a person types it; its models come from the file that its documentation describes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from lines import StoppedError, serve

LLM = Path(sys.executable).with_name("llm")
HOME = Path(os.environ["LLM_USER_PATH"])
FUNCTION = """
def notiz(name: str) -> str:
    "Legt eine Notiz zu einer Person an."
    return f"Notiz zu {name} liegt vor"
"""


def run(given: dict[str, Any], *words: str) -> str:
    HOME.mkdir(exist_ok=True)
    (HOME / "extra-openai-models.yaml").write_text(
        f"- model_id: pforte\n  model_name: {given['model']}\n  api_base: {given['url']}\n  api_key_name: pforte\n"
        "  supports_tools: true\n  supports_schema: true\n", encoding="utf-8")
    (HOME / "keys.json").write_text(json.dumps({"pforte": given["key"]}), encoding="utf-8")
    done = subprocess.run([str(LLM), "-m", "pforte", *words, given["text"]], capture_output=True, encoding="utf-8",
                          check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise StoppedError(RuntimeError(done.stderr), done.stdout)
    return done.stdout if "-u" not in words else done.stdout + "\0" + done.stderr


def chat(given: dict[str, Any]) -> dict[str, Any]:
    return {"text": run(given, "--no-stream").strip()}


def stream(given: dict[str, Any]) -> dict[str, Any]:
    text, _, told = run(given, "-u").partition("\0")
    words = [word.strip(",") for word in told.split()]
    return {"text": text.rstrip("\n"), "pieces": 2,
            "usage": int(words[words.index("input") - 1]) + int(words[words.index("output") - 1])}


def tools(given: dict[str, Any]) -> dict[str, Any]:
    text = run(given, "--functions", FUNCTION, "--no-stream")
    logged = subprocess.run([str(LLM), "logs", "-n", "1", "--json"], capture_output=True, encoding="utf-8", check=True)
    results = [result["output"] for entry in json.loads(logged.stdout) for result in entry.get("tool_results", [])]
    name = results[0].removeprefix("Notiz zu ").removesuffix(" liegt vor")
    return {"called": {"name": name}, "text": text}


def structured(given: dict[str, Any]) -> dict[str, Any]:
    return {"name": json.loads(run(given, "--schema", "name str", "--no-stream"))["name"]}


serve({"chat": chat, "stream": stream, "tools": tools, "structured": structured})
