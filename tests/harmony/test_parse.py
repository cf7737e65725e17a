"""The parser, against golden files, openai-harmony, every header seen in the wild, and arbitrary tokens."""

from itertools import chain

import openai_harmony as reference
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ossian.harmony.encoding import HarmonyEncoding
from ossian.harmony.events import MessageEnd, MessageStart, Recovery, TextDelta
from ossian.harmony.header import MAX_HEADER_TOKENS
from ossian.harmony.messages import Channel, Conversation, Message, Role
from ossian.harmony.vocabulary import CHANNEL, MESSAGE, NUM_ORDINARY_TOKENS, RETURN, START, VOCAB_SIZE, special_tokens
from tests.harmony import strategies
from tests.harmony.golden_files import golden_ids
from tests.harmony.turns import Said, analysis, call, events_of, final, folded, parsed, preamble, turn_ids

JSON = '{"location": "Tokyo"}'
WEATHER = call("get_weather", JSON)

# --- Well-formed turns ---------------------------------------------------------------------------------------------


def test_golden_reasoning_and_answer(encoding: HarmonyEncoding) -> None:
    assert folded(events_of(encoding, golden_ids("reasoning_and_answer"))) == [
        analysis('User asks: "What is 2 + 2?" Simple arithmetic. Provide answer.'),
        final("2 + 2 = 4."),
    ]


def test_golden_call_in_analysis(encoding: HarmonyEncoding) -> None:
    assert folded(events_of(encoding, golden_ids("call_in_analysis"))) == [
        Said(Channel.ANALYSIS, JSON, "lookup_weather", "code", is_complete=False)
    ]


def test_events_come_with_their_tokens(encoding: HarmonyEncoding) -> None:
    parser = encoding.parser()
    turn = turn_ids(encoding, "<|channel|>analysis<|message|>Hello world<|end|><|start|>assistant<|channel|>final")
    expected = [[], [], [MessageStart(Channel.ANALYSIS)], [TextDelta("Hello")], [TextDelta(" world")], [MessageEnd()]]
    assert [parser.feed(token_id) for token_id in turn] == [*expected, [], [], [], []]


def test_the_channel_tells_content_from_headers(encoding: HarmonyEncoding) -> None:
    parser = encoding.parser()
    seen = []
    for token_id in turn_ids(encoding, "<|channel|>analysis<|message|>Hello 🦉<|end|><|start|>assistant"):
        before = parser.channel
        parser.feed(token_id)
        seen.append(before if before is parser.channel else None)
    num_content_tokens = len(encoding.encode("Hello 🦉"))
    assert seen == [None] * 3 + [Channel.ANALYSIS] * num_content_tokens + [None] * 3


def headers(message: Message) -> list[str]:
    """Every way a model writes this message's header after "assistant"."""
    channel = f"<|channel|>{message.channel}"
    content_type = message.content_type or ""
    blank = " " if content_type else ""
    if message.recipient is None:
        return [f"{channel}{blank}{content_type}"]
    to = f" to={message.recipient}"
    written = [f"{to}{channel}{blank}{content_type}", f"{channel}{to}{blank}{content_type}"]
    if content_type.startswith("<|constrain|>"):
        written += [f"{to}{channel}{content_type}", f"{channel}{to}{content_type}"]
    return written


ENDS = {Channel.ANALYSIS: "<|end|>", Channel.COMMENTARY: "<|end|>", Channel.FINAL: "<|return|>"}


@st.composite
def turns(draw: st.DrawFn) -> tuple[str, list[Message]]:
    """A well-formed turn, and its messages. Their texts name no special token: in `turn_ids` it would be one."""
    plain = st.text(strategies.characters, max_size=20).filter(lambda text: "<|" not in text)
    messages = [
        Message(Role.ASSISTANT, draw(plain), None, message.channel, message.recipient, message.content_type)
        for message in draw(st.lists(strategies.said, min_size=1, max_size=4))
    ]
    turn = "<|start|>assistant".join(
        draw(st.sampled_from(headers(message)))
        + f"<|message|>{message.content}"
        + ("<|call|>" if message.recipient else ENDS[message.channel or Channel.FINAL])
        for message in messages
    )
    return turn, messages


