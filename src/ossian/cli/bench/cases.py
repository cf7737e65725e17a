"""What is measured: each case has a name, which is its row's, and a unit.

How a case is measured is known to runs.py, and what its figure is compared with to rows.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal, TypeAlias

from ossian.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Prefill:
    """Prompt tokens a second, until the first token is there; `depth` tokens before them are in the KV cache."""

    num_tokens: int
    depth: int = 0
    unit: ClassVar[str] = "tok/s"

    @property
    def name(self) -> str:
        return f"prefill {self.num_tokens}" + _at(self.depth)

    @property
    def num_positions(self) -> int:
        """How long a context it needs."""
        return self.depth + self.num_tokens + 1


@dataclass(frozen=True, slots=True)
class Decode:
    """Tokens a second of all streams together, each behind `depth` tokens and a short prompt of its own."""

    num_streams: int = 1
    depth: int = 0
    num_tokens: int = 32  # of each stream
    unit: ClassVar[str] = "tok/s"

    @property
    def name(self) -> str:
        return "decode" + (f" x{self.num_streams}" if self.num_streams > 1 else "") + _at(self.depth)

    @property
    def num_positions(self) -> int:
        """How long a context it needs."""
        return self.depth + SHORT + self.num_tokens


Turn: TypeAlias = Literal["new conversation", "cached prefix", "turn after a turn", "the same work"]


@dataclass(frozen=True, slots=True)
class FirstToken:
    """Seconds to the first token, behind a context of `depth` tokens.

    A turn after a turn keeps the prompt of the turn before and its answer, drops the reasoning between them, and adds
    a question. The same work is a prompt of as many new tokens behind a cached context.
    """

    turn: Turn
    depth: int = 2048
    num_reasoning_tokens: int = 64
    num_answer_tokens: int = 32
    num_question_tokens: int = 64
    unit: ClassVar[str] = "s"

    @property
    def name(self) -> str:
        return f"first token, {self.turn}"

    @property
    def num_positions(self) -> int:
        """How long a context it needs."""
        num_new_tokens = self.num_reasoning_tokens + self.num_answer_tokens + self.num_question_tokens
        return self.depth + num_new_tokens + 1


@dataclass(frozen=True, slots=True)
class Output:
    """Tokens a second of a set text, one stream: `copied` stands in the prompt but for a name, `other` is prose."""

    text: Literal["copied", "other"]
    num_tokens: int = 192
    num_prompt_tokens: int = 1024
    speculates: bool = False  # in an engine that may; all other cases are measured in one that does not
    unit: ClassVar[str] = "tok/s"

    @property
    def name(self) -> str:
        return f"{self.text} text" + (", speculation" if self.speculates else "")

    @property
    def num_positions(self) -> int:
        """How long a context it needs."""
        return self.num_prompt_tokens + self.num_tokens


Case: TypeAlias = Prefill | Decode | FirstToken | Output


@dataclass(frozen=True, slots=True)
class Plan:
    """What one process measures; of `profiles` where the time of a step goes."""

    cases: tuple[Case, ...]
    repeats: int
    profiles: tuple[Prefill | Decode, ...] = ()

    def fitting(self, max_model_len: int) -> "Plan":
        """Return the plan without the cases that a context is too short for."""
        cases = tuple(case for case in self.cases if case.num_positions <= max_model_len)
        profiles = tuple(case for case in self.profiles if case.num_positions <= max_model_len)
        return replace(self, cases=cases, profiles=profiles)

    def parted(self) -> tuple["Plan", "Plan", "Plan"]:
        """Return all that needs no speculation, and once each the set texts without it and with it."""
        outputs = [case for case in self.cases if isinstance(case, Output)]
        others = tuple(case for case in self.cases if case not in outputs)
        plain, speculating = (tuple(case for case in outputs if case.speculates is wanted) for wanted in (False, True))
        return replace(self, cases=others), Plan(plain, 1), Plan(speculating, 1)


SHORT: Final = 32  # tokens of a prompt that is no burden
SECTIONS: Final = ("load", "prefill", "decode", "turns", "speculation", "profile", "peer")

_FULL: Final[tuple[Case, ...]] = (
    Prefill(512),
    Prefill(2048),
    Prefill(8192),
    Prefill(512, depth=2048),
    Prefill(512, depth=8192),
    Decode(num_tokens=48),
    Decode(4),
    Decode(8),
    Decode(32),
    Decode(depth=2048),
    Decode(8, depth=2048),
    Decode(depth=8192),
    FirstToken("new conversation"),
    FirstToken("cached prefix"),
    FirstToken("turn after a turn"),
    FirstToken("the same work"),
    Output("copied"),
    Output("copied", speculates=True),
    Output("other"),
    Output("other", speculates=True),
)
_QUICK: Final[tuple[Case, ...]] = (
    Prefill(128),
    Prefill(128, depth=256),
    Decode(num_tokens=8),
    Decode(4, num_tokens=8),
    Decode(depth=256, num_tokens=8),
    *(FirstToken(each.turn, 256, 16, 8, 16) for each in _FULL if isinstance(each, FirstToken)),
    *(Output(each.text, 16, 128, each.speculates) for each in _FULL if isinstance(each, Output)),
)
_SECTION_OF: Final = {Prefill: "prefill", Decode: "decode", FirstToken: "turns", Output: "speculation"}

PROFILED: Final[tuple[Prefill | Decode, ...]] = (Prefill(512), Prefill(512, depth=8192), Decode(), Decode(32))
QUICK_PROFILED: Final[tuple[Prefill | Decode, ...]] = (Prefill(128), Decode())
PEER_CASES: Final[tuple[Prefill | Decode, ...]] = (Prefill(512), Prefill(2048), Decode(num_tokens=48))
QUICK_PEER_CASES: Final[tuple[Prefill | Decode, ...]] = (Prefill(128), Decode(num_tokens=8))


def plan(sections: Iterable[str], repeats: int, *, is_quick: bool) -> Plan:
    """Return the cases of the sections."""
    wanted = set(sections)
    cases = (case for case in (_QUICK if is_quick else _FULL) if _SECTION_OF[type(case)] in wanted)
    profiled = QUICK_PROFILED if is_quick else PROFILED
    return Plan(tuple(cases), repeats, profiled if "profile" in wanted else ())


def sections_of(only: str | None) -> Sequence[str]:
    """Read --only; raises ConfigurationError for names that are none."""
    names = SECTIONS if only is None else tuple(name.strip() for name in only.split(","))
    if unknown := [name for name in names if name not in SECTIONS]:
        raise ConfigurationError(f"--only takes {', '.join(SECTIONS)}, with commas; not '{unknown[0]}'.")
    return names


def _at(depth: int) -> str:
    return f" at {depth}" if depth else ""
