import pytest

from ossian.harmony.lark import foreign_lark


@pytest.mark.parametrize(
    "definition",
    [
        'start: "SELECT " NAME\nNAME: /[a-z]+/\n',
        'start: "<|end|>" // <|end|>\n# @turn\n',
        "start: /<[a-z]>/ a\na: (b | c)+\n%ignore /[ \\t]+/",
        'start: "stop=" "%json"i',
        'start: /<a>\n<b>/ "x"~3 "y" ~ 1..2',
    ],
)
def test_plain_grammars_pass(definition: str) -> None:
    assert foreign_lark(definition) is None


@pytest.mark.parametrize(
    "definition, foreign",
    [
        ("start: <|end|>", "<|end|>"),
        ("start: <[200007]>", "<[200007]>"),
        ("start: @answer", "@answer"),
        ('start: %json {"type": "object"}', "%json"),
        ('%llguidance {"lexer": 1}\nstart: "a"', "%llguidance"),
        ('start[stop="x"]: /.*/', "stop="),
        ("start[max_tokens=3]: /.*/", "max_tokens="),
        ('start: "a" <|call|> "b"', "<|call|>"),
        ("start: /a\nb/ <|end|> /c/", "<|end|>"),  # a regex may have lines
        ('JUNK: /*"/ // \\\nstart: <[200007]> // "', "<[200007]>"),  # a regex with a quote, a comment with a backslash
        ('start: <["]> <[200007]> // "', '<["]> <[200007]>'),
        ('start: "a\\q" <[200007]> "b"', '"'),
        ('start: /a\\\n"/ <[200007]> // "', "/"),
        ('start: ~"a"', "~"),
        ("start: T\nT: /a/ & ~ /b/", "~"),
    ],
)
def test_what_only_the_compiler_knows_is_found(definition: str, foreign: str) -> None:
    assert foreign_lark(definition) == foreign
