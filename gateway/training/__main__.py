"""``python -m gateway.training train|evaluate``: train the name recogniser, or measure it.

``train --corpora DIR`` writes the model beside the recogniser. ``evaluate`` prints the figures as JSON: documents in
markup (``--documents FILE``) and, with ``--corpora DIR``, for generated documents with names never seen and for the
part of the corpora that was set aside.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the same sums in the same order, and one core is enough

from gateway.detection.ner.recognizer import CERTAIN, DEFAULT, MASK
from gateway.training.evaluate import report
from gateway.training.train import EPOCHS, SEED, train


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    """Run one of the two commands."""
    parser = argparse.ArgumentParser(prog="python -m gateway.training")
    commands = parser.add_subparsers(dest="command", required=True)
    learn = commands.add_parser("train")
    learn.add_argument("--corpora", type=Path, required=True)
    learn.add_argument("--output", type=Path, default=DEFAULT)
    learn.add_argument("--seed", type=int, default=SEED)
    learn.add_argument("--epochs", type=int, default=EPOCHS)
    judge = commands.add_parser("evaluate")
    judge.add_argument("--model", type=Path, default=DEFAULT)
    judge.add_argument("--documents", type=Path)
    judge.add_argument("--origins", type=Path)
    judge.add_argument("--corpora", type=Path)
    judge.add_argument("--mask", type=float, default=MASK)
    judge.add_argument("--certain", type=float, default=CERTAIN)
    chosen = parser.parse_args(arguments)
    if chosen.command == "train":
        train(chosen.corpora, chosen.output, seed=chosen.seed, epochs=chosen.epochs, log=_say)
        return 0
    figures = report(
        chosen.model,
        documents=chosen.documents,
        origins=chosen.origins,
        corpora=chosen.corpora,
        mask=chosen.mask,
        certain=chosen.certain,
    )
    _say(json.dumps(figures, indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
