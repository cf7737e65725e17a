"""Every turn under a mask is well-formed; what cannot be enforced is refused with its place."""

import re
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import numpy as np
import pytest

from ossian.errors import InvalidRequestError, TokenMaskError
from ossian.harmony.grammar import CustomGrammar, FunctionGrammar, Syntax, TurnShape
from ossian.harmony.token_mask import NUM_WORDS, GrammarMask, load_grammars
from ossian.harmony.vocabulary import CALL, CHANNEL, END, MESSAGE, RETURN
from tests.harmony.turn_walks import (
    ENCODING,
    OBJECTS,
    SHAPES,
    TOOLS,
    check,
    draw,
    messages_of,
    num_analysis_tokens,
    walk,
)

GRAMMARS = load_grammars()
IMPOSSIBLE = {"type": "object", "properties": {"z": {"enum": []}}, "required": ["z"]}


def allowed(shape: TurnShape, *token_ids: int) -> set[int]:
    """The tokens allowed after some."""
    mask = GRAMMARS.compile(shape).mask(forces=False)
    for token_id in token_ids:
        mask.allowed()
        mask.advance(token_id)
    return set(np.flatnonzero(np.unpackbits(mask.allowed().view(np.uint8), bitorder="little")).tolist())


def turn(text: str) -> list[int]:
    """The tokens of a turn whose special tokens are spelled out."""
    pieces = re.split(r"(<\|\w+\|>)", text)
    names = {"<|channel|>": CHANNEL, "<|message|>": MESSAGE, "<|end|>": END, "<|return|>": RETURN, "<|call|>": CALL,
             "<|start|>": 200_006, "<|constrain|>": 200_003}  # fmt: skip
    return [each for piece in pieces for each in ([names[piece]] if piece in names else ENCODING.encode(piece))]


