"""Takes the pictures of the handbook: ``make screenshots`` writes ``docs/bilder``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Page

from tests.support.stage import Stage, open_stage

FOLDER = Path(__file__).parents[2] / "docs" / "bilder"
TEXT = ("Sehr geehrte Frau Öztürk,\n\nIhr Antrag vom 12.03.2026 zum Aktenzeichen 50-2214/26 ist eingegangen. Bitte "
        "überweisen Sie 48,50 Euro auf das Konto DE02 1203 0000 0000 2020 51. Fragen: 0431 901-2345.")
PICTURES: dict[str, tuple[str | None, str, int]] = {
    "start": ("staff", "/", 1280), "vorschau": ("staff", "/preview", 1280), "ki-pass": ("staff", "/pass", 1280),
    "meine-nutzung": ("dpo", "/usage", 1280), "uebersicht": ("dpo", "/review", 1280),
    "protokoll": ("dpo", "/review/protokoll", 1280), "eintrag": ("dpo", "/review/protokoll/{id}", 1280),
    "betrieb": ("it", "/it", 1280), "transparenz": (None, "/transparency", 1280),
    "protokoll-schmal": ("dpo", "/review/protokoll", 390)}
"""Name of the file: who looks, at which page, how wide the window is."""


def take(stage: Stage, name: str) -> bytes:
    """Return one picture."""
    role, path, width = PICTURES[name]
    page = stage.window("dpo" if path == "/preview" else role)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(stage.address(path))
    if path == "/preview":
        _fill(page)
    return page.screenshot()


def _fill(page: Page) -> None:
    page.locator("#text").fill(TEXT)
    page.locator("main form button").first.click()
    page.evaluate("scrollTo(0, 0)")


def main() -> None:
    """Write all of them."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, open_stage(Path(folder)) as stage:
        for status in ("ok", "ok", "failed"):  # somebody who sees their own use has used it
            stage.house.exchange(department="standesamt", subject=stage.officer.person.id, status=status)
        stage.house.settle()
        for name in PICTURES:
            (FOLDER / f"{name}.png").write_bytes(take(stage, name))


if __name__ == "__main__":
    main()
