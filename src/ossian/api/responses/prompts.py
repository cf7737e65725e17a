"""Stored prompts: instructions and first items with `{{variables}}`, in versions.

OpenAI has prompts in its dashboard and no public endpoints for them. `/v1/prompts` is ours; `prompt` in a request of
`POST /v1/responses` is OpenAI's.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import Field, Tag

from ossian.api.fields import BOUNDED, JsonObject, Metadata, RequestModel, string_or_array
from ossian.api.responses.content import InputText
from ossian.errors import InvalidRequestError

MAX_ITEMS: Final = 1000
MAX_FILLED_CHARS: Final = 10 * 1024 * 1024  # a short template can name a long variable very often

VARIABLE: Final = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]{0,63})\s*\}\}")
TEXT_MEMBERS: Final = ("content", "output")  # where an item has texts: itself, or as `text` of its parts

Input = Annotated[
    Annotated[str, Tag("string")] | Annotated[list[dict[str, Any]], Field(max_length=MAX_ITEMS), Tag("array")],
    string_or_array("a string or an array of items"),
]


class PromptRequest(RequestModel):
    """The request of `POST /v1/prompts` and `POST /v1/prompts/{id}`."""

    name: str | None = Field(default=None, max_length=256)
    instructions: str | None = None
    input: Input | None = Field(default=None, description="Items that come before the request's.")
    variables: Annotated[dict[str, str | None], BOUNDED] | None = Field(
        default=None, description="Default values. A variable without one must be given with every request."
    )
    metadata: Metadata | None = None


@dataclass(frozen=True)
class Filled:
    """A prompt with its variables filled in."""

    instructions: str | None
    items: list[JsonObject]


def template(request: PromptRequest, items: list[JsonObject]) -> JsonObject:
    """Return what is stored of a version: the request with its parsed items, and all its variables.

    Raises InvalidRequestError when a default is for a variable that occurs nowhere, or the prompt is empty.
    """
    if not request.instructions and not items:
        raise InvalidRequestError(
            "A prompt needs 'instructions' or 'input'.", param="instructions", code="missing_required_parameter"
        )
    names = dict.fromkeys(_names(request.instructions, items))
    defaults = request.variables or {}
    for name in defaults.keys() - names.keys():
        message = (
            f"The variable '{name[:64]}' occurs neither in 'instructions' nor in 'input'; write it {{{{{name[:64]}}}}}."
        )
        raise InvalidRequestError(message, param=f"variables.{name[:64]}", code="invalid_value")
    return {
        "name": request.name,
        "instructions": request.instructions,
        "input": items,
        "variables": {name: defaults.get(name) for name in names},
        "metadata": request.metadata or {},
    }


def prompt_body(prompt_id: str, version: int, created_at: int, body: JsonObject) -> JsonObject:
    """Return a version of a prompt; `created_at` is the version's."""
    return {"id": prompt_id, "object": "prompt", "created_at": created_at, "version": str(version), **body}


def deleted_body(prompt_id: str) -> JsonObject:
    """Return what the deletion of a prompt is answered with."""
    return {"id": prompt_id, "object": "prompt.deleted", "deleted": True}


def version_number(version: str | None, param: str) -> int | None:
    """Return the number of a version as requests write it. Raises InvalidRequestError when it is none."""
    if version is None:
        return None
    if not (version.isascii() and version.isdigit() and len(version) < 9):
        message = f"Invalid value for '{param}': versions are '1', '2' and so on, but got '{version[:80]}'."
        raise InvalidRequestError(message, param=param, code="invalid_value")
    return int(version)


def fill(body: JsonObject, variables: Mapping[str, str | InputText]) -> Filled:
    """Return a stored version with its variables filled in: given values first, then defaults.

    What is in a value is not filled in again. Raises InvalidRequestError, which names `prompt.variables.x`, for a
    variable that is missing or not in the prompt, and when the prompt becomes far too long.
    """
    values = {name: default for name, default in body["variables"].items() if default is not None}
    for name, value in variables.items():
        if name not in body["variables"]:
            raise _unknown(name, body["variables"])
        values[name] = value if isinstance(value, str) else value.text
    for name in body["variables"]:
        if name not in values:
            raise _variable_error(name, f"The prompt needs a value for its variable '{name}'.", "missing_variable")
    _check_length(body, values)

    def replace(text: str) -> str:
        return VARIABLE.sub(lambda match: values[match[1]], text)

    instructions = body["instructions"]
    filled = None if instructions is None else replace(instructions)
    return Filled(filled, [_with_texts(item, replace) for item in body["input"]])


def _check_length(body: JsonObject, values: Mapping[str, str]) -> None:
    num_chars = sum(len(values[name]) for name in _names(body["instructions"], body["input"]))
    if num_chars > MAX_FILLED_CHARS:
        message = f"The variables make {num_chars} characters of this prompt; {MAX_FILLED_CHARS} is the limit."
        raise InvalidRequestError(message, param="prompt.variables", code="invalid_value")


def _names(instructions: str | None, items: Iterable[JsonObject]) -> list[str]:
    """Return the variables of a prompt, each as often as it occurs."""
    texts = [instructions or ""]

    def note(text: str) -> str:
        texts.append(text)
        return text

    for item in items:
        _with_texts(item, note)
    return [name for text in texts for name in VARIABLE.findall(text)]


def _with_texts(item: JsonObject, replace: Callable[[str], str]) -> JsonObject:
    """Return an item with its texts replaced. Names, ids and arguments are no texts."""
    texts = {name: item[name] for name in TEXT_MEMBERS if name in item}
    return item | {name: _with_text(content, replace) for name, content in texts.items()}


def _with_text(content: Any, replace: Callable[[str], str]) -> Any:
    if isinstance(content, str):
        return replace(content)
    if not isinstance(content, list):
        return content
    return [part | {"text": replace(part["text"])} if _has_text(part) else part for part in content]


def _has_text(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("text"), str)


def _unknown(name: str, known: Mapping[str, object]) -> InvalidRequestError:
    names = ", ".join(f"'{each}'" for each in known) or "none"
    message = f"The prompt has no variable '{name[:64]}'. It has: {names[:500]}."
    return _variable_error(name[:64], message, "unknown_variable")


def _variable_error(name: str, message: str, code: str) -> InvalidRequestError:
    return InvalidRequestError(message, param=f"prompt.variables.{name}", code=code)
