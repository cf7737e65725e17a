"""How much of what the model is trained on."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from training.skills import (
    anything_else,
    arithmetic,
    capitals,
    explanations,
    instructed,
    memory,
    near_misses,
    structured,
    talk,
    tools,
)
from training.skills.exchange import Exchange, Split

Skill = Callable[[Random, Split], Exchange]
Source = Mapping[Any, float]  # skills of one kind, and their weights

PLAIN_GROUP = 48  # exchanges under one developer message


def weighted(*modules: tuple[Mapping[Skill, float], float]) -> dict[Skill, float]:
    """All plain skills; each module's weights are scaled to add up to its share."""
    return {
        skill: share * weight / sum(skills.values()) for skills, share in modules for skill, weight in skills.items()
    }


SKILLS: Source = weighted(
    (arithmetic.SKILLS, 24), (talk.SKILLS, 11), (memory.SKILLS, 23), (capitals.SKILLS, 10), (explanations.SKILLS, 10),
    (anything_else.SKILLS, 16), (near_misses.SKILLS, 3), (instructed.SKILLS, 5), (structured.SKILLS, 4),
)  # fmt: skip
FAMILIES: tuple[Source, ...] = (instructed.FAMILIES, tools.FAMILIES, structured.FAMILIES)
SHARES: tuple[float, ...] = (0.31, 0.13, 0.33, 0.23)  # of the tokens: plain skills, then the families
