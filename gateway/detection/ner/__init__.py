"""The compact recogniser of German names: own tokenizer, hashed features, a small network; NumPy only, offline."""

from gateway.detection.ner.recognizer import CERTAIN, MASK, ModelError, NameRecognizer, NameSpan

__all__ = ["CERTAIN", "MASK", "ModelError", "NameRecognizer", "NameSpan"]