def said_by(message: Message) -> Said:
    assert message.channel is not None
    return Said(message.channel, message.content, message.recipient, message.content_type)


def said_by_oracle(message: reference.Message) -> Said:
    (content,) = message.content
    assert isinstance(content, reference.TextContent)
    assert message.channel is not None
    return Said(Channel(message.channel), content.text, message.recipient, message.content_type)


@settings(deadline=None)
@given(turns())
def test_reads_well_formed_turns_as_the_oracle_does(
    encoding: HarmonyEncoding, oracle: reference.HarmonyEncoding, written: tuple[str, list[Message]]
) -> None:
    turn, messages = written
    token_ids = turn_ids(encoding, turn)
    parser = reference.StreamableParser(oracle, reference.Role.ASSISTANT)
    for token_id in token_ids:
        parser.process(token_id)
    ours = folded(events_of(encoding, token_ids))
    assert ours == [said_by_oracle(message) for message in parser.messages]
    assert ours == [said_by(message) for message in messages]


built_in_calls = st.builds(
    Message,
    st.just(Role.ASSISTANT),
    strategies.texts,
    channel=st.just(Channel.ANALYSIS),
    recipient=st.sampled_from(["python", "browser.search", "lookup_weather"]),
    content_type=strategies.content_types,
)


@settings(deadline=None)
@given(st.lists(strategies.said | built_in_calls, min_size=1, max_size=4))
def test_reads_back_what_was_rendered(encoding: HarmonyEncoding, messages: list[Message]) -> None:
    before = encoding.render(Conversation(()))
    prompt = encoding.render(Conversation(tuple(messages)), keep_all_analysis=True)
    assert prompt[: len(before)] == before
    assert folded(events_of(encoding, prompt[len(before) :])) == [said_by(message) for message in messages]


