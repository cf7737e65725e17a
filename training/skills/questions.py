"""Questions about known things: which wordings are held out, and what politeness puts around them."""

from collections.abc import Collection, Sequence
from random import Random

from training.skills.exchange import Split
from training.skills.wordings import MAX_NUM_DRAWS, drawn_wording, is_held_out_wording, is_plain_wording

QUESTION_FRAMES = (
    *("{x}?",) * 12, "{x}", "hi, {x}?", "hello, {x}?", "hey, {x}?", "so {x}?", "quick question: {x}?",
    "excuse me, {x}?", "I have a question: {x}?", "sorry, {x}?", "good morning, {x}?", "{x}, please?",
    "I am curious: {x}?", "for my homework: {x}?",
)  # fmt: skip
REQUEST_FRAMES = (
    *("{x}.",) * 8, *("{x}",) * 3, "please {x}.", "please {x}", "{x}, please.", "{x} please", "can you {x}?",
    "could you {x}?", "would you {x}?", "can you please {x}?", "could you please {x}?", "I want you to {x}.",
    "I would like you to {x}.", "hi, {x}.", "hi, can you {x}?", "hello, please {x}.", "hey, {x}!", "kindly {x}.",
    "I need you to {x}.", "will you {x}?", "let's start: {x}.",
)  # fmt: skip
STATEMENT_FRAMES = ("{x}.", "{x}.", "{x}", "hi, {x}.", "hello, {x}.", "{x}. Can you help?", "{x}, please.")
NAME_FRAMES = ("{x}", "{x}", "{x}?", "{x}.", "{x}, please", "{x} please.", "hi, {x}?")


def question(
    random: Random, patterns: Sequence[str], split: Split, *, trained: Collection[str] = (), **slots: str
) -> str:
    """A question of the split: a pattern, filled and in a polite frame.

    A pattern ends in `?` if it is a question, in `.` if it is a request, in `!` if it is a statement, and in none of them
    if it only names a thing. Held out are wordings that are not plain (see wordings.py) and pairs of a wording and what
    fills it, whatever frame is around them; never those in `trained`: patterns or questions in lower case without the
    full stop. Raises ValueError if there is no question of the split.
    """
    for _ in range(MAX_NUM_DRAWS):
        core, is_plain = drawn_wording(random, patterns)
        filled = core.format(**slots)
        is_trained = any(text.lower().rstrip(".?!") in trained for text in (core, filled))
        is_trained = is_trained or is_plain_wording(filled, patterns)
        is_rare = not is_plain and is_held_out_wording(core)
        held_out = not is_trained and (is_rare or (filled != core and is_held_out_wording(filled)))
        if held_out == (split is Split.HELD_OUT):
            return framed(random, filled)
    raise ValueError(f"no question for the split '{split}' in {MAX_NUM_DRAWS} draws of {slots}: {patterns}")


def framed(random: Random, core: str) -> str:
    """The question as somebody asks it, with a capital first letter."""
    frames = {"?": QUESTION_FRAMES, ".": REQUEST_FRAMES, "!": STATEMENT_FRAMES}.get(core[-1], NAME_FRAMES)
    text = random.choice(frames).format(x=core.rstrip(".?!"))
    return text[:1].upper() + text[1:]
