import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.harmony.encoding import load_encoding
from ossian.harmony.grammar import CustomGrammar, FunctionGrammar, Syntax, TurnShape, turn_grammar

ENCODE = load_encoding().encode
GOLDEN = """\
start: (analysis | preamble)* (call_0 | final)
analysis: <[200005]> <[35644]> <[200008]> TEXT <[200007]> <[200006]> <[173781]>
preamble: <[200005]> <[12606]> <[815]> <[200008]> TEXT <[200007]> <[200006]> <[173781]>
final: <[200005]> <[17196]> <[200008]> TEXT <[200002]>
call_0: header_0 json_type <[200008]> @input_0 <[200012]>
header_0: <[316]> <[28]> <[44580]> <[775]> <[200005]> <[12606]> <[815]> | <[200005]> <[12606]> <[815]> <[316]> <[28]> <[44580]> <[775]>
json_type: <[220]> <[200003]> <[4108]> | <[200003]> <[4108]> | <[5701]>
TEXT: /(?s:.*)/"""  # noqa: E501 (a rule is a line)


def grammars(shape: TurnShape) -> dict[str, object]:
    found = json.loads(turn_grammar(shape, ENCODE))["grammars"]
    return {each["name"]: each.get("lark_grammar", each.get("json_schema")) for each in found}


def test_the_grammar_of_a_turn() -> None:
    found = grammars(TurnShape((FunctionGrammar("x", {"type": "object"}),)))
    lines = str(found["turn"]).replace(" ".join(f"<[{each}]>" for each in ENCODE(" to=functions.x")), "TO").splitlines()
    assert lines[0] == GOLDEN.splitlines()[0]
    assert [line.split(":")[0] for line in lines] == [line.split(":")[0] for line in GOLDEN.splitlines()]
    assert lines[5] == "header_0: TO <[200005]> <[12606]> <[815]> | <[200005]> <[12606]> <[815]> TO"
    assert lines[1:5] == GOLDEN.splitlines()[1:5]
    assert lines[6:] == GOLDEN.splitlines()[6:]
    assert found.keys() == {"turn", "input_0"}


def test_where_the_answer_is_json_nothing_else_is_said_to_the_user() -> None:
    found = grammars(TurnShape((FunctionGrammar("x"),), final_schema={"type": "object"}))
    turn = str(found["turn"])
    assert turn.startswith("start: (analysis)* (call_0 | final)\n")
    assert "preamble" not in turn
    assert "@answer" in turn
    assert {"answer", "input_0"} < found.keys()


def test_without_tools_there_are_no_calls_and_no_preambles() -> None:
    turn = str(grammars(TurnShape())["turn"])
    assert turn.startswith("start: (analysis)* (final)\n")
    assert "preamble" not in turn
    assert "call" not in turn


def test_a_call_that_must_be_made_leaves_no_answer() -> None:
    found = grammars(TurnShape((FunctionGrammar("x"),), must_call=True, final_schema={"type": "object"}))
    assert "final" not in str(found["turn"])
    assert "answer" not in found


def test_custom_tools_have_grammars_of_their_own() -> None:
    tools = (
        CustomGrammar("a"),
        CustomGrammar("b", Syntax.LARK, 'start: "x"'),
        CustomGrammar("c", Syntax.REGEX, "a/b\\/c\nd"),
    )
    found = grammars(TurnShape(tools))
    assert found["input_1"] == 'start: "x"'
    assert found["input_2"] == "start: /a\\/b\\/c\nd/"
    assert "call_0: header_0 text_type <[200008]> TEXT" in str(found["turn"])
    assert "json_type" not in str(found["turn"])


names = st.lists(st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True), min_size=1, max_size=6, unique=True)


@given(names)
def test_every_tool_is_called_by_its_own_header(offered: list[str]) -> None:
    turn = str(grammars(TurnShape(tuple(map(FunctionGrammar, offered))))["turn"])
    for index, name in enumerate(offered):
        header = " ".join(f"<[{each}]>" for each in ENCODE(f" to=functions.{name}"))
        (line,) = (line for line in turn.splitlines() if line.startswith(f"header_{index}: "))
        assert line.count(header) == 2


def test_a_call_needs_a_tool() -> None:
    with pytest.raises(ValueError, match="no tools"):
        turn_grammar(TurnShape(must_call=True), ENCODE)