# --- Headers models really write -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header, expected",
    [
        # recipient in the role part or in the channel part, with and without blank and mark
        (" to=functions.get_weather<|channel|>commentary <|constrain|>json", WEATHER),
        (" to=functions.get_weather<|channel|>commentary<|constrain|>json", WEATHER),
        ("<|channel|>commentary to=functions.get_weather <|constrain|>json", WEATHER),
        ("<|channel|>commentary to=functions.get_weather<|constrain|>json", WEATHER),
        ("<|channel|>commentary to=functions.get_weather json", call("get_weather", JSON, "json")),
        ("<|channel|>commentary to=functions.get_weather code", call("get_weather", JSON, "code")),
        ("<|channel|>commentary to=functions.get_weather", call("get_weather", JSON, None)),
        ("<|channel|>commentary  to=functions.get_weather \n<|constrain|>json ", WEATHER),
        ("<|channel|>commentary <|constrain|>json to=functions.get_weather", WEATHER),
        ("<|channel|>commentaryto=functions.get_weather <|constrain|>json", WEATHER),
        ("<|channel|>commentary to= functions.get_weather <|constrain|>json", WEATHER),
        # the channel dropped or doubled, as after a tool's answer
        (" commentary to=functions.get_weather<|channel|>commentary<|constrain|>json", WEATHER),
        (" commentary to=functions.get_weather <|constrain|>json", WEATHER),
        (" to=functions.get_weather <|constrain|>json", WEATHER),
        ("<|constrain|>json to=functions.get_weather", WEATHER),
        ("<|channel|>to=functions.get_weather <|constrain|>json", WEATHER),
        # a name polluted by another channel: a function is called on commentary whatever the header says
        (
            "<|channel|>commentary to=functions.get_weather<|channel|>analysis",
            call("get_weather", JSON, None),
        ),
        ("<|channel|>analysis to=functions.get_weather <|constrain|>json", WEATHER),
        ("<|channel|>final to=functions.get_weather <|constrain|>json", WEATHER),
        # the author said again
        ("assistant<|channel|>commentary to=functions.get_weather <|constrain|>json", WEATHER),
        ("<|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json", WEATHER),
        ("<|end|><|start|>assistant to=functions.get_weather<|channel|>commentary <|constrain|>json", WEATHER),
        # "to=" left out
        ("<|channel|>commentary functions.get_weather <|constrain|>json", WEATHER),
        ("<|channel|>functions.get_weather <|constrain|>json", WEATHER),
        ("<|channel|>commentary get_weather json", Said(Channel.COMMENTARY, JSON, "get_weather", "json")),
        ("<|channel|>commentary get_weather", Said(Channel.COMMENTARY, JSON, "get_weather")),
        # tools that come with the model
        ("<|channel|>analysis to=browser.search code", Said(Channel.ANALYSIS, JSON, "browser.search", "code")),
        ("<|channel|>analysis to=python code", Said(Channel.ANALYSIS, JSON, "python", "code")),
        ("<|channel|>analysis to= lookup_weather code", Said(Channel.ANALYSIS, JSON, "lookup_weather", "code")),
        (" to=python<|channel|>analysis", Said(Channel.ANALYSIS, JSON, "python")),
        ("<|channel|>final to=python", Said(Channel.COMMENTARY, JSON, "python")),
        # to everybody
        ("<|channel|>commentary to=all", preamble(JSON)),
        ("<|channel|>commentary to=user", preamble(JSON)),
        ("<|channel|>final to=assistant", final(JSON)),
        # content types without a recipient
        ("<|channel|>final <|constrain|>json", Said(Channel.FINAL, JSON, None, "<|constrain|>json")),
        ("<|channel|>final json", Said(Channel.FINAL, JSON, None, "json")),
        ("<|channel|>commentary json", Said(Channel.COMMENTARY, JSON, None, "json")),
        ("<|channel|>final markdown", Said(Channel.FINAL, JSON, None, "markdown")),
        ("<|channel|>final<|constrain|>", final(JSON)),
        # channels missing, unknown, cut short, glued
        ("", final(JSON)),
        (" ", final(JSON)),
        ("assistant", final(JSON)),
        ("<|channel|>", final(JSON)),
        ("<|channel|> final", final(JSON)),
        ("<|channel|>thought", final(JSON)),
        ("<|channel|>anal", analysis(JSON)),
        ("<|channel|>comment", preamble(JSON)),
        ("<|channel|>co", final(JSON)),
        ("<|channel|>assistantfinal", final(JSON)),
        (" analysis", analysis(JSON)),
        ("<|channel|>analysis<|channel|>final", final(JSON)),
        ("<|channel|>analysis<|start|>assistant<|channel|>final", final(JSON)),
        # special tokens that have no business here
        ("<|reserved_200013|><|channel|>final<|endofprompt|>", final(JSON)),
        # somebody else's words are neither an answer nor a call
        ("<|start|>user", analysis(JSON)),
        ("<|start|>system", analysis(JSON)),
        ("<|start|>functions.get_weather to=assistant<|channel|>commentary", analysis(JSON)),
        ("<|start|>get_weather to=assistant<|channel|>commentary", analysis(JSON)),
        # an author that is none
        ("<|start|>final", final(JSON)),
        ("<|start|>to=functions.get_weather<|channel|>commentary <|constrain|>json", WEATHER),
        ("<|start|>assistant <|channel|>final", final(JSON)),
        ("<|start|>assistant\n", final(JSON)),
        ("<|start|>assistantcommentary to=functions.get_weather <|constrain|>json", WEATHER),
    ],
)
def test_headers(encoding: HarmonyEncoding, header: str, expected: Said) -> None:
    assert parsed(encoding, f"{header}<|message|>{JSON}<|end|>") == [expected]
    after_another = f"<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant{header}<|message|>{JSON}<|call|>"
    assert parsed(encoding, after_another) == [analysis("Hm."), expected]


@pytest.mark.parametrize(
    "header, noise, expected",
    [
        ("<|channel|>commentary to=functions.get_weather 天天中彩票 <|constrain|>json", "天天中彩票", WEATHER),
        ("<|channel|>commentary to=functions.get_weather <|constrain|>json I think", "I think", WEATHER),
        ("<|channel|>commentary to=functions.get_weather to=functions.b <|constrain|>json", "functions.b", WEATHER),
        ("<|channel|>final well, here it is", "well, here it is", final(JSON)),
        ("<|channel|>analysis to=python code comment", "comment", Said(Channel.ANALYSIS, JSON, "python", "code")),
        ("<|channel|>commentary to=<", "<", preamble(JSON)),
    ],
)
def test_noise_in_a_header_is_kept_beside_the_message(
    encoding: HarmonyEncoding, header: str, noise: str, expected: Said
) -> None:
    assert parsed(encoding, f"{header}<|message|>{JSON}<|end|>") == [analysis(noise), expected]


