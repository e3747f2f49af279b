"""The tools that Open WebUI 0.12 brings along and offers to every model: names and parameters, as it sends them.

The descriptions are ours. ``text`` is free text of the model, ``id`` what a tool gave it before.
"""

from __future__ import annotations

from typing import Any

_TEXT, _ID, _NUMBER, _FLAG = "text", "id", "number", "flag"
_SEARCH = {"query": _TEXT, "count": _NUMBER}
_SPAN = {**_SEARCH, "start_timestamp": _NUMBER, "end_timestamp": _NUMBER}
_EVENT = {"title": _TEXT, "description": _TEXT, "start": _ID, "end": _ID, "all_day": _FLAG, "location": _TEXT,
          "reminder_minutes": _NUMBER}

TOOLS: dict[str, dict[str, Any]] = {
    "get_current_timestamp": {},
    "calculate_timestamp": dict.fromkeys(("days_ago", "weeks_ago", "months_ago", "years_ago"), _NUMBER),
    "ask_user": {"questions": [{"id": _ID, "header": _TEXT, "question": _TEXT}], "allow_other": _FLAG},
    "notify": {"message": _TEXT, "title": _TEXT},
    "list_knowledge_bases": {"count": _NUMBER, "skip": _NUMBER},
    "search_knowledge_bases": _SEARCH,
    "query_knowledge_bases": _SEARCH,
    "grep_knowledge_files": {"pattern": _TEXT, "file_id": _ID, "case_insensitive": _FLAG},
    "search_knowledge_files": {**_SEARCH, "knowledge_id": _ID},
    "query_knowledge_files": {**_SEARCH, "knowledge_ids": [_ID]},
    "view_knowledge_file": {"file_id": _ID, "offset": _NUMBER, "max_chars": _NUMBER},
    "search_chats": _SPAN,
    "view_chat": {"chat_id": _ID},
    "search_notes": _SPAN,
    "view_note": {"note_id": _ID},
    "write_note": {"title": _TEXT, "content": _TEXT},
    "replace_note_content": {"note_id": _ID, "content": _TEXT, "operations": [{"find": _TEXT, "replace": _TEXT}]},
    "create_tasks": {"tasks": [{"content": _TEXT, "status": _ID}]},
    "update_task": {"id": _ID, "status": _ID},
    "create_automation": {"name": _TEXT, "prompt": _TEXT, "rrule": _ID},
    "update_automation": {"automation_id": _ID, "name": _TEXT, "prompt": _TEXT},
    "list_automations": {"status": _ID, "count": _NUMBER},
    "toggle_automation": {"automation_id": _ID},
    "delete_automation": {"automation_id": _ID},
    "search_calendar_events": {"query": _TEXT, "start": _ID, "end": _ID, "count": _NUMBER},
    "create_calendar_event": {**_EVENT, "calendar_id": _ID},
    "update_calendar_event": {**_EVENT, "event_id": _ID},
    "delete_calendar_event": {"event_id": _ID},
}


def parameters(name: str) -> dict[str, Any]:
    """Return the JSON schema of a tool's parameters."""
    return _schema(TOOLS[name])


def arguments(name: str, text: str) -> dict[str, Any]:
    """Return arguments in which every free text is `text`."""
    filled = _filled(TOOLS[name], text)
    assert isinstance(filled, dict)
    return filled


def _schema(shape: Any) -> dict[str, Any]:
    if isinstance(shape, dict):
        return {"type": "object", "properties": {name: _schema(inner) for name, inner in shape.items()},
                "required": list(shape)[:1]}
    if isinstance(shape, list):
        return {"type": "array", "items": _schema(shape[0]), "description": "Die Einträge"}
    kind = {_TEXT: "string", _ID: "string", _NUMBER: "integer", _FLAG: "boolean"}[shape]
    return {"type": kind, "description": f"Angabe der Art {kind}", **({"default": 5} if shape == _NUMBER else {})}


def _filled(shape: Any, text: str) -> Any:
    if isinstance(shape, dict):
        return {name: _filled(inner, text) for name, inner in shape.items()}
    if isinstance(shape, list):
        return [_filled(shape[0], text)]
    return {_TEXT: text, _ID: "2d9a7c1e-notiz", _NUMBER: 5, _FLAG: True}[shape]
