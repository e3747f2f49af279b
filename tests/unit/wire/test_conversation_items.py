"""Items of a conversation: one id each for ever, shown as SDKs know them, said again as they were sent."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.conversations import ConversationItem, ConversationItemList
from pydantic import TypeAdapter

from gateway.errors import GatewayError
from gateway.wire.conversation import Conversation, listed, new_identity, read_items, read_metadata, shown

ITEM: TypeAdapter[Any] = TypeAdapter(ConversationItem)
SENT: list[dict[str, Any]] = [
    {"role": "user", "content": "Guten Tag"},
    {"role": "assistant", "content": "Guten Tag, was kann ich tun?"},
    {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Höflich."}]},
    {"type": "message", "role": "assistant", "status": "completed", "id": "msg_1",
     "content": [{"type": "output_text", "text": "Ja.", "annotations": []}]},
    {"type": "function_call", "call_id": "call_1", "name": "suchen", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "call_1", "output": "nichts"},
    {"type": "custom_tool_call", "call_id": "call_2", "name": "x", "input": "y"},
    {"type": "custom_tool_call_output", "call_id": "call_2", "output": "z"},
    {"type": "reasoning", "summary": [], "encrypted_content": "A" * 30}]


def conversation(*items: dict[str, Any]) -> Conversation:
    made = Conversation(1, {}, [])
    made.add(items)
    return made


@pytest.mark.parametrize("item", SENT)
def test_what_is_shown_has_the_form_of_the_sdk(item: dict[str, Any]) -> None:
    added, = conversation().add(read_items([item]))
    parsed = ITEM.validate_python(shown(added))
    assert parsed.type == item.get("type", "message")
    assert parsed.id


def test_the_short_form_is_shown_in_full_and_said_again_as_it_was_sent() -> None:
    made = conversation(*SENT)
    first, second = (shown(item) for item in made.items[:2])
    assert (first["content"], first["status"]) == ([{"type": "input_text", "text": "Guten Tag"}], "completed")
    assert second["content"][0]["type"] == "output_text"
    assert orjson.loads(made.asked()) == [{key: value for key, value in item.items() if key not in ("id", "status")}
                                          for item in SENT]


ids = st.one_of(st.none(), st.sampled_from(["msg_1", "msg_2", "Otto Weber", "", "x" * 300]), st.integers())


@given(st.lists(st.lists(ids, max_size=4), max_size=5))
def test_no_two_items_have_one_id_and_a_free_one_is_kept(rounds: list[list[Any]]) -> None:
    made = Conversation(1, {}, [])
    for names in rounds:
        taken = {item["id"] for item in made.items}
        added = made.add([{"role": "user", "content": "x", **({} if name is None else {"id": name})}
                          for name in names])
        assert all(item["id"] == "msg_1" for item, name in zip(added[:1], names, strict=False)
                   if name == "msg_1" and "msg_1" not in taken)
        made = Conversation.of(made.to_bytes())
    found = [item["id"] for item in made.items]
    assert len(set(found)) == len(found) == sum(map(len, rounds))
    assert not {"Otto Weber", "", "x" * 300} & set(found)


@given(st.integers(0, 12), st.integers(1, 5), st.booleans())
def test_the_pages_together_are_the_list(count: int, limit: int, backwards: bool) -> None:
    made = conversation(*({"role": "user", "content": str(n)} for n in range(count)))
    after, texts = None, []
    while True:
        page = made.page(after, limit, backwards=backwards)
        ConversationItemList.model_validate(page | ({} if page["data"] else {"first_id": "", "last_id": ""}))
        texts += [item["content"][0]["text"] for item in page["data"]]
        if not page["has_more"]:
            break
        assert len(page["data"]) == limit
        after = page["last_id"]
    assert texts == [str(n) for n in (range(count - 1, -1, -1) if backwards else range(count))]


def test_a_deleted_item_is_neither_found_nor_said_again() -> None:
    made = conversation(*SENT[:3])
    id_ = made.items[1]["id"]
    made.remove(id_)
    assert len(orjson.loads(made.asked())) == 2
    for work in (made.find, made.remove, lambda gone: made.page(gone, 1, backwards=False)):
        with pytest.raises(GatewayError, match="gespraech_unbekannt"):
            work(id_)


@pytest.mark.parametrize(("items", "code"), [
    (None, "anfrage_ungueltig"), ([], "anfrage_ungueltig"), ("Guten Tag", "anfrage_ungueltig"),
    (["Guten Tag"], "anfrage_ungueltig"), ([{"role": "user"}, 7], "anfrage_ungueltig"),
    ([{"type": "item_reference", "id": "x"}], "nicht_pruefbar"), ([{"id": "msg_1"}], "nicht_pruefbar"),
    ([{"role": "user", "content": [{"type": "input_text", "file_id": "f"}]}], "nicht_pruefbar")])
def test_what_could_never_be_sent_is_not_taken_in(items: Any, code: str) -> None:
    with pytest.raises(GatewayError, match=code):
        read_items(items)


@pytest.mark.parametrize("given_", [[], "x", 7, {"a": 1}, {"a": None}, {"a" * 65: "x"}, {"a": "x" * 513},
                                    {str(n): "x" for n in range(17)}])
def test_metadata_beyond_the_published_limits_is_refused(given_: Any) -> None:
    with pytest.raises(GatewayError, match="anfrage_ungueltig"):
        read_metadata(given_)
    assert read_metadata({"a" * 64: "x" * 512}) == {"a" * 64: "x" * 512}


def test_nobody_guesses_an_id() -> None:
    made = {new_identity() for _ in range(50)}
    assert len(made) == 50
    assert all(len(id_) == len("conv_") + 48 for id_ in made)


def test_an_empty_list_has_no_first_item() -> None:
    assert listed([]) == {"object": "list", "data": [], "has_more": False, "first_id": None, "last_id": None}