# --- Headers that never end ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "turn, expected",
    [
        # no header: the text is the answer
        ("Hello world<|return|>", final("Hello world")),
        ("\n\nHello world<|end|>", final("Hello world")),
        ("final answer: 5<|return|>", final("final answer: 5")),
        ("analysis of the poem<|return|>", final("analysis of the poem")),
        ("assistants help<|return|>", final("assistants help")),
        ("assistant is a noun<|return|>", final("assistant is a noun")),
        ("tool use is fun<|return|>", final("tool use is fun")),
        ("to be or not to be<|return|>", final("to be or not to be")),
        ("🦉 hoots<|return|>", final("🦉 hoots")),
        ("a<|return|>", final("a")),
        ("<|start|>assistant Hello<|return|>", final("Hello")),
        ("<|start|>assistantHello<|return|>", final("Hello")),
        ("<|start|>Hello there<|return|>", final("Hello there")),
        ("<|start|>user Hello there<|return|>", analysis("Hello there")),
        # <|message|> left out
        ("<|channel|>commentary Hello<|end|>", preamble("Hello")),
        ("<|channel|>analysis We need to<|end|>", analysis("We need to")),
        ("<|channel|>analysisWe need to<|end|>", analysis("We need to")),
        ("assistant<|channel|>final 4, of course.<|return|>", final("4, of course.")),
        ("<|channel|>final json is a format<|return|>", final("json is a format")),
        ("<|channel|>semifinal tickets<|return|>", final("semifinal tickets")),
        ("<|channel|>final 4, of course.<|return|>", final("4, of course.")),
        ("<|channel|>Hello there<|return|>", final("Hello there")),
        (f"<|channel|>commentary to=functions.get_weather <|constrain|>json{JSON}<|call|>", WEATHER),
        (f"<|channel|>commentary to=functions.get_weather <|constrain|>json {JSON}<|call|>", WEATHER),
        (
            f"<|channel|>commentary to=functions.get_weather code {JSON}<|call|>",
            call("get_weather", JSON, "code"),
        ),
        (f"<|channel|>commentary to=functions.get_weather{JSON}<|call|>", call("get_weather", JSON, None)),
        ("<|channel|>commentary to=functions.now<|call|>", call("now", "", None)),
    ],
)
def test_a_header_without_end_was_text(encoding: HarmonyEncoding, turn: str, expected: Said) -> None:
    assert parsed(encoding, turn) == [expected]


@pytest.mark.parametrize(
    "turn", ["", "\n", "<|channel|>", "<|channel|>final<|return|>", "<|return|>", "<|end|><|start|>assistant<|end|>"]
)
def test_nothing_said_is_no_message(encoding: HarmonyEncoding, turn: str) -> None:
    assert parsed(encoding, turn) == []


@pytest.mark.parametrize(
    "turn, recovered",
    [
        ("<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Hi<|return|>", []),
        ("Hello<|return|>", [(Channel.FINAL, Recovery.NO_HEADER)]),
        ("<|channel|>commentary to=functions.now<|call|>", [(Channel.COMMENTARY, Recovery.OPEN_HEADER)]),
        ("<|channel|>final Hi there<|return|>", [(Channel.FINAL, Recovery.OPEN_HEADER)]),
        ("<|channel|>final well you know<|message|>Hi<|return|>", [(Channel.ANALYSIS, Recovery.NOISE)]),
    ],
)
def test_what_was_recovered_is_told(
    encoding: HarmonyEncoding, turn: str, recovered: list[tuple[Channel, Recovery]]
) -> None:
    parser = encoding.parser()
    events = [event for token_id in turn_ids(encoding, turn) for event in parser.feed(token_id)] + parser.finish()
    starts = [each for each in events if isinstance(each, MessageStart)]
    assert [(each.channel, each.recovery) for each in starts if each.recovery] == recovered


