"""What the model is told to do: the caller's instructions, and the call that `tool_choice` wants."""

from collections.abc import Iterable, Iterator, Sequence

from ossian.harmony.messages import FUNCTIONS


def joined(texts: Iterable[str | None]) -> str | None:
    """Return instructions as one text; None when there are none."""
    return "\n\n".join(text for text in texts if text) or None


def wanted_call(names: Sequence[str] | None) -> Iterator[str]:
    """Yield the wish for a call of one of these tools, or of any: a model that thinks of a call makes a better one than
    a model that is forced to.
    """
    if names is None or len(names) > 1:
        yield f"Before anything else, call one of the functions in the namespace `{FUNCTIONS}`."
    else:
        yield f"Before anything else, call the function `{FUNCTIONS}.{names[0]}`."
