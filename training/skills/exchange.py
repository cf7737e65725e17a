"""One question and what the model should say to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from ossian.harmony.messages import ReasoningEffort

Effort = ReasoningEffort

UNKNOWN = "\ufffc"  # stands for a word the model never sees in training; a space before it belongs to it


class Split(StrEnum):
    """Which instances of a skill to draw."""

    TRAIN = "train"
    HELD_OUT = "held_out"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question, the analysis at each effort, and the answer (or a call of a tool)."""

    skill: str
    question: str
    analysis: Mapping[Effort, str]
    answer: str
    recipient: str | None = None  # the tool that is called; the answer is then its arguments


def analyses(low: str, medium: str, high: str) -> dict[Effort, str]:
    """The analysis at each effort."""
    return {Effort.LOW: low, Effort.MEDIUM: medium, Effort.HIGH: high}


def choose(random: Random, phrases: Sequence[str], split: Split) -> str:
    """A phrase of the split: some are held out."""
    held_out = [phrase for index, phrase in enumerate(phrases) if index % 21 == 13]
    train = [phrase for index, phrase in enumerate(phrases) if index % 21 != 13]
    return random.choice(held_out if split is Split.HELD_OUT and held_out else train)