def test_text_without_a_header_is_streamed_at_once(encoding: HarmonyEncoding) -> None:
    parser = encoding.parser()
    hello, world = encoding.encode("Hello world")
    assert parser.feed(hello) == [MessageStart(Channel.FINAL), TextDelta("Hello")]
    assert parser.feed(world) == [TextDelta(" world")]


def test_a_word_that_ended_too_soon_for_a_header_is_text_at_once(encoding: HarmonyEncoding) -> None:
    parser = encoding.parser()
    assert parser.feed(encoding.encode("to")[0]) == []  # may become "to=…"
    assert parser.feed(encoding.encode("\n")[0]) == [MessageStart(Channel.FINAL), TextDelta("to\n")]


def test_a_header_has_an_end_even_without_one(encoding: HarmonyEncoding) -> None:
    parser = encoding.parser()
    turn = turn_ids(encoding, "<|channel|>final" + " la" * (MAX_HEADER_TOKENS + 10))
    events = [parser.feed(token_id) for token_id in turn]
    assert not any(events[: MAX_HEADER_TOKENS + 1])
    assert parser.channel is Channel.FINAL
    expected = final("la" + " la" * (MAX_HEADER_TOKENS + 9), is_complete=False)
    assert folded([*chain.from_iterable(events), *parser.finish()]) == [expected]


# --- Special tokens in content -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "turn, expected",
    [
        ("a<|message|>b<|return|>", [final("ab")]),
        ("<|message|>a<|return|>", [final("a")]),
        ("a<|constrain|>b<|reserved_200013|>c<|startoftext|><|return|>", [final("abc")]),
        ("a<|channel|>analysis<|message|>b<|end|>", [final("a"), analysis("b")]),
        ("a<|start|>assistant<|channel|>analysis<|message|>b", [final("a"), analysis("b", is_complete=False)]),
        ("a<|end|>assistant<|channel|>analysis<|message|>b<|end|>", [final("a"), analysis("b")]),
        ("a<|end|>\n<|start|>assistant<|channel|>analysis<|message|>b<|end|>", [final("a"), analysis("b")]),
        ("a<|end|>The end.<|return|>", [final("a"), final("The end.")]),
        ("<|end|><|start|>assistant<|channel|>analysis<|message|><|end|>", [final(""), analysis("")]),
        # a caller may ignore the end of a turn
        ("a<|return|><|start|>assistant<|channel|>final<|message|>b<|endoftext|>", [final("a"), final("b")]),
        ("a<|return|><|return|><|call|>b<|end|>", [final("a"), final("b")]),
    ],
)
def test_special_tokens_in_content(encoding: HarmonyEncoding, turn: str, expected: list[Said]) -> None:
    assert parsed(encoding, f"<|channel|>final<|message|>{turn}") == expected


# --- The end -------------------------------------------------------------------------------------------------------


def test_a_finished_turn_has_nothing_left(encoding: HarmonyEncoding) -> None:
    parser = encoding.parser()
    for token_id in golden_ids("reasoning_and_answer"):
        parser.feed(token_id)
    assert parser.finish() == []
    assert parser.finish() == []


@pytest.mark.parametrize(
    "turn, expected",
    [
        ("<|channel|>final<|message|>Hel", [final("Hel", is_complete=False)]),
        ("<|channel|>final<|message|>", [final("", is_complete=False)]),
        ("<|channel|>final Hel", [final("Hel", is_complete=False)]),
        ("a", [final("a", is_complete=False)]),
        # half a header says nothing, and half a name would be a wrong one
        ("<|channel|>commentary to=functions.get_wea", []),
        ("<|channel|>analysis", []),
    ],
)
def test_a_turn_that_is_cut_off(encoding: HarmonyEncoding, turn: str, expected: list[Said]) -> None:
    assert parsed(encoding, turn) == expected


# --- Bytes ---------------------------------------------------------------------------------------------------------

ordinary_ids = st.integers(0, NUM_ORDINARY_TOKENS - 1) | st.integers(0, 255)  # the first 256 are single bytes
FINAL_HEADER = (CHANNEL, 17196, MESSAGE)


