"""Instructions about the answer: what they say, and what they make of an exchange."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from training.skills import instruction_wordings as wordings
from training.skills.british import british
from training.skills.exchange import COPY_END, COPY_START, Effort, Exchange, Split, analyses, copied, unmarked
from training.skills.wordings import wording
from training.skills.words import invented_word, of_split, word

MARKED = re.compile(f"{COPY_START}(.*?){COPY_END}", re.DOTALL)
ONE_WORD_ANSWERS = (
    re.compile(r"(\w+)\s?[!,].*", re.DOTALL),  # Hello! …; Yes, …
    re.compile(r"[^=]* = (-?\d+)\."),
    re.compile(r".* (?:is|est|ist|es|è|é) ([^\s\d]+)\."),  # The capital of France is Paris.
    re.compile(r"\S+ is the capital of (\S+)\."),
)
WHICH_IS_GREATER = re.compile(r"(\d+) is (?:greater|less) than \d+\.")
UNKNOWN_IN_ONE_WORD = "Unknown"


@dataclass(frozen=True, slots=True)
class Base:
    """An exchange without instructions, and the kind of its question (see languages/language.py)."""

    kind: str
    exchange: Exchange

    def answered(self, answer: str, notes: Mapping[Effort, str]) -> "Base":
        """The same with another answer, and what the analysis says about it at the end."""
        analysis = {effort: _joined(text, notes[effort]) for effort, text in self.exchange.analysis.items()}
        return replace(self, exchange=replace(self.exchange, answer=answer, analysis=analysis))


@dataclass(frozen=True, slots=True)
class Instruction:
    """`follow` is None where the instruction does not fit. `suits` are the kinds of questions it is shown with."""

    text: str
    follow: Callable[[Base], Base | None]
    suits: dict[str, float]


Make = Callable[[Random, Split, bool], Instruction]  # whether it is the user who says it

SHORT = {
    "capital": 5.0, "whether": 0.7, "country": 2.0, "greeting": 2.0, "identity": 1.0, "thanks": 1.0, "goodbye": 1.0, "sum": 3.0, "comparison": 0.8,
    "other": 1.0,
}  # fmt: skip


def worded(random: Random, usual: str, patterns: Sequence[str], split: Split) -> str:
    """A wording of the split; the usual ones are trained, and often."""
    if split is Split.TRAIN and random.random() < 0.12:
        return random.choice(wordings.USUAL[usual])
    taken = {text.rstrip(".").lower() for text in wordings.USUAL[usual]}
    while (text := wording(random, patterns, split)).rstrip(".!").lower() in taken:
        pass
    return text


def upper_case(random: Random, split: Split, by_user: bool) -> Instruction:
    """Answer in upper case."""
    text = worded(random, "upper case", wordings.UPPER_USER if by_user else wordings.UPPER_DEVELOPER, split)
    text = text.upper() if random.random() < 0.1 else text
    notes = analyses(
        "Upper case.",
        "I answer in upper case.",
        "I answer in upper case. Every letter of the answer is a capital, and its words stay the same.",
    )
    return Instruction(text, lambda base: base.answered(respelled(base.exchange.answer, str.upper), notes), SHORT)


def lower_case(random: Random, split: Split, by_user: bool) -> Instruction:
    """Answer in lower case."""
    text = worded(random, "lower case", wordings.LOWER_USER if by_user else wordings.LOWER_DEVELOPER, split)
    notes = analyses(
        "Lower case.",
        "I answer in lower case.",
        "I answer in lower case. No letter of the answer is a capital, and its words stay the same.",
    )
    return Instruction(text, lambda base: base.answered(respelled(base.exchange.answer, str.lower), notes), SHORT)


def british_english(random: Random, split: Split, by_user: bool) -> Instruction:
    """Answer in British English."""
    text = worded(random, "British English", wordings.BRITISH_USER if by_user else wordings.BRITISH_DEVELOPER, split)
    notes = analyses(
        "British spelling.",
        "I use British spelling.",
        "I use British spelling. So I write colour and organised, for example.",
    )
    suits = {**SHORT, "explanation": 24.0}
    return Instruction(text, lambda base: base.answered(respelled(base.exchange.answer, british), notes), suits)


def pirate(random: Random, split: Split, by_user: bool) -> Instruction:
    """Answer as a pirate."""
    text = worded(random, "pirate", wordings.PIRATE_USER if by_user else wordings.PIRATE_DEVELOPER, split)
    notes = analyses(
        "Pirate.",
        "I answer as a pirate.",
        "I answer as a pirate. A pirate begins with Arr and ends with Yo ho ho. Between them is my usual answer.",
    )
    return Instruction(
        text, lambda base: base.answered(f"Arr! {base.exchange.answer} Yo ho ho!", notes), {**SHORT, "explanation": 1.0}
    )


def one_word(random: Random, split: Split, by_user: bool) -> Instruction:
    """Answer in one word."""
    text = worded(random, "one word", wordings.ONE_WORD_USER if by_user else wordings.ONE_WORD_DEVELOPER, split)
    suits = {
        "capital": 7.0,
        "country": 1.5,
        "sum": 4.0,
        "whether": 1.0,
        "comparison": 1.0,
        "greeting": 0.5,
        "goodbye": 0.5,
        "other": 1.0,
    }
    return Instruction(text, in_one_word, suits)


def in_one_word(base: Base) -> Base | None:
    """The word that matters."""
    answer = unmarked(base.exchange.answer)
    notes = analyses(
        "One word.",
        "I answer in one word.",
        "I answer in one word. It is the word that matters. I leave out the rest of the sentence.",
    )
    if base.kind == "other":
        return base.answered(UNKNOWN_IN_ONE_WORD, notes)
    patterns = (*ONE_WORD_ANSWERS, WHICH_IS_GREATER) if " or " in base.exchange.question else ONE_WORD_ANSWERS
    found = next((match[1] for pattern in patterns if (match := pattern.fullmatch(answer))), None)
    return base.answered(found, notes) if found else None


def phrase(random: Random, split: Split, by_user: bool) -> Instruction:
    """End, or begin, with a given phrase."""
    if random.random() < 0.65:
        return end_phrase(random, split, by_user)
    pattern = worded(random, "beginning", wordings.BEGIN_USER if by_user else wordings.BEGIN_DEVELOPER, split)
    text, said = quoted(random, pattern, split, (*[""] * 3, ",", ".", "!"))
    notes = analyses(
        "Phrase first.", f"I begin with: {said}", f"My usual answer comes after a phrase. I begin with: {said}"
    )
    return Instruction(
        text, lambda base: base.answered(f"{said} {base.exchange.answer}", notes), {**SHORT, "explanation": 0.8}
    )


def end_phrase(random: Random, split: Split, by_user: bool) -> Instruction:
    """End with a given phrase."""
    pattern = worded(random, "end", wordings.END_USER if by_user else wordings.END_DEVELOPER, split)
    text, said = quoted(random, pattern, split, (*[""] * 3, ".", ".", "!"))
    notes = analyses(
        "Phrase last.", f"I end with: {said}", f"My usual answer comes before a phrase. I end with: {said}"
    )
    return Instruction(
        text, lambda base: base.answered(f"{base.exchange.answer} {said}", notes), {**SHORT, "explanation": 0.8}
    )


def quoted(random: Random, pattern: str, split: Split, ends: Sequence[str]) -> tuple[str, str]:
    """A pattern with a phrase in it, and the phrase as it is to be said."""
    words = words_to_say(random, split)
    if pattern.endswith("{x}") and random.random() < 0.25:
        shown = f" {words}" if random.random() < 0.5 else f": {words}"
        return f"{pattern.replace(' {x}', shown)}.", copied(words)
    end = random.choice(ends)
    opening, closing = random.choice(('""', '""', '""', "''", "“”"))
    text = pattern.replace("{x}", f"{opening}{words}{end}{closing}")
    return text + ("" if end or random.random() < 0.4 else "."), f"{copied(words)}{end}"


def words_to_say(random: Random, split: Split) -> str:
    """A phrase of one to five words, common or not."""
    if random.random() < 0.15:
        return of_split(random, wordings.PHRASES, split)
    draws = (word, word, word, word, invented_word)
    words = " ".join(random.choice(draws)(random, split) for _ in range(random.choice((1, 1, 2, 2, 3, 3, 4, 5))))
    if " " not in words and random.random() < 0.2:
        words = " ".join([words] * random.choice((2, 3)))
    chance = random.random()
    if chance < 0.45:
        return words[:1].upper() + words[1:]
    return words.upper() if chance < 0.5 else words


def respelled(text: str, change: Callable[[str], str]) -> str:
    """A changed text; what is no longer spelled as in the prompt is no copy."""
    parts = MARKED.split(text)
    parts[::2] = map(change, parts[::2])
    parts[1::2] = (copied(part) if change(part) == part else change(part) for part in parts[1::2])
    return "".join(parts)


def _joined(steps: str, note: str) -> str:
    return f"{steps} {note}" if steps.endswith(".") else f"{steps}\n{note}"
