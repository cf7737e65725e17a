"""Which endpoint a body is for: known by what it has, so that `run` needs only a model and a body."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A POST request; `path` is below the base URL."""

    path: str
    body: JsonObject

    @property
    def is_streamed(self) -> bool:
        """Whether the answer comes in pieces."""
        return bool(self.body.get("stream"))


def call_of(model: str, body: Mapping[str, Any]) -> Call:
    """Return the request that a body is meant for.

    Raises ValueError for a body that is for no endpoint or for several, and for one that names another model.
    """
    if body.get("model", model) != model:
        raise ValueError(f"The body asks for the model {body['model']!r}, and run() for {model!r}. Name it once.")
    return Call(_path_of(body), {**body, "model": model})


def _path_of(body: Mapping[str, Any]) -> str:
    """A response's `prompt` is an object, one that was stored; a completion's is text or token ids."""
    prompt = body.get("prompt")
    is_stored_prompt = isinstance(prompt, Mapping)
    paths = {
        "/chat/completions": body.get("messages") is not None,
        "/responses": body.get("input") is not None or is_stored_prompt,
        "/completions": prompt is not None and not is_stored_prompt,
    }
    meant = [path for path, is_meant in paths.items() if is_meant]
    if len(meant) != 1:
        raise ValueError(
            "The body needs one of `messages` (a chat completion), `input` (a response) and `prompt` (a completion); "
            f"it has {_listed(body)}."
        )
    return meant[0]


def _listed(body: Mapping[str, Any]) -> str:
    return ", ".join(f"`{name}`" for name in body) or "nothing"
