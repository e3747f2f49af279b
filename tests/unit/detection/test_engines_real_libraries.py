"""The same with the real libraries, where they are installed: they are optional and not among the locked packages.

The models are made here: a BERT without layers whose word vectors say "name" or "no name", and a GLiNER that has
learnt nothing. The machine needs ``pip install 'ki-pforte[transformers,gliner]'``.
"""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from gateway.detection import DetectorOptions, build_detector
from gateway.detection.engines import gliner as gliner_engine
from gateway.errors import GatewayError
from gateway.model.finding import Passage
from tests.support.model_libraries import NAMES

FILLER = "Der Antrag liegt seit gestern vor, die Frist läuft noch bis zum Ende des Monats. "


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("somebody opened a connection")
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def library(name: str) -> Any:
    return pytest.importorskip(name, reason=f"{name} is optional and not installed", exc_type=ImportError)


def tokenizer_in(folder: Path) -> Any:
    """Write a tokenizer of whole words that knows a few of them."""
    transformers = library("transformers")
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    parts = {word for name in NAMES for word in name.replace("-", " - ").split()}
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *sorted(parts), "der", "die", "antrag", "liegt", "frist", "vor"]
    made = Tokenizer(models.WordLevel({word: n for n, word in enumerate(dict.fromkeys(words))}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]",
                                                        special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=made, unk_token="[UNK]", pad_token="[PAD]",
                                                cls_token="[CLS]", sep_token="[SEP]")
    fast.save_pretrained(folder)
    return fast


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    torch, transformers = library("torch"), library("transformers")
    folder = tmp_path / "bert"
    fast = tokenizer_in(folder)
    config = transformers.BertConfig(
        vocab_size=len(fast), hidden_size=4, num_hidden_layers=0, num_attention_heads=1, intermediate_size=4,
        max_position_embeddings=64, id2label={0: "O", 1: "I-PER"}, label2id={"O": 0, "I-PER": 1})
    model = transformers.BertForTokenClassification(config)
    names = {w for name in NAMES for w in name.replace("-", " - ").split()}
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.bert.embeddings.LayerNorm.weight.fill_(1)
        vectors = model.bert.embeddings.word_embeddings.weight
        for word, n in fast.get_vocab().items():
            vectors[n] = torch.tensor([1.0, -1.0, 1.0, -1.0]) * (1 if word in names else -1)
        model.classifier.weight.copy_(torch.tensor([[-3.0, 3.0, -3.0, 3.0], [3.0, -3.0, 3.0, -3.0]]))
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def gliner(tmp_path: Path) -> Path:
    library("torch")
    transformers, made = library("transformers"), library("gliner")
    base, folder = tmp_path / "base", tmp_path / "gliner"
    fast = tokenizer_in(base)
    transformers.BertConfig(vocab_size=len(fast), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                            intermediate_size=16, max_position_embeddings=600).save_pretrained(base)
    config = made.GLiNERConfig(model_name=str(base), hidden_size=16, max_width=4, max_len=48, span_mode="markerV0",
                               num_rnn_layers=0)
    made.GLiNER.from_config(config, backbone_from_pretrained=False).save_pretrained(folder)
    return folder


def found(engine: str, folder: Path, text: str) -> set[str]:
    detector = build_detector(DetectorOptions(names=engine, names_model=folder))
    return {text[f.start:f.end] for f in detector.find(Passage(text)) if f.entity == "PERSON"}


def test_transformers_reads_all_of_a_long_text_without_the_hub(bert: Path) -> None:
    assert found("transformers", bert, "😀 der Antrag, Otto Weber \ud800") == {"Otto Weber"}
    text = "".join(f"{FILLER * 3}{name}. " for name in NAMES * 5)
    detector = build_detector(DetectorOptions(names="transformers", names_model=bert))
    spans = {(f.start, f.end) for f in detector.find(Passage(text)) if f.entity == "PERSON"}
    expected = {(at, at + len(name)) for name in NAMES for at in range(len(text)) if text.startswith(name, at)}
    assert len(expected) == 5 * len(NAMES)
    assert expected <= spans


def test_a_transformers_model_without_a_part_stops_the_start(bert: Path) -> None:
    for file in ("model.safetensors", "tokenizer.json"):
        (bert / file).rename(bert / "weg")
        with pytest.raises(GatewayError) as refused:
            found("transformers", bert, "")
        assert str(bert) in refused.value.message
        (bert / "weg").rename(bert / file)


@pytest.mark.filterwarnings("error:.*truncated.*")
def test_gliner_reads_all_of_a_long_text_without_the_hub(gliner: Path) -> None:
    find = gliner_engine.load(gliner, {"person": "PERSON"})
    text = "".join(f"{FILLER * 3}{name}. " for name in NAMES * 5) + "x" * 3000
    hits = find(text)
    assert all(0 <= hit.start < hit.end <= len(text) and 0 <= hit.score <= 1 for hit in hits)
    found("kompakt+gliner", gliner, text)


def test_gliner_does_not_fetch_a_base_model(gliner: Path) -> None:
    file = gliner / "gliner_config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config.update(encoder_config=None, model_name="irgendwo/grundmodell")
    file.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(GatewayError) as refused:
        found("gliner", gliner, "")
    assert "model_name" in refused.value.message


def test_the_hub_knows_that_it_is_offline() -> None:
    constants = library("huggingface_hub.constants")
    assert constants.HF_HUB_OFFLINE
    assert os.environ["HF_HUB_OFFLINE"] == "1"