@settings(deadline=None)
@given(st.lists(st.lists(ordinary_ids, max_size=20), max_size=4))
@example([[132990, 9552], [9552]])
@example([[132990], [9552]])
def test_content_is_decoded_as_a_whole_and_nothing_leaks_into_the_next_message(
    encoding: HarmonyEncoding, contents: list[list[int]]
) -> None:
    token_ids = [token_id for content in contents for token_id in (*FINAL_HEADER, *content, RETURN)]
    expected = [
        b"".join(encoding.token_bytes(token_id) for token_id in content).decode(errors="replace")
        for content in contents
    ]
    assert folded(events_of(encoding, token_ids)) == [final(text) for text in expected]


@settings(deadline=None)
@given(st.lists(ordinary_ids, min_size=1, max_size=20))
def test_a_cut_off_character_is_replaced(encoding: HarmonyEncoding, content: list[int]) -> None:
    expected = b"".join(encoding.token_bytes(token_id) for token_id in content).decode(errors="replace")
    assert folded(events_of(encoding, (*FINAL_HEADER, *content))) == [final(expected, is_complete=False)]


def test_a_character_is_given_out_whole(encoding: HarmonyEncoding) -> None:
    owl = encoding.encode("\N{OWL}")
    assert len(owl) > 1
    parser = encoding.parser()
    for token_id in FINAL_HEADER:
        parser.feed(token_id)
    assert [parser.feed(token_id) for token_id in owl] == [[]] * (len(owl) - 1) + [[TextDelta("\N{OWL}")]]


# --- Any tokens ----------------------------------------------------------------------------------------------------

special_ids = st.integers(NUM_ORDINARY_TOKENS, NUM_ORDINARY_TOKENS + 22) | st.sampled_from((*FINAL_HEADER, START))
any_ids = st.lists(
    special_ids | ordinary_ids | st.integers(VOCAB_SIZE - 5, VOCAB_SIZE + 5) | st.integers(), max_size=60
)


@settings(deadline=None, max_examples=500)
@given(any_ids)
def test_any_tokens_give_events_in_order(encoding: HarmonyEncoding, token_ids: list[int]) -> None:
    folded(events_of(encoding, token_ids))


special_names = st.sampled_from(sorted(special_tokens(), key=special_tokens().__getitem__)[:22])
header_words = st.sampled_from(
    [
        " to=",
        "functions.x",
        " commentary",
        "analysis",
        "final",
        "assistant",
        "user",
        " json",
        "code",
        " ",
        "{",
        "é",
        "\n",
    ]
)
takes_a_word = ("<|start|>", "<|channel|>", "<|constrain|>", " to=")  # what follows is a name, whatever it says
says_nothing = ("<|startoftext|>", "<|endofprompt|>", " ", "\n")


@st.composite
def tangles(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Structure and words of headers in any order with text between, and the words of that text."""
    turn, last = "", ""
    words: list[str] = []
    for piece in draw(st.lists(special_names | header_words | st.just("TEXT"), max_size=40)):
        if piece == "TEXT" and last in takes_a_word:
            continue
        if piece == "TEXT":
            words.append(f"Zq{len(words)}z!")
        turn += f" {words[-1]} " if piece == "TEXT" else piece
        last = last if piece in says_nothing or "reserved" in piece else piece
    return turn, words


@settings(deadline=None, max_examples=500)
@given(tangles())
@example((" to=<|constrain|>functions.x Zq0z! ", ["Zq0z!"]))
def test_no_text_is_lost_or_said_twice(encoding: HarmonyEncoding, tangle: tuple[str, list[str]]) -> None:
    turn, words = tangle
    said = parsed(encoding, turn)
    spoken = " ".join(message.text for message in said).split()
    assert [word for word in spoken if word in words] == words


@settings(deadline=None)
@given(any_ids, st.integers(0, 60))
def test_a_token_changes_nothing_that_was_said_before_it(
    encoding: HarmonyEncoding, token_ids: list[int], cut: int
) -> None:
    parser = encoding.parser()
    before = [event for token_id in token_ids[:cut] for event in parser.feed(token_id)]
    assert events_of(encoding, token_ids)[: len(before)] == before
