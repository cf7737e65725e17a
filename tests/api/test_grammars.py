import pytest

from ossian.api.grammars import GrammarDefinition, check_grammar, custom_description, custom_grammar
from ossian.errors import InvalidRequestError
from ossian.harmony.grammar import CustomGrammar, Syntax

LARK = GrammarDefinition(syntax="lark", definition='start: "a"')
DIGITS = GrammarDefinition(syntax="regex", definition="[0-9]+")


def test_what_the_model_is_told_of_a_custom_tool() -> None:
    assert custom_description(None, None) == "The input is plain text, not JSON."
    assert custom_description("Patch a file.", LARK) == (
        'Patch a file.\nThe input is plain text, not JSON.\nIt must fit this Lark grammar:\nstart: "a"'
    )
    assert custom_description("", DIGITS).endswith("It must fit this regular expression:\n[0-9]+")


def test_what_its_input_is_held_to() -> None:
    assert custom_grammar("a", None, "p") == CustomGrammar("a", param="p")
    assert custom_grammar("a", DIGITS, "p") == CustomGrammar("a", Syntax.REGEX, "[0-9]+", "p")


def test_a_definition_may_not_reach_beyond_lark() -> None:
    for grammar in (None, LARK, DIGITS, GrammarDefinition(syntax="regex", definition="<.*>")):
        check_grammar(grammar, "p")
    with pytest.raises(InvalidRequestError, match="no part of Lark's grammar") as caught:
        check_grammar(GrammarDefinition(syntax="lark", definition="start: <|end|>"), "p")
    assert caught.value.param == "p"
