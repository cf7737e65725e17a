"""Many wordings of one thing from a short pattern, and which of them are held out."""

import re
from collections.abc import Sequence
from random import Random

from training.skills.exchange import Split
from training.skills.words import is_held_out

CHOICE = re.compile(r"\[([^\[\]]*)\]")  # the innermost one
MAX_NUM_DRAWS = 10_000


def wording(random: Random, patterns: Sequence[str], split: Split) -> str:
    """One wording of the split: `[Hi|Hello], who are you[?|]` stands for four.

    Slots such as `{x}` stay: what is held out is the wording, whatever fills it. Raises ValueError if the patterns have
    no wording of the split.
    """
    for _ in range(MAX_NUM_DRAWS):
        text = sentence(expanded(random, random.choice(patterns)))
        if is_held_out_wording(text) == (split is Split.HELD_OUT):
            return text
    raise ValueError(f"patterns have no wording for the split '{split}' in {MAX_NUM_DRAWS} draws: {patterns}")


def expanded(random: Random, pattern: str) -> str:
    """The pattern with one alternative of each choice, the inner ones first."""
    while choice := CHOICE.search(pattern):
        pattern = pattern[: choice.start()] + random.choice(choice[1].split("|")) + pattern[choice.end() :]
    return pattern


def is_held_out_wording(text: str) -> bool:
    """Whether training never shows this wording, in any case and punctuation. Up to two words are never held out."""
    spoken = re.findall(r"[\w{}']+", text.lower())
    return len(spoken) > 2 and is_held_out(" ".join(spoken))


def sentence(text: str) -> str:
    """The text without what an empty opener leaves behind, its first letter a capital."""
    text = text.lstrip(" ,!?.")
    return text[:1].upper() + text[1:]
