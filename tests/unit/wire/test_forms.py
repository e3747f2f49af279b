"""A form is taken apart in memory and written anew; what nobody could inspect is refused in words."""

from __future__ import annotations

import tempfile
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.wire.forms import MOST_PARTS, read_form
from gateway.wire.recordings import Recording
from gateway.wire.transcriptions import LISTS, Transcriptions, Translations
from tests.support.recorded import WAV, arrived, asked, form, sound

BEGINNINGS = {
    "wav": b"RIFF\x24\x00\x00\x00WAVEfmt ", "flac": b"fLaC\x00\x00\x00\x22", "ogg": b"OggS\x00\x02",
    "webm": b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01", "m4a": b"\x00\x00\x00\x20ftypM4A \x00", "mp3": b"ID3\x04\x00",
    "mp4": b"\x00\x00\x00\x18ftypmp42", "aac": b"\xff\xf1\x50\x80", "aiff": b"FORM\x00\x00\x00\x00AIFF",
    "amr": b"#!AMR\n"}


@pytest.mark.parametrize("suffix", BEGINNINGS)
def test_what_a_recording_is_called_outside_says_its_kind_and_nothing_else(suffix: str) -> None:
    recording = Recording.of(BEGINNINGS[suffix] + b"x" * 100)
    assert recording.name == f"aufnahme.{suffix}"
    assert recording.media.startswith("audio/")


@pytest.mark.parametrize("begins", [b"\xff\xfb\x90\x64", b"\xff\xf3\x40\xc0", b"\0" * 1000 + b"\xff\xfb\x90\x64"])
def test_an_mp3_without_a_title_is_known_as_well(begins: bytes) -> None:
    assert Recording.of(begins + b"x" * 99).suffix == "mp3"


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 Sabine", "Sabine Krüger".encode("utf-16"), b"PK\x03\x04", b"\0" * 99,
                                  b"\x89PNG\r\n", b"Sabine", b"RIFF\x24\x00\x00\x00WEBPVP8 ", b"{}", b"\xff\xd8\xff"])
def test_a_file_that_is_no_recording_is_not_taken_for_one_whatever_it_is_called(data: bytes) -> None:
    with pytest.raises(GatewayError) as refused:
        Transcriptions().parse(asked(recording=data, name="aufnahme.mp3"))
    assert refused.value.code == "nicht_pruefbar"


def test_fields_that_may_come_several_times_are_lists_with_and_without_brackets() -> None:
    body = asked(("timestamp_granularities[]", "word"), ("timestamp_granularities[]", "segment"),
                 ("include", "logprobs"))
    root = read_form(body, LISTS)
    assert root["timestamp_granularities"] == ["word", "segment"]
    assert root["include"] == ["logprobs"]
    sent = arrived(*Transcriptions().parse(body).document.sealed())
    assert [field for field in sent if "[]" in field[0]] == [
        ("timestamp_granularities[]", "word"), ("timestamp_granularities[]", "segment"), ("include[]", "logprobs")]


def test_of_the_client_nothing_leaves_but_described_fields_and_the_recording() -> None:
    body = asked(("prompt", "Guten Tag"), ("user", "krueger"), ("erfunden", "Krüger"), ("language", "de"))
    content, media = (parsed := Transcriptions().parse(body)).document.sealed()
    assert arrived(content, media) == [("model", "demo"), ("prompt", "Guten Tag"), ("language", "de"),
                                       ("file", b"aufnahme.wav: " + WAV)]
    assert parsed.document.dropped == ["erfunden", "user"]
    assert parsed.document.unknown == ["erfunden"]
    assert b"WebKit" not in content
    assert "Krüger".encode() not in content


@pytest.mark.parametrize(("more", "stream"), [((), False), ((("stream", "true"),), True), ((("stream", "True"),), True),
                                              ((("stream", "false"),), False), ((("stream", "0"),), False)])
def test_a_stream_is_asked_for_in_words(more: Any, stream: bool) -> None:
    assert Transcriptions().parse(asked(*more)).stream is stream


@pytest.mark.parametrize("wanted", ["json", "verbose_json", "diarized_json", "text", "srt", "vtt"])
def test_the_client_is_told_in_which_form_the_answer_comes(wanted: str) -> None:
    media = Transcriptions().parse(asked(("response_format", wanted))).media
    assert media == ("application/json" if "json" in wanted else "text/plain; charset=utf-8")


LONG = [(f"f{number}", "x") for number in range(MOST_PARTS + 1)]


