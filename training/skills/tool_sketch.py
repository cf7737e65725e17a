"""What a hand-written tool is described with; tool_catalog_home.py and tool_catalog_office.py hold the tools."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Slot:
    """A parameter: its possible names, the kind of its values (see tool_words.value), and its possible comments.

    The first name is what requests call it. One that a request leaves out, in a `<…>`, is optional.
    """

    names: str
    kind: str
    notes: str = ""

    @property
    def key(self) -> str:
        """What requests call it."""
        return self.names.split()[0]


@dataclass(frozen=True, slots=True)
class Sketch:
    """A tool: possible names, descriptions, parameters and requests.

    Requests are patterns: `[a|b]` is a choice, `<…>` may be left out with the parameters in it, `{key}` is a value.
    `covers` names the plain skill that the tool would do, so that both are never asked for together.
    """

    names: str
    descriptions: tuple[str, ...]
    slots: tuple[Slot, ...]
    requests: tuple[str, ...]
    covers: str = ""

    @property
    def stem(self) -> str:
        """What decides whether the tool is held out."""
        return self.names.split()[0]
