"""Random chat completion requests: tools, choices, answer formats and caps of every kind that is served."""

from typing import Any

from hypothesis import strategies as st

from ossian.harmony.json_schema import ONLY_ESCAPED

NAME = st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True)
KEY = st.one_of(
    st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.sampled_from(["ä ö", 'qu"ote', "a/b", "$ref", "not", "<|end|>"])
)
TEXT = st.text(max_size=8).filter(lambda text: not ONLY_ESCAPED.search(text))
SCALAR = st.one_of(st.none(), st.booleans(), st.integers(-99, 99), TEXT)
SQL = 'start: "SELECT " NAME ("," " "? NAME){0,3} " FROM " NAME\nNAME: /[a-z]{1,6}/\n'
CODE = r"[A-Z]{2}/[0-9]{1,4}(-[a-z]+)?"
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Go on."}]


def _string(**bounds: Any) -> dict[str, Any]:
    return {"type": "string", **bounds}


STRINGS = st.one_of(
    st.just(_string()),
    st.builds(
        lambda least, more: _string(minLength=least, maxLength=least + more), st.integers(0, 3), st.integers(0, 9)
    ),
    st.sampled_from(["^[a-z]{2,5}-\\d{1,3}$", "[0-9]", "^a|b$", "^\\w+$", "^(x|yz){1,4}\\.$"]).map(
        lambda p: _string(pattern=p)
    ),
    st.sampled_from(["date", "time", "date-time", "email", "uuid", "ipv4", "hostname"]).map(
        lambda f: _string(format=f)
    ),
)
NUMBERS = st.one_of(
    st.builds(
        lambda kind, low, more: {"type": kind, "minimum": low, "maximum": low + more},
        st.sampled_from(["integer", "number"]),
        st.integers(-1000, 1000),
        st.integers(0, 5000),
    ),
    st.just({"type": "integer"}),
    st.just({"type": "number"}),
    st.just({"type": "number", "multipleOf": 0.25, "minimum": 0, "maximum": 10}),
)
LEAVES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    STRINGS,
    NUMBERS,
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"type": ["string", "null"]}]),
    st.lists(SCALAR, min_size=1, max_size=5, unique_by=repr).map(lambda values: {"enum": values}),
    SCALAR.map(lambda value: {"const": value}),
)


@st.composite
def objects(draw: st.DrawFn, values: st.SearchStrategy[dict[str, Any]] = LEAVES) -> dict[str, Any]:
    properties = draw(st.dictionaries(KEY, values, max_size=4))
    required = [name for name in properties if draw(st.booleans())]
    schema: dict[str, Any] = {"type": "object", "properties": properties, "required": required}
    others = draw(st.sampled_from([None, False, False, {"type": "integer"}]))
    return schema if others is None else {**schema, "additionalProperties": others}


def arrays(values: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda items, least, more: {"type": "array", "items": items, "minItems": least, "maxItems": least + more},
        values,
        st.integers(0, 2),
        st.integers(0, 2),
    )


SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        objects(inner),
        arrays(inner),
        st.lists(inner, min_size=1, max_size=3).map(lambda members: {"anyOf": members}),
    ),
    max_leaves=6,
)
LIST = {
    "type": "object",
    "properties": {"value": {"$ref": "#/$defs/value"}, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
    "required": ["value", "next"],
    "additionalProperties": False,
}


def with_definitions(value: dict[str, Any]) -> dict[str, Any]:
    """A list of values, by references to itself."""
    reference = {"list": {"$ref": "#/$defs/node"}}
    return {"type": "object", "properties": reference, "required": ["list"], "$defs": {"node": LIST, "value": value}}


OBJECTS = st.one_of(objects(SCHEMAS), LEAVES.map(with_definitions), st.just({"type": "object"}))


def _function(name: str, parameters: dict[str, Any] | None) -> dict[str, Any]:
    function = {"name": name, "description": "Does it."}
    return {"type": "function", "function": function if parameters is None else {**function, "parameters": parameters}}


def _custom(name: str, grammar: dict[str, str] | None) -> dict[str, Any]:
    custom: dict[str, Any] = {"name": name}
    return {
        "type": "custom",
        "custom": custom if grammar is None else {**custom, "format": {"type": "grammar", "grammar": grammar}},
    }


GRAMMARS = st.sampled_from(
    [
        None,
        {"syntax": "lark", "definition": SQL},
        {"syntax": "regex", "definition": CODE},
    ]
)
FORMATS = st.one_of(
    st.none(),
    st.just({"type": "text"}),
    st.just({"type": "json_object"}),
    st.one_of(OBJECTS, SCHEMAS).map(
        lambda schema: {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    ),
)


@st.composite
def tool_lists(draw: st.DrawFn) -> list[dict[str, Any]]:
    names = draw(st.lists(NAME, max_size=6, unique=True))
    return [
        _function(name, draw(st.one_of(st.none(), OBJECTS)))
        if draw(st.integers(0, 3))
        else _custom(name, draw(GRAMMARS))
        for name in names
    ]


def reference(tool: dict[str, Any]) -> dict[str, Any]:
    """What a tool is called in a choice."""
    return {"type": tool["type"], tool["type"]: {"name": tool[tool["type"]]["name"]}}


@st.composite
def choices(draw: st.DrawFn, tools: list[dict[str, Any]]) -> Any:
    some = draw(st.lists(st.sampled_from(tools), min_size=1, max_size=3, unique_by=lambda tool: str(reference(tool))))
    allowed = {"mode": draw(st.sampled_from(["auto", "required"])), "tools": list(map(reference, some))}
    return draw(
        st.sampled_from(
            ["auto", "none", "required", reference(some[0]), {"type": "allowed_tools", "allowed_tools": allowed}]
        )
    )


@st.composite
def chat_requests(draw: st.DrawFn) -> dict[str, Any]:
    """The body of a request."""
    tools = draw(tool_lists())
    cap = draw(st.sampled_from([None, 0, 1, 20]))
    max_tokens = draw(st.sampled_from([1, 7, 60, 600, 600, 600]))
    fields: dict[str, Any] = {"model": "ossian-nano", "messages": MESSAGES, "max_completion_tokens": max_tokens}
    if tools:
        fields |= {"tools": tools, "tool_choice": draw(choices(tools))}
    if form := draw(FORMATS):
        fields["response_format"] = form
    return fields if cap is None else {**fields, "reasoning": {"max_tokens": cap}}
