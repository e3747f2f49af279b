"""How well personal data is found and replaced, as figures that can be repeated.

`read_documents` reads annotated documents, `measure` sends them through the very detector and redaction that the server
uses, `figures` counts, `as_markdown` and `tables` show. The rules of counting stand in `gateway.evaluation.score`.
"""

from gateway.evaluation.counting import Figures, figures
from gateway.evaluation.documents import Document, DocumentError, read_documents, read_origins
from gateway.evaluation.measuring import Measured, measure
from gateway.evaluation.view import as_json, as_markdown, misses, tables

__all__ = ["Document", "DocumentError", "Figures", "Measured", "as_json", "as_markdown", "figures", "measure", "misses",
           "read_documents", "read_origins", "tables"]
