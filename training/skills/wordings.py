"""Many wordings of one thing from a short pattern, and which of them are held out."""

import re
from collections.abc import Sequence
from functools import cache
from random import Random

from training.skills.exchange import Split
from training.skills.words import is_held_out

CHOICE = re.compile(r"\[([^\[\]]*)\]")  # the innermost one
OPEN, OR, CLOSE = "\ue002\ue003\ue004"  # of a choice, while a pattern becomes a regular expression
MAX_NUM_DRAWS = 10_000


def wording(random: Random, patterns: Sequence[str], split: Split) -> str:
    """One wording of the split: `[Hi|Hello], who are you[?|]` stands for four.

    Slots such as `{x}` stay: what is held out is the wording, whatever fills it. A plain wording, one with nothing in it
    that may be left out, is always trained: held out are ways to put an opener, an addition and an ending around it.
    Raises ValueError if the patterns have no wording of the split.
    """
    for _ in range(MAX_NUM_DRAWS):
        text, is_plain = drawn_wording(random, patterns)
        if (not is_plain and is_held_out_wording(text)) == (split is Split.HELD_OUT):
            return sentence(text)
    raise ValueError(f"patterns have no wording for the split '{split}' in {MAX_NUM_DRAWS} draws: {patterns}")


def whole_wording(random: Random, patterns: Sequence[str], split: Split) -> str:
    """One wording of the split, where plain ones are held out, too: something that was never said in any way."""
    while True:
        text, _ = drawn_wording(random, patterns)
        if is_held_out_wording(text) == (split is Split.HELD_OUT):
            return sentence(text)


def drawn_wording(random: Random, patterns: Sequence[str]) -> tuple[str, bool]:
    """A wording, and whether it is plain: nothing stands in it that may be left out, but for punctuation."""
    text = expanded(random, random.choice(patterns))
    return text, is_plain_wording(text, patterns)


def is_plain_wording(text: str, patterns: Sequence[str]) -> bool:
    """Whether one of the patterns says so when all is left out that may be."""
    words = "".join(spoken(text))
    return any(plain_form(pattern).fullmatch(words) for pattern in patterns)


@cache
def plain_form(pattern: str) -> re.Pattern[str]:
    """What matches the joined words of every wording in which all is left out that may be."""
    while choice := CHOICE.search(pattern):
        alternatives = choice[1].split("|")
        kept = "" if "" in alternatives else f"{OPEN}{OR.join(alternatives)}{CLOSE}"
        pattern = pattern[: choice.start()] + kept + pattern[choice.end() :]
    words = re.escape(re.sub(rf"[^\w{{}}'{OPEN}{OR}{CLOSE}]", "", pattern.lower()))
    return re.compile(words.replace(OPEN, "(?:").replace(OR, "|").replace(CLOSE, ")"))


def expanded(random: Random, pattern: str) -> str:
    """The pattern with one alternative of each choice, the inner ones first."""
    while choice := CHOICE.search(pattern):
        pattern = pattern[: choice.start()] + random.choice(choice[1].split("|")) + pattern[choice.end() :]
    return pattern


def is_held_out_wording(text: str) -> bool:
    """Whether training never shows this wording, in any case and punctuation. Up to two words are never held out."""
    words = spoken(text)
    return len(words) > 2 and is_held_out(" ".join(words))


def spoken(text: str) -> list[str]:
    """The words, without case and punctuation."""
    return re.findall(r"[\w{}']+", text.lower())


def sentence(text: str) -> str:
    """The text without what an empty opener leaves behind, its first letter a capital."""
    text = text.lstrip(" ,!?.")
    return text[:1].upper() + text[1:]