def is_legal(shape: TurnShape, text: str) -> bool:
    mask = GRAMMARS.compile(shape).mask(forces=False)
    for token_id in turn(text):
        words = mask.allowed()
        if not words[token_id // 32] >> np.uint32(token_id % 32) & 1:
            return False
        mask.advance(token_id)
    return True


@pytest.mark.parametrize("name", SHAPES)
def test_random_turns_are_what_their_shape_allows(name: str) -> None:
    shape, random = SHAPES[name], Random(name)
    num_finished = 0
    for _ in range(6):
        token_ids = walk(GRAMMARS.compile(shape).mask(), lambda words: draw(random, words))
        if token_ids[-1] in (RETURN, CALL):
            check(shape, token_ids)
            num_finished += 1
        if shape.max_analysis_tokens is not None:
            assert num_analysis_tokens(token_ids) <= shape.max_analysis_tokens + 3
    assert num_finished > 0


@pytest.mark.slow
def test_two_thousand_random_turns() -> None:
    random = Random(7)
    num_finished = 0
    for _ in range(2_000):
        shape = random.choice(list(SHAPES.values()))
        token_ids = walk(GRAMMARS.compile(shape).mask(forces=random.random() < 0.5), lambda words: draw(random, words))
        if token_ids[-1] in (RETURN, CALL):
            check(shape, token_ids)
            num_finished += 1
    assert num_finished > 1_800


@pytest.mark.parametrize(
    "text",
    [
        "<|channel|>final<|message|>Hi<|return|>",
        "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Hi<|return|>",
        ' to=functions.tool_weather<|channel|>commentary <|constrain|>json<|message|>{"location": "Rome"}<|call|>',
        '<|channel|>commentary to=functions.tool_weather <|constrain|>json<|message|>{"location":"Rome"}<|call|>',
        '<|channel|>commentary to=functions.tool_weather json<|message|>{"location": "Rome"}<|call|>',
        "<|channel|>commentary<|message|>One moment.<|end|><|start|>assistant"
        "<|channel|>commentary to=functions.no-arguments<|constrain|>json<|message|>{}<|call|>",
        "<|channel|>commentary to=functions.sql code<|message|>SELECT a, b FROM c<|call|>",
        "<|channel|>commentary to=functions.free<|message|>anything { \n at all<|call|>",
    ],
)
def test_what_models_write_is_legal(text: str) -> None:
    assert is_legal(TurnShape(TOOLS), text)


@pytest.mark.parametrize(
    "text",
    [
        "Hi",
        "<|message|>Hi",
        "<|channel|>thoughts",
        "<|channel|>final<|message|>Hi<|end|>",
        "<|channel|>final<|message|>Hi<|call|>",
        "<|channel|>analysis<|message|>Hm.<|return|>",
        "<|channel|>commentary to=functions.other",
        "<|channel|>commentary to=python",
        '<|channel|>commentary to=functions.tool_weather <|constrain|>json<|message|>{"place"',
        '<|channel|>commentary to=functions.tool_weather <|constrain|>json<|message|>{"location": "Rome"}<|return|>',
        '<|channel|>commentary to=functions.tool_weather <|constrain|>json<|message|>{"location": 5',
        '<|channel|>commentary to=functions.no-arguments<|constrain|>json<|message|>{"',
        "<|channel|>commentary to=functions.sql code<|message|>DELETE",
        "<|channel|>commentary to=functions.when code<|message|>2026/11/x<|channel|>",
    ],
)
def test_what_breaks_the_format_is_not(text: str) -> None:
    assert not is_legal(TurnShape(TOOLS), text)


def test_without_tools_there_is_nothing_but_analysis_and_answer() -> None:
    assert allowed(TurnShape()) == {CHANNEL}
    assert {ENCODING.decode([each]) for each in allowed(TurnShape(), CHANNEL)} == {"analysis", "final"}


def test_text_never_holds_a_special_token() -> None:
    content = allowed(TurnShape(), *turn("<|channel|>analysis<|message|>Hm"))
    assert {each for each in content if ENCODING.is_special(each)} == {END}
    assert len(content) > 199_000


@pytest.mark.parametrize("definition", [r"[^a]", r"(?s:.)", r"\P{L}", r"[\x{0}-\x{10ffff}]", r"\S|\W|\D"])
def test_no_regex_fits_a_special_token(definition: str) -> None:
    shape = TurnShape((CustomGrammar("a", Syntax.REGEX, definition),), must_call=True)
    begun = turn("<|channel|>commentary to=functions.a<|message|>")
    assert max(allowed(shape, *begun)) < 199_998


def test_a_cap_closes_the_analysis_and_lets_no_other_begin() -> None:
    shape = TurnShape(max_analysis_tokens=2)
    begun = turn("<|channel|>analysis<|message|>One two")
    assert allowed(shape, *begun) == {END}
    again = turn("<|channel|>analysis<|message|>One two<|end|><|start|>assistant<|channel|>")
    assert {ENCODING.decode([each]) for each in allowed(shape, *again)} == {"final"}
    assert {ENCODING.decode([each]) for each in allowed(TurnShape(max_analysis_tokens=0), CHANNEL)} == {"final"}


def test_forced_tokens_are_those_that_sampling_would_give() -> None:
    schema = {
        "type": "object",
        "properties": {"long_name_of_a_property": {"enum": ["one_value"]}},
        "required": ["long_name_of_a_property"],
        "additionalProperties": False,
    }
    shape = TurnShape((FunctionGrammar("get_weather", schema),), must_call=True, max_analysis_tokens=0)
    runs = []
    for forces in (False, True):
        mask, num_drawn = GRAMMARS.compile(shape).mask(forces=forces), 0
        token_ids: list[int] = []
        while not token_ids or token_ids[-1] != CALL:
            words = mask.allowed()
            first = int(np.flatnonzero(np.unpackbits(words.view(np.uint8), bitorder="little"))[0])
            token_ids += [first, *mask.advance(first)]
            num_drawn += 1
        runs.append((token_ids, num_drawn))
    assert runs[0][0] == runs[1][0]
    assert runs[1][1] < runs[0][1]


def test_what_is_forced_is_the_models_own_tokenization() -> None:
    random, shape = Random(3), SHAPES["only tool_enum"]
    for _ in range(5):
        token_ids = walk(GRAMMARS.compile(shape).mask(), lambda words: draw(random, words))
        *_, last = messages_of(token_ids)
        written = ENCODING.encode(last.text)
        assert ENCODING.decode(token_ids).endswith(f"{ENCODING.decode(written)}<|call|>")


def test_masks_of_one_grammar_do_not_know_each_other() -> None:
    one, other = GRAMMARS.compile(TurnShape()).mask(), GRAMMARS.compile(TurnShape()).mask()
    one.allowed()
    one.advance(CHANNEL)
    assert not np.array_equal(one.allowed(), other.allowed())
    assert one.allowed().shape == (NUM_WORDS,)


def test_many_threads_may_ask_for_masks() -> None:
    with ThreadPoolExecutor(8) as threads:
        compiled = threads.map(GRAMMARS.compile, [SHAPES["json nested"], SHAPES["all tools"]] * 20)
        masks = [grammar.mask() for grammar in compiled]
    assert len({mask.allowed().tobytes() for mask in masks}) == 2


@pytest.mark.parametrize(
    "shape, param, message",
    [
        (
            TurnShape(final_schema={"properties": {"z": {"pattern": "(?=a)b"}}}, final_param="f.schema"),
            "f.schema.properties.z",
            "regex parse error: look-around",
        ),
        (
            TurnShape((FunctionGrammar("a", IMPOSSIBLE, "tools[4]"),)),
            "tools[4]",
            "unsatisfiable",
        ),
        (TurnShape(final_schema={"oneOf": [{"type": "string"}, {"minLength": 2}]}, final_param="f"), "f", "oneOf"),
        (TurnShape((CustomGrammar("a", Syntax.LARK, "start: other", "tools[0]"),)), "tools[0]", "other"),
        (TurnShape((CustomGrammar("a", Syntax.REGEX, "(a", "tools[0]"),)), "tools[0]", "regex"),
    ],
)
def test_what_cannot_be_enforced_is_refused_with_its_place(shape: TurnShape, param: str, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message) as caught:
        GRAMMARS.compile(shape)
    assert caught.value.param == param


def chain(length: int) -> dict[str, Any]:
    """A schema of objects, each of which refers to the next."""
    objects = {
        f"d{index}": {"type": "object", "properties": {"a": {"$ref": f"#/$defs/d{index + 1}"}}, "required": ["a"]}
        for index in range(length)
    }
    return {"$defs": {**objects, f"d{length}": {"type": "string"}}, "$ref": "#/$defs/d0"}


def rules(length: int, name: str) -> str:
    """A Lark grammar of rules, or terminals, each of which is the next."""
    chained = "\n".join(f"{name}{index}: {name}{index + 1}" for index in range(length))
    return f'start: {name}0\n{chained}\n{name}{length}: "a"'


@pytest.mark.parametrize(
    "shape",
    [
        TurnShape(final_schema=chain(3_000)),
        TurnShape((CustomGrammar("a", Syntax.LARK, rules(5_000, "r")),)),
        TurnShape((CustomGrammar("a", Syntax.LARK, rules(5_000, "T")),)),
    ],
    ids=["references", "rules", "terminals"],
)
def test_long_chains_do_not_use_up_the_stack(shape: TurnShape) -> None:
    """On a stack of the usual size each of these ends the whole process."""
    assert GRAMMARS.compile(shape).mask().allowed().any()


@pytest.mark.parametrize(
    "shape",
    [
        TurnShape(final_schema={"const": "a" * 500_000}),
        TurnShape(final_schema={"type": "string", "pattern": "^((a{100}){100}){100}$"}),
        TurnShape(final_schema={"allOf": [{"type": "string", "pattern": "^a*$"}, {"minLength": 60_000}]}),
        TurnShape(final_schema={"required": ["a" * 500_000]}),
        TurnShape((CustomGrammar("a", Syntax.REGEX, "(a{1000}){1000}"),)),
        TurnShape((CustomGrammar("a", Syntax.LARK, f'start: "{"a" * 90_000}"'),)),
    ],
    ids=["value", "counts", "shortest", "name", "regex", "lark"],
)
def test_long_texts_are_never_forced(shape: TurnShape) -> None:
    """Forcing them takes minutes to hours for each token."""
    mask = GRAMMARS.compile(shape).mask()
    token_ids = turn(
        "<|channel|>commentary to=functions.a<|message|>" if shape.tools else '<|channel|>final<|message|>"'
    )
    forced = [each for token_id in token_ids if mask.allowed().any() for each in mask.advance(token_id)]
    assert forced == []
    assert mask.allowed().any()


@pytest.mark.parametrize(
    "shape, message",
    [
        (
            TurnShape(tuple(FunctionGrammar(f"f{i}", {"enum": ["x" * 900_000]}) for i in range(2))),
            "1800028 bytes together, the most is 1310720",
        ),
        (
            TurnShape(tuple(CustomGrammar(f"c{i}", Syntax.REGEX, "x" * 60_000) for i in range(2))),
            "120000 characters together, the most is 100000",
        ),
        (TurnShape((CustomGrammar("c", Syntax.REGEX, "a?" * 40_000),)), "too big"),
        (
            TurnShape((CustomGrammar("c", Syntax.LARK, 'start: T14\nT0: "a"?\n' + "\n".join(
                f"T{i + 1}: T{i} T{i}" for i in range(14))),)), "too big",
        ),
        (TurnShape(tuple(CustomGrammar(f"c{i}", Syntax.REGEX, "[a-z0-9]?" * 1_500) for i in range(9))), "together"),
        (TurnShape((CustomGrammar("c", Syntax.REGEX, "(" * 40_000),)), "regex"),
    ],
    ids=["schemas", "grammars", "regex", "doubled", "regexes", "unreadable"],
)  # fmt: skip
def test_what_is_too_large_is_refused_with_a_short_reason(shape: TurnShape, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message) as caught:
        GRAMMARS.compile(shape)
    assert len(str(caught.value)) < 1_000


def test_a_regex_may_have_comments() -> None:
    shape = TurnShape((CustomGrammar("date", Syntax.REGEX, "(?x)\n\\d{4}  # year\n-\\d\\d  # month\n"),))
    start = "<|channel|>commentary to=functions.date code<|message|>"
    assert is_legal(shape, f"{start}2026-11<|call|>")
    assert not is_legal(shape, f"{start}2026<|call|>")
    assert not is_legal(shape, f"{start}\n2026<|call|>")


def test_a_regex_may_stand_on_several_lines() -> None:
    shape = TurnShape((CustomGrammar("a", Syntax.REGEX, "a\n/\\\nb"),), must_call=True)
    head = "<|channel|>commentary to=functions.a<|message|>"
    assert is_legal(shape, f"{head}a\n/\nb<|call|>")


def test_a_grammar_that_meets_a_limit_in_mid_turn_says_so() -> None:
    schema: Any = {"type": "string", "pattern": "^(.*a.{200})$"}
    mask = GRAMMARS.compile(TurnShape(final_schema=schema)).mask()
    random = Random(1)
    with pytest.raises(TokenMaskError):
        walk(mask, lambda words: draw(random, words), max_tokens=5_000)


def test_a_shape_that_wants_a_call_needs_tools() -> None:
    with pytest.raises(ValueError, match="no tools"):
        GRAMMARS.compile(TurnShape(must_call=True))


@pytest.mark.parametrize(
    "form, text, is_one",
    [
        ("date", "2024-02-29", True),
        ("date", "2443-02-29", False),
        ("date", "1900-02-29", False),
        ("date", "2000-02-29", True),
        ("date", "0000-01-01", False),
        ("date", "2023-11-31", False),
        ("date-time", "2023-11-30T23:59:59.5+02:00", True),
        ("date-time", "2023-11-30T24:00:00Z", False),
        ("time", "12:00:00Z", True),
        ("time", "12:60:00Z", False),
    ],
)
def test_dates_and_times_exist(form: str, text: str, is_one: bool) -> None:
    for pattern in ({}, {"pattern": "."}):
        shape = TurnShape(final_schema={"type": "string", "format": form, **pattern})
        assert is_legal(shape, f'<|channel|>final<|message|>"{text}"<|return|>') is is_one


def test_a_schema_with_its_own_compiler_options_cannot_loosen_anything() -> None:
    schema = {**OBJECTS["weather"], "x-guidance": {"lenient": True, "whitespace_flexible": True, "item_separator": "x"}}
    shape = TurnShape(final_schema=schema)
    head = "<|channel|>final<|message|>"
    assert is_legal(shape, f'{head}{{"location": "Rome", "unit": "celsius"}}<|return|>')
    assert not is_legal(shape, f'{head}{{"location": "Rome"x')
    assert not is_legal(shape, f"{head}{{{' ' * 40}")


def test_a_turn_that_meets_a_limit_leaves_others_theirs() -> None:
    shape = TurnShape(final_schema={"type": "object", "properties": {"a": {"type": "string", "maxLength": 100_000}}})
    begin = '<|channel|>final<|message|>{"a": " word'
    beside = GRAMMARS.compile(shape).mask(forces=False)
    with pytest.raises(TokenMaskError, match="too many states"):
        follow(GRAMMARS.compile(shape).mask(forces=False), turn(begin + " word" * 3000))
    follow(beside, turn(begin + '"}'))
    assert is_legal(shape, begin + '"}')


def follow(mask: GrammarMask, token_ids: list[int]) -> None:
    for token_id in token_ids:
        mask.allowed()
        mask.advance(token_id)