@pytest.mark.parametrize(("body", "code", "words"), [
    (b"", "anfrage_ungueltig", "kein lesbares Formular"),
    (b'{"model": "demo"}', "anfrage_ungueltig", "kein lesbares Formular"),
    (b"--x", "anfrage_ungueltig", "kein lesbares Formular"),
    (b"--\r\n\r\n", "anfrage_ungueltig", "kein lesbares Formular"),
    (b"--" + b"x" * 300 + b"\r\n", "anfrage_ungueltig", "kein lesbares Formular"),
    (asked()[:-30], "anfrage_ungueltig", "unvollständig"),
    (asked()[:200], "anfrage_ungueltig", "unvollständig"),
    (asked().replace(b'name="model"', b'nome="model"'), "anfrage_ungueltig", "kein lesbares Formular"),
    (asked().replace(b"form-data", b"attachment"), "anfrage_ungueltig", "kein lesbares Formular"),
    (asked(("prompt", b"Kr\xfcger")), "anfrage_ungueltig", "UTF-8"),
    (asked(("prompt", "x"), ("prompt", "y")), "anfrage_ungueltig", "mehrfach"),
    (asked(("file", WAV, "zweite.wav")), "anfrage_ungueltig", "mehrfach"),
    (asked(("prompt", b"Sabine", "liste.txt")), "anfrage_ungueltig", "nur im Feld „file“"),
    (asked(("stream", "vielleicht")), "anfrage_ungueltig", "„stream“"),
    (asked(("stream", "true"), ("response_format", "srt")), "anfrage_ungueltig", "nicht als Strom"),
    (asked(("response_format", "Sabine")), "anfrage_ungueltig", "Möglich sind: json"),
    (form([("file", WAV, "a.wav")]), "anfrage_ungueltig", "fehlt das Modell"),
    (form([("model", "demo"), ("prompt", "x")]), "anfrage_ungueltig", "fehlt „file“"),
    (form([("model", "demo"), ("file", "Guten Tag")]), "nicht_pruefbar", "keine Tonaufnahme"),
    (asked(*LONG), "zu_gross", "zu viele Felder")])
def test_what_is_no_such_request_is_refused_in_words(body: bytes, code: str, words: str) -> None:
    with pytest.raises(GatewayError) as refused:
        Transcriptions().parse(body)
    assert refused.value.code == code
    assert words in refused.value.message
    assert len(refused.value.message) <= 300
    assert "Sabine" not in refused.value.message


@pytest.mark.parametrize("header", ["Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: quoted-printable",
                                    'Content-Disposition: form-data; name="model"'])
def test_a_text_in_a_packing_that_nobody_would_read_is_refused(header: str) -> None:
    body = asked(("prompt", "U2FiaW5lIEtyw7xnZXI=")).replace(
        b'name="prompt"\r\n', f'name="prompt"\r\n{header}\r\n'.encode())
    with pytest.raises(GatewayError) as refused:
        Transcriptions().parse(body)
    assert refused.value.code == "anfrage_ungueltig"


def test_a_line_before_the_form_and_a_filename_in_another_spelling_change_nothing() -> None:
    body = b"\r\n" + asked().replace(b'; filename="', b"; filename*=UTF-8''Sabine; filename=\"")
    assert arrived(*Transcriptions().parse(body).document.sealed())[-1] == ("file", b"aufnahme.wav: " + WAV)


def test_a_value_cannot_end_its_part_early_whatever_boundary_it_guesses() -> None:
    first, media = Transcriptions().parse(asked(("prompt", "x"))).document.sealed()
    boundary = media.partition("boundary=")[2]
    evil = f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="model"\r\n\r\nfremd\r\n--{boundary}--\r\n'
    content, media = Transcriptions().parse(asked(("prompt", evil), recording=WAV + evil.encode())).document.sealed()
    assert arrived(content, media) == [("model", "demo"), ("prompt", evil),
                                       ("file", b"aufnahme.wav: " + WAV + evil.encode())]
    assert Transcriptions().parse(asked(("prompt", "x"))).document.sealed() == (
        first, f"multipart/form-data; boundary={boundary}")


def test_a_large_recording_is_never_written_to_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a temporary file")
    for name in ("NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile", "mkstemp", "_mkstemp_inner"):
        monkeypatch.setattr(tempfile, name, refuse)
    recording = sound(seconds=200, rate=44100)
    assert len(recording) > 8 << 20
    content, media = Transcriptions().parse(asked(recording=recording)).document.sealed()
    assert arrived(content, media)[-1] == ("file", b"aufnahme.wav: " + recording)


def test_a_translation_has_no_fields_but_its_own() -> None:
    parsed = Translations().parse(asked(("language", "Sabine Krüger"), ("prompt", "Guten Tag"), ("temperature", "0.2")))
    assert parsed.document.unknown == ["language"]
    assert [field for field, _ in arrived(*parsed.document.sealed())] == ["model", "prompt", "temperature", "file"]
