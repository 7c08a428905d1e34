"""Turns in any order become messages in the one order that the backend takes; each repair by a small example."""

from __future__ import annotations

import pytest
from tests.openai_bodies import PIXEL

from kiro2chat_core.kiro import rules
from kiro2chat_core.kiro.history import EMPTY_RESULT, INTERRUPTED, PLACEHOLDER, Message, PairedResult, arrange
from kiro2chat_core.turns import Image, Part, Reasoning, Text, ToolCall, ToolResult, Turn

PNG = Image("png", PIXEL)
CONTINUE: tuple[str, str, list[str], list[tuple[str, str]]] = ("user", PLACEHOLDER, [], [])


def user(*parts: Part | str) -> Turn:
    return Turn("user", tuple(Text(part) if isinstance(part, str) else part for part in parts))


def assistant(*parts: Part | str) -> Turn:
    return Turn("assistant", tuple(Text(part) if isinstance(part, str) else part for part in parts))


def call(call_id: str = "t1", name: str = "read") -> ToolCall:
    return ToolCall(call_id, name, "{}")


def result(call_id: str = "t1", *content: Text | Image | str, error: bool = False) -> ToolResult:
    return ToolResult(call_id, tuple(Text(part) if isinstance(part, str) else part for part in content), error)


def seen(message: Message) -> tuple[str, str, list[str], list[tuple[str, str]]]:
    """Role, text, ids of calls, (id, text) of results; errors begin with a `!`."""
    results = [(each.call_id, f"{'!' if each.is_error else ''}{each.text}") for each in message.results]
    return message.role, message.text, [call_id for call_id, _ in message.calls], results


