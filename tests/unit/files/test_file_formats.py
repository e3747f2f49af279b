"""What is read out of each kind of file, and what is not: authors, deleted words, hidden sheets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.files.formats.every import Limits, read
from gateway.files.kinds import hint_of
from gateway.files.reasons import UnreadableError
from tests.support import office

DATA = Path(__file__).parent / "data"
LIMITS = Limits(pages=20, characters=50_000)
SECRETS = ("Geheim", "Autorin", "Kommentator")


def text_of(data: bytes, name: str = "", media: str = "") -> str:
    return "\n".join(read(data, hint_of(name, media), LIMITS).pages)


def reason(data: bytes, name: str = "", limits: Limits = LIMITS) -> str:
    with pytest.raises(UnreadableError) as caught:
        read(data, hint_of(name, ""), limits)
    return caught.value.reason


@pytest.mark.parametrize("name", ["brief.docx", "brief.odt", "brief.pdf"])
def test_a_letter_as_an_office_program_saves_it_is_read_whole_and_without_its_author(name: str) -> None:
    text = text_of((DATA / name).read_bytes())
    for said in ("Stadt Musterstadt – Sozialamt", "Sabine Krüger", "Lindenweg 3", "50.1-2024/4711", "214,00 Euro",
                 "Mit freundlichen Grüßen", "DE89 3704 0044 0532 0130 00"):
        assert said in text
    assert text.index("Sozialamt") < text.index("Sehr geehrte") < text.index("DE89")
    for secret in SECRETS:
        assert secret not in text


@pytest.mark.parametrize("name", ["brief.docx", "brief.odt"])
def test_a_table_in_a_letter_keeps_its_columns_and_a_comment_is_read(name: str) -> None:
    lines = text_of((DATA / name).read_bytes()).split("\n")
    assert "Name | Geburtsdatum | Betrag" in lines
    assert "Mia Krüger | 12.03.2015 | 64,00" in lines
    assert any("Kommentar" in line and "Bitte Frau Yilmaz noch fragen" in line for line in lines)
    assert any("Frau Sabine Krüger, Lindenweg 3, 54321 Musterstadt | Auskunft erteilt" in line for line in lines)


def test_columns_of_a_pdf_stand_below_their_headers() -> None:
    lines = text_of((DATA / "brief.pdf").read_bytes()).split("\n")
    head, row = (next(line for line in lines if line.startswith(start)) for start in ("Name ", "Mia Krüger "))
    assert head.index("Geburtsdatum") == row.index("12.03.2015")


@pytest.mark.parametrize("name", ["liste.xlsx", "liste.ods"])
def test_a_list_is_read_row_by_row_without_its_hidden_sheet(name: str) -> None:
    text = text_of((DATA / name).read_bytes())
    assert "Tabellenblatt „Gebühren“:\nName | Straße | PLZ | Geburtsdatum | Betrag | Summe" in text
    assert "Sabine Krüger | Lindenweg 3 | 04109 |" in text
    assert "Rückfrage bei Frau Çelik" in text
    assert "GEHEIM" not in text
    assert text.endswith("[Nicht übernommen: 1 ausgeblendetes Tabellenblatt]")


def test_what_was_deleted_or_hidden_in_a_docx_is_left_out_and_said() -> None:
    run = "<w:r>{}<w:t>{}</w:t></w:r>"
    hidden = run.format("<w:rPr><w:vanish/></w:rPr>", "versteckt")
    shown = run.format("<w:rPr><w:vanish w:val='0'/></w:rPr>", "sichtbar")
    body = office.docx(
        "<w:p><w:r><w:t>Der Antrag wird </w:t></w:r><w:del><w:r><w:delText>abge</w:delText></w:r><w:r><w:delText>lehnt"
        "</w:delText></w:r></w:del><w:ins><w:r><w:t>bewilligt</w:t></w:r></w:ins><w:r><w:t>.</w:t></w:r></w:p>"
        "<w:moveFrom><w:r><w:t>verschoben</w:t></w:r></w:moveFrom>"
        f"<w:p>{hidden}{shown}</w:p>")
    assert text_of(body) == ("Der Antrag wird bewilligt.\nsichtbar\n\n"
                             "[Nicht übernommen: 1 gelöschte Stelle (Änderungsverfolgung), 1 ausgeblendete Stelle]")


def test_text_boxes_controls_links_and_notes_of_a_docx_are_read_once() -> None:
    box = "<w:txbxContent>" + office.paragraph("Im Kasten") + "</w:txbxContent>"
    text = text_of(office.docx(
        "<w:p><w:pPr><w:tabs><w:tab w:val='left'/></w:tabs></w:pPr><w:r><w:t>Vor</w:t><w:tab/><w:t>nach</w:t></w:r>"
        f"<w:r><Alternate><Choice>{box}</Choice><Fallback>{box}</Fallback></Alternate></w:r></w:p>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>Im Feld</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:p><w:hyperlink><w:r><w:t>Ein Verweis</w:t></w:r></w:hyperlink><w:r><w:instrText>MERGEFIELD x</w:instrText>"
        "</w:r><w:r><w:footnoteReference w:id='2'/></w:r></w:p>",
        footnotes="<w:footnote w:type='separator'>" + office.paragraph("---") + "</w:footnote><w:footnote w:id='2'>"
                  + office.paragraph("Siehe § 5") + "</w:footnote>"))
    assert text == "Vor\tnach\nIm Kasten\nIm Feld\nEin Verweis [Fußnote 1]\n\n[Fußnote 1] Siehe § 5"


def test_what_was_deleted_or_hidden_in_an_odt_is_left_out_and_said() -> None:
    text = text_of(office.odf("text", (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>abgelehnt</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes><text:p>Müller<text:s text:c='2'/>und<text:tab/>Söhne"
        "<text:note text:note-class='footnote'><text:note-citation>1</text:note-citation><text:note-body><text:p>Siehe "
        "§ 5</text:p></text:note-body></text:note></text:p><text:section text:display='none'><text:p>fort</text:p>"
        "</text:section>"), styles="<style:master-page><style:header><text:p>Kopf</text:p></style:header><style:footer>"
                                   "<text:p>Fuß</text:p></style:footer></style:master-page>"))
    assert text == ("Kopf\n\nMüller  und\tSöhne [Fußnote: Siehe § 5]\n\nFuß\n\n"
                    "[Nicht übernommen: 1 gelöschte Stelle (Änderungsverfolgung), 1 ausgeblendete Stelle]")


def test_hidden_rows_and_columns_are_left_out_and_an_empty_cell_keeps_its_place() -> None:
    cell = "<c r='{}' t='inlineStr'><is><t>{}</t></is></c>"
    rows = ("<cols><col min='2' max='2' hidden='1'/></cols><sheetData><row>" + cell.format("A1", "Name")
            + cell.format("B1", "Notiz") + cell.format("D1", "Ort") + "</row><row hidden='1'>"
            + cell.format("A2", "weg") + "</row></sheetData>")
    assert text_of(office.xlsx({"Blatt": rows})) == (
        "Tabellenblatt „Blatt“:\nName |  | Ort\n\n"
        "[Nicht übernommen: 1 ausgeblendete Spalte, 1 ausgeblendete Zeile]")
    ods = text_of(office.odf("spreadsheet", (
        "<table:table table:name='B'><table:table-column/><table:table-column table:visibility='collapse'/>"
        "<table:table-row><table:table-cell><text:p>Name</text:p></table:table-cell><table:table-cell><text:p>Notiz"
        "</text:p></table:table-cell><table:table-cell table:number-columns-repeated='2'/><table:table-cell><text:p>Ort"
        "</text:p></table:table-cell><table:table-cell table:number-columns-repeated='16000'/></table:table-row>"
        "<table:table-row table:number-rows-repeated='1048000'><table:table-cell/></table:table-row></table:table>")))
    assert ods == "Tabellenblatt „B“:\nName |  |  | Ort\n\n[Nicht übernommen: 1 ausgeblendete Spalte]"


def test_what_a_table_shows_in_print_only_is_not_read() -> None:
    page = ("<style:master-page><style:header><text:p><text:sheet-name>???</text:sheet-name></text:p></style:header>"
            "<style:footer><text:p>Page <text:page-number>1</text:page-number></text:p></style:footer>"
            "</style:master-page>")
    rows = ("<table:table table:name='B'><table:table-row><table:table-cell><text:p>Name</text:p></table:table-cell>"
            "</table:table-row></table:table>")
    assert text_of(office.odf("spreadsheet", rows, styles=page)) == "Tabellenblatt „B“:\nName"


@pytest.mark.parametrize(("style", "value", "shown"), [
    ("0", "1234.5", "1234,5"), ("0", "44926", "44926"), ("1", "44926", "31.12.2022"), ("2", "4109", "04109"),
    ("3", "45000.5", "15.03.2023 12:00"), ("4", "0.75", "18:00"), ("5", "1250.5", "1250,5"), ("0", "x", "x")])
def test_numbers_of_a_sheet_are_read_as_they_are_shown(style: str, value: str, shown: str) -> None:
    codes = {164: "00000", 165: "dd\\.mm\\.yyyy hh:mm", 166: "hh:mm", 167: "#,##0.00 &quot;Euro je Monat&quot;"}
    styles = ("<numFmts>" + "".join(f"<numFmt numFmtId='{n}' formatCode='{code}'/>" for n, code in codes.items())
              + "</numFmts><cellXfs>" + "".join(f"<xf numFmtId='{n}'/>" for n in (0, 14, *codes)) + "</cellXfs>")
    rows = f"<sheetData><row><c r='A1' s='{style}'><v>{value}</v></c></row></sheetData>"
    assert text_of(office.xlsx({"B": rows}, styles=styles)) == f"Tabellenblatt „B“:\n{shown}"


def test_words_of_a_sheet_come_from_its_table_and_a_formula_stands_in_for_a_missing_value() -> None:
    rows = ("<sheetData><row><c t='s'><v>1</v></c><c t='b'><v>1</v></c><c t='s'><v>99</v></c><c><f>SUM(A1)</f></c>"
            "</row></sheetData>")
    text = text_of(office.xlsx({"B": rows}, strings=["", "Zeile 1\nZeile 2"], comments=(
        "<authors><author>Geheim</author></authors><commentList><comment><text><r><t>Bitte </t></r><r><t>prüfen</t></r>"
        "</text></comment></commentList>")))
    assert text == "Tabellenblatt „B“:\nZeile 1, Zeile 2 | WAHR |  | =SUM(A1)\n[Kommentar] Bitte prüfen"


def test_slides_are_read_in_the_order_in_which_they_are_shown() -> None:
    assert text_of(office.pptx("Ende", "Anfang")) == "Folie 1:\nAnfang\n\nFolie 2:\nEnde"


def test_pages_forms_and_notes_of_a_pdf_are_read_and_blank_pages_are_named() -> None:
    field = "<< /Subtype /Widget /FT /Tx /T (Name) /TU (Familienname) /V (\\307elik) >>"
    ticked = "<< /Subtype /Widget /FT /Btn /T (verheiratet) /V /Yes /AS /Yes >>"
    empty = "<< /Subtype /Widget /FT /Btn /T (ledig) /V /Off /AS /Off >>"
    note = "<< /Subtype /Text /T (Geheim) /Contents (Bitte pr\374fen) >>"
    found = read(office.pdf("Größe: 3 m²\nStraße", annotations=" ".join((field, ticked, empty, note))), "", LIMITS)
    assert found.pages == ["Größe: 3 m²\nStraße\n\nFamilienname: Çelik\n\nverheiratet: ja\n\n[Anmerkung] Bitte prüfen"]
    assert read(office.pdf("Eins", "", "Drei"), "", LIMITS).blank == [2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_plain_text_is_read_in_every_encoding_an_office_uses(encoding: str) -> None:
    assert text_of("Grüße an Frau Çelik – 5 €".encode(encoding), "notiz.txt") == "Grüße an Frau Çelik – 5 €"


@pytest.mark.parametrize(("content", "shown"), [
    ("Name;Ort\nKrüger;Bonn", "Name | Ort\nKrüger | Bonn"),
    ("Name,Ort\n\"Krüger, S.\",Bonn", "Name | Ort\nKrüger, S. | Bonn"),
    ("Name\tOrt\nKrüger\t", "Name | Ort\nKrüger"), ("sep=;\nName;Ort", "Name | Ort"), ("Name\nKrüger", "Name\nKrüger"),
    ("A;B\n\"x\ny\";|", "A | B\nx, y | /")])
def test_columns_of_a_csv_are_told_apart(content: str, shown: str) -> None:
    assert text_of(content.encode("cp1252"), "liste.CSV") == shown


def test_a_page_is_read_as_it_is_seen() -> None:
    page = """<!DOCTYPE html><html><head><meta charset="iso-8859-1"><title>Gebühren</title>
    <script>var x = "Geheim";</script>
    <style>p {}</style></head><body><!-- Geheim --><p>Frau&nbsp;M&uuml;ller<br>Bonn <b>am</b> Rhein</p>
    <ul><li><p>Eins</p>
    <li>Zwei</ul><table><tr><th>Name<th>Ort</th></tr><tr><td>Krüger</td><td><p>Bonn</p></td></tr></table>
    <img alt="Wappen"><template>Geheim</template></body></html>"""
    assert text_of(page.encode("latin-1"), "seite.html") == (
        "Gebühren\nFrau Müller\nBonn am Rhein\n- Eins\n- Zwei\nName | Ort\nKrüger | Bonn\n Wappen\n\n"
        "[Nicht übernommen: 1 Bild]")


def test_a_mail_is_read_with_its_encodings_and_without_its_attachments() -> None:
    mail = ("From: =?utf-8?q?Sabine_Kr=C3=BCger?= <s.krueger@example.org>\nSubject: Antrag\nMIME-Version: 1.0\n"
            'Content-Type: multipart/mixed; boundary="x"\n\n--x\nContent-Type: text/plain; charset=iso-8859-1\n'
            "Content-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe\n--x\nContent-Type: application/pdf; "
            'name="Geheim.pdf"\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n'
            "R2VoZWlt\n--x--\n")
    assert text_of(mail.encode(), "a.eml") == (
        "Von: Sabine Krüger <s.krueger@example.org>\nBetreff: Antrag\n\nGrüße\n\n[Nicht übernommen: 1 Anlage]")


def test_escapes_are_read_before_anybody_looks_for_names() -> None:
    assert "Krüger" in text_of(json.dumps({"name": "Krüger"}).encode(), "a.json")
    assert "Krüger" in text_of(b"<?xml version='1.0'?><a>Kr&#252;ger</a>")


@pytest.mark.parametrize(("data", "name", "why"), [
    (b"\x00\x01\x02binary", "a.txt", "unknown"), (b"{\\rtf1 M\\'fcller}", "a.txt", "unknown"),
    (b"Content-Transfer-Encoding: base64\n\nS3L8Z2Vy", "a.txt", "unknown"), (b"\xd0\xcf\x11\xe0rest", "a.doc", "old"),
    (b"PK\x03\x04rest", "a.docx", "broken"), (b"%PDF-1.7 nothing", "a.pdf", "broken"), (b"  \n", "a.txt", "empty"),
    (b"\x89PNG\r\n\x1a\n", "a.txt", "picture"), (office.packed({"a.txt": "x"}), "a.zip", "unknown"),
    (office.letter(""), "a.docx", "empty"), (office.pdf("x", trailer="/Encrypt 99 0 R "), "a.pdf", "broken")])
def test_what_cannot_be_read_says_why(data: bytes, name: str, why: str) -> None:
    assert reason(data, name) == why


@pytest.mark.parametrize(("data", "why"), [
    (office.letter("x" * 60), "long"), (b"x" * 60, "long"), (office.pdf("x" * 30, "x" * 30), "long"),
    (office.pdf(*["x"] * 5), "pages"), (office.pptx(*["x"] * 5), "pages"),
    (office.odf("text", "<text:p>" + "x" * 60 + "</text:p>"), "long"),
    (office.xlsx({str(n): "<sheetData/>" for n in range(101)}), "sheets")])
def test_what_is_too_much_says_what(data: bytes, why: str) -> None:
    assert reason(data, limits=Limits(pages=4, characters=50)) == why
