"""Small files as an office makes them, built from their parts: DOCX, ODT, XLSX, ODS, PPTX, PDF."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_S = f'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="{_KIND}"'
_ODF = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
                for name in ("office", "text", "table", "style", "draw"))


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    """Return a ZIP of these parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return file.getvalue()


def relations(*entries: tuple[str, str]) -> str:
    """Return a part of relations, each with its kind and target; ids are rId1, rId2, ..."""
    rows = "".join(f'<Relationship Id="rId{at}" Type="{_KIND}/{kind}" Target="{target}"/>'
                   for at, (kind, target) in enumerate(entries, 1))
    return f'<Relationships xmlns="{_RELS}">{rows}</Relationships>'


def paragraph(text: str) -> str:
    """Return a paragraph of a DOCX."""
    return f'<w:p><w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'


def docx(body: str, **parts: str) -> bytes:
    """Return a DOCX; `body` and `parts` (``header``, ``footer``, ``footnotes``, ``comments``) are the XML inside."""
    roots = {"header": "hdr", "footer": "ftr"}
    files = {f"word/{name}.xml": f"<w:{roots.get(name, name)} {_W}>{inner}</w:{roots.get(name, name)}>"
             for name, inner in parts.items()}
    return packed({
        "_rels/.rels": relations(("officeDocument", "word/document.xml")),
        "word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": relations(*((name, f"{name}.xml") for name in parts)), **files})


def letter(*paragraphs: str) -> bytes:
    """Return a DOCX of plain paragraphs."""
    return docx("".join(map(paragraph, paragraphs)))


def xlsx(sheets: Mapping[str, str], *, hidden: Sequence[str] = (), strings: Sequence[str] = (), styles: str = "",
         comments: str = "") -> bytes:
    """Return an XLSX; each sheet is the XML of its rows."""
    listed = "".join(f'<sheet name="{escape(name)}" sheetId="{at}" r:id="rId{at}"'
                     f'{" state=" + chr(34) + "hidden" + chr(34) if name in hidden else ""}/>'
                     for at, name in enumerate(sheets, 1))
    parts: dict[str, str | bytes] = {
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f"<workbook {_S}><sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": relations(
            *(("worksheet", f"worksheets/sheet{at}.xml") for at in range(1, len(sheets) + 1)),
            ("sharedStrings", "sharedStrings.xml"), ("styles", "styles.xml")),
        "xl/sharedStrings.xml": f"<sst {_S}>" + "".join(f"<si><t>{escape(s)}</t></si>" for s in strings) + "</sst>",
        "xl/styles.xml": f"<styleSheet {_S}>{styles}</styleSheet>"}
    for at, rows in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/sheet{at}.xml"] = f"<worksheet {_S}>{rows}</worksheet>"
    if comments:
        parts["xl/worksheets/_rels/sheet1.xml.rels"] = relations(("comments", "../comments1.xml"))
        parts["xl/comments1.xml"] = f"<comments {_S}>{comments}</comments>"
    return packed(parts)


def odf(kind: str, body: str, *, styles: str = "", automatic: str = "") -> bytes:
    """Return an OpenDocument file of `kind` (``text`` or ``spreadsheet``)."""
    return packed({
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "content.xml": f"<office:document-content {_ODF}><office:automatic-styles>{automatic}"
                       f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}></office:body>"
                       "</office:document-content>",
        "styles.xml": f"<office:document-styles {_ODF}>{styles}</office:document-styles>"})


def pptx(*slides: str) -> bytes:
    """Return a PPTX of slides with one text each, in the opposite order of their numbers."""
    names = " ".join(("xmlns:p='http://schemas.openxmlformats.org/presentationml/2006/main'", f"xmlns:r='{_KIND}'",
                      "xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main'"))
    order = "".join(f"<p:sldId id='{at}' r:id='rId{at}'/>" for at in range(len(slides), 0, -1))
    return packed({
        "_rels/.rels": relations(("officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": f"<p:presentation {names}><p:sldIdLst>{order}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(*(("slide", f"slides/slide{at}.xml")
                                                       for at in range(1, len(slides) + 1))),
        **{f"ppt/slides/slide{at}.xml": f"<p:sld {names}><a:p><a:r><a:t>{escape(text)}</a:t></a:r></a:p></p:sld>"
           for at, text in enumerate(slides, 1)}})


def pdf(*pages: str, annotations: str = "", trailer: str = "") -> bytes:
    """Return a PDF whose pages say these lines; one without text is blank."""
    objects: list[bytes] = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids = []
    for text in pages:
        said = "BT /F1 11 Tf 60 760 Td 14 TL " + " ".join(
            f"({line.translate(str.maketrans({'(': None, ')': None}))}) Tj T*" for line in text.split("\n")) + " ET"
        stream = (said if text else "").encode("cp1252")
        kids.append(len(objects) + 1)
        objects += [b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R %s/Resources << /Font << "
                    b"/F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >> >> >> >>"
                    % (len(objects) + 2, f"/Annots [{annotations}] ".encode("latin-1")),
                    b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream)]
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (
        len(kids), b" ".join(b"%d 0 R" % kid for kid in kids))
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out) + (f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer}>>\nstartxref\n{start}\n%%EOF\n"
                         ).encode("latin-1")