ARRANGED: dict[str, tuple[list[Turn], list[tuple[str, str, list[str], list[tuple[str, str]]]], list[str]]] = {
    "nothing": ([], [CONTINUE], ["a user message was put before the first assistant message"]),
    "one question": ([user("Hi")], [("user", "Hi", [], [])], []),
    "a conversation": (
        [user("Hi"), assistant("Hello"), user("Bye")],
        [("user", "Hi", [], []), ("assistant", "Hello", [], []), ("user", "Bye", [], [])],
        [],
    ),
    "a call and its result": (
        [user("Hi"), assistant("Reading", call()), user(result("t1", "done"))],
        [("user", "Hi", [], []), ("assistant", "Reading", ["t1"], []), ("user", "", [], [("t1", "done")])],
        [],
    ),
    # drop leading turns that are not the user's: ours stay, behind a placeholder
    "a greeting first": (
        [assistant("Hello"), user("Hi")],
        [CONTINUE, ("assistant", "Hello", [], []), ("user", "Hi", [], [])],
        ["a user message was put before the first assistant message"],
    ),
    "a prefill last": (
        [user("Hi"), assistant("Well,")],
        [("user", "Hi", [], []), ("assistant", "Well,", [], []), CONTINUE],
        ["a user message was put after the last assistant message"],
    ),
    "a bare result first": (
        [user(result("t9", "lost")), user("Hi")],
        [("user", "Hi\n\n[Result of the tool call t9]\nlost", [], [])],
        ["neighbouring user messages were merged", "a tool result without a call became text"],
    ),
    # merge neighbours
    "two questions": (
        [user("Hi"), user("there")],
        [("user", "Hi\n\nthere", [], [])],
        ["neighbouring user messages were merged"],
    ),
    "two answers": (
        [user("Hi"), assistant("He"), assistant("llo", call()), user(result("t1", "done"))],
        [("user", "Hi", [], []), ("assistant", "He\n\nllo", ["t1"], []), ("user", "", [], [("t1", "done")])],
        ["neighbouring assistant messages were merged"],
    ),
    "an empty answer": (
        [user("Hi"), assistant(""), user("Hello?")],
        [("user", "Hi\n\nHello?", [], [])],
        ["an empty assistant message was dropped", "neighbouring user messages were merged"],
    ),
    "an answer of reasoning alone": (
        [user("Hi"), assistant(Reasoning("Hm"))],
        [("user", "Hi", [], [])],
        ["an empty assistant message was dropped"],
    ),
    "results in messages of their own": (
        [user("Hi"), assistant(call("t1"), call("t2")), user(result("t1", "one")), user(result("t2", "two"))],
        [("user", "Hi", [], []), ("assistant", "", ["t1", "t2"], []), ("user", "", [], [("t1", "one"), ("t2", "two")])],
        ["neighbouring user messages were merged"],
    ),
    # orphans and duplicates
    "an orphan": (
        [user("Hi"), assistant("Hello"), user(result("t9", "lost"), "Bye")],
        [("user", "Hi", [], []), ("assistant", "Hello", [], []), ("user", "Bye\n\n[Result of the tool call t9]\nlost", [], [])],
        ["a tool result without a call became text"],
    ),
    "an orphan that is an error": (
        [user(result("t9", "broken", error=True))],
        [("user", "[Error of the tool call t9]\nbroken", [], [])],
        ["a tool result without a call became text"],
    ),
    "the same result twice": (
        [user("Hi"), assistant(call()), user(result("t1", "done"), result("t1", "done"))],
        [("user", "Hi", [], []), ("assistant", "", ["t1"], []), ("user", "", [], [("t1", "done")])],
        ["a repeated tool result was dropped"],
    ),
    "two results of one call": (
        [user("Hi"), assistant(call()), user(result("t1", "one"), result("t1", "two"))],
        [("user", "Hi", [], []), ("assistant", "", ["t1"], []),
         ("user", "[Result of the tool call t1]\ntwo", [], [("t1", "one")])],
        ["a tool result without a call became text"],
    ),
    # missing results
    "no result": (
        [user("Hi"), assistant(call()), user("Bye")],
        [("user", "Hi", [], []), ("assistant", "", ["t1"], []), ("user", "Bye", [], [("t1", f"!{INTERRUPTED}")])],
        ["a tool call without a result was given an error result"],
    ),
    "a call last": (
        [user("Hi"), assistant(call())],
        [("user", "Hi", [], []), ("assistant", "", ["t1"], []), ("user", PLACEHOLDER, [], [("t1", f"!{INTERRUPTED}")])],
        ["a user message was put after the last assistant message",
         "a tool call without a result was given an error result"],
    ),
    "one of two results": (
        [user("Hi"), assistant(call("t1"), call("t2")), user(result("t2", "two"))],
        [("user", "Hi", [], []), ("assistant", "", ["t1", "t2"], []),
         ("user", "", [], [("t1", f"!{INTERRUPTED}"), ("t2", "two")])],
        ["a tool call without a result was given an error result"],
    ),
    # the order of the calls
    "results the other way round": (
        [user("Hi"), assistant(call("t1"), call("t2")), user(result("t2", "two"), result("t1", "one"))],
        [("user", "Hi", [], []), ("assistant", "", ["t1", "t2"], []), ("user", "", [], [("t1", "one"), ("t2", "two")])],
        [],
    ),
    # results far from their calls
    "a result after other turns": (
        [user("Hi"), assistant(call()), user("Wait"), assistant("OK"), user(result("t1", "done"))],
        [("user", "Hi", [], []), ("assistant", "", ["t1"], []), ("user", "Wait", [], [("t1", "done")]),
         ("assistant", "OK", [], []), CONTINUE],
        ["a tool result was moved to the message after its call", "an empty user message was given a placeholder"],
    ),
    "a result before its call": (
        [user(result("t1", "early")), assistant(call()), user("Go")],
        [("user", "[Result of the tool call t1]\nearly", [], []), ("assistant", "", ["t1"], []),
         ("user", "Go", [], [("t1", f"!{INTERRUPTED}")])],
        ["a tool call without a result was given an error result", "a tool result without a call became text"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("turns", "messages", "repairs"), ARRANGED.values(), ids=ARRANGED)
def test_arranging(
    turns: list[Turn], messages: list[tuple[str, str, list[str], list[tuple[str, str]]]], repairs: list[str]
) -> None:
    arranged, made = arrange(turns)
    assert [seen(message) for message in arranged] == messages
    assert made == repairs


def test_ids_that_come_again_in_a_later_turn_are_made_new_with_their_results() -> None:
    turns = [user("Hi"), assistant(call()), user(result("t1", "one")), assistant(call()), user(result("t1", "two"))]
    messages, _ = arrange(turns)
    (first,), (second,) = messages[1].calls, messages[3].calls
    assert first[0] == "t1"
    assert second[0] != "t1"
    assert messages[2].results == [PairedResult("t1", "one", is_error=False)]
    assert messages[4].results == [PairedResult(second[0], "two", is_error=False)]


def test_ids_that_come_twice_in_one_turn_are_paired_in_their_order() -> None:
    messages, _ = arrange([user("Hi"), assistant(call(), call()), user(result("t1", "one"), result("t1", "two"))])
    ids = [call_id for call_id, _ in messages[1].calls]
    assert len(set(ids)) == 2
    assert [(each.call_id, each.text) for each in messages[2].results] == [(ids[0], "one"), (ids[1], "two")]


def test_a_call_does_not_take_the_result_of_a_later_call_with_its_id() -> None:
    turns = [user("Hi"), assistant(call()), user("No"), assistant(call()), user(result("t1", "second"))]
    messages, _ = arrange(turns)
    assert [result.text for message in messages for result in message.results] == [INTERRUPTED, "second"]


RESULTS: dict[str, tuple[ToolResult, str]] = {
    "text": (result("t1", "done"), "done"),
    "several texts": (result("t1", "a", "b"), "a\nb"),
    "nothing": (result("t1"), EMPTY_RESULT),
    "an empty text": (result("t1", ""), EMPTY_RESULT),
    "spaces": (result("t1", " \n"), EMPTY_RESULT),
    "an image": (result("t1", PNG), "(the result is the attached image)"),
    "an image and text": (result("t1", "see", PNG), "see"),
}


@pytest.mark.parametrize(("given", "text"), RESULTS.values(), ids=RESULTS)
def test_what_a_result_says(given: ToolResult, text: str) -> None:
    messages, _ = arrange([user("Hi"), assistant(call()), user(given)])
    assert messages[2].results == [PairedResult("t1", text, is_error=False)]
    assert messages[2].images == [part for part in given.content if isinstance(part, Image)]


def test_a_result_too_long_is_cut_and_says_so() -> None:
    messages, _ = arrange([user("Hi"), assistant(call()), user(result("t1", "x" * 1_000_000))])
    text = messages[2].results[0].text
    assert len(text) <= rules.RESULT_LENGTH
    assert text.startswith("x" * (rules.RESULT_LENGTH - 80))
    kept = text.count("x")
    assert text.endswith(f"\n[{1_000_000 - kept} more characters were left out]")


def test_an_image_alone_gets_a_text() -> None:
    messages, repairs = arrange([user(PNG)])
    assert (messages[0].text, messages[0].images) == (PLACEHOLDER, [PNG])
    assert repairs == ["an empty user message was given a placeholder"]


def test_ten_images_stay_together() -> None:
    messages, repairs = arrange([user("Look", *[PNG] * 10)])
    assert [len(message.images) for message in messages] == [10]
    assert repairs == []


def test_more_images_are_split_over_messages_and_the_question_comes_last() -> None:
    messages, _ = arrange([user("Hi"), assistant(call()), user(result("t1", "done"), "Look", *[PNG] * 23)])
    assert [message.role for message in messages] == ["user", "assistant"] + ["user", "assistant"] * 2 + ["user"]
    assert [len(message.images) for message in messages] == [0, 0, 10, 0, 10, 0, 3]
    assert [len(message.results) for message in messages] == [0, 0, 1, 0, 0, 0, 0]
    assert messages[2].text == "(images 1 to 10 of 23)"
    assert messages[-1].text == "Look"


def test_of_more_than_a_hundred_images_the_newest_stay() -> None:
    old, new = Image("png", PIXEL), Image("gif", "R0lGODlh")
    turns = [user("one", *[old] * 60), assistant("OK"), user("two", *[new] * 60)]
    messages, repairs = arrange(turns)
    kept = [image for message in messages for image in message.images]
    assert (kept.count(old), kept.count(new)) == (40, 60)
    assert "20 of the oldest images were left out" in repairs
    assert "[20 image(s) left out: at most 100 fit in a request]" in "\n".join(message.text for message in messages)


def test_turns_are_left_as_they_are() -> None:
    turns = (user("a"), user("b"), assistant(call()), user(result("t1", "x")), user(result("t1", "x")))
    before = repr(turns)
    assert arrange(turns)[1] == arrange(turns)[1]
    assert repr(turns) == before
