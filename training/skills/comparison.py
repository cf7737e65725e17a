"""Questions which of two whole numbers is greater. The analysis compares them digit by digit."""

from dataclasses import dataclass
from random import Random

from training.skills.arithmetic_steps import compared, relation
from training.skills.exchange import Effort, Exchange, Split, analyses

RELATIONS = {
    ">": ("greater than", "larger than", "bigger than", "more than", "higher than", ">"),
    "<": ("less than", "smaller than", "less than", "smaller than", "lower than", "<"),
    "=": ("equal to", "the same as"),
}
ADJECTIVES = {">": ("larger", "bigger", "greater", "higher"), "<": ("smaller", "smaller", "less", "lower")}
WORDS = {">": "greater than", "<": "less than", "=": "equal to"}
ASKS = {">": "Asked for greater:", "<": "Asked for less:", "=": "Asked for equal:", "?": "Asked for both:"}
OPPOSITE = {">": "<", "<": ">", "=": "="}
WHETHER = (
    "Is {a} {r} {b}?", "Tell me if {a} is {r} {b}.", "Is it true that {a} is {r} {b}?", "{a} is {r} {b}, right?",
    "Is the number {a} {r} {b}?", "Do you know if {a} is {r} {b}?", "Check if {a} is {r} {b}.", "So is {a} {r} {b}?",
    "Can you tell me if {a} is {r} {b}?", "True or false: {a} is {r} {b}?", "Would you say {a} is {r} {b}?",
    "Hey, is {a} {r} {b}?", "Quick question: is {a} {r} {b}?", "Please tell me if {a} is {r} {b}.",
    "I want to know if {a} is {r} {b}.", "{a} {r} {b}?",
)  # fmt: skip
WHICH = (
    "Which is {r}, {a} or {b}?", "Which number is {r}, {a} or {b}?", "Which one is {r}, {a} or {b}?",
    "What is {r}, {a} or {b}?", "{a} or {b}, which is {r}?", "Which of {a} and {b} is {r}?",
    "Tell me which is {r}, {a} or {b}.", "Which is the {r} number, {a} or {b}?", "Which number is {r}: {a} or {b}?",
    "What is the {r} number, {a} or {b}?", "Which is {r}: {a} or {b}?", "{a} and {b}: which is {r}?",
    "Is {a} or {b} {r}?", "Which of the numbers {a} and {b} is {r}?", "Do you know which is {r}, {a} or {b}?",
    "{a} or {b}: which number is {r}?",
)  # fmt: skip
COMPARE = (
    "Compare {a} and {b}.", "Compare {a} with {b}.", "Please compare {a} and {b}.", "How does {a} compare to {b}?",
    "Compare the numbers {a} and {b}.", "Can you compare {a} and {b}?", "Compare {a} to {b}.", "Compare: {a} and {b}",
    "Could you compare {a} and {b}?", "Compare {a} and {b} for me.", "Compare these numbers: {a} and {b}",
    "How do {a} and {b} compare?", "Compare {a}, {b}", "Please compare the numbers {a} and {b}.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, its answer, the relation it asks for, and what the analysis concludes: in signs, and in words."""

    question: str
    answer: str
    sign: str
    found: str
    conclusion: str


def comparison(random: Random, split: Split) -> Exchange:
    """A question of one of three kinds."""
    a, b = operands(random, split)
    asked = random.choice((whether, whether, which, which, compare))(random, a, b)
    return Exchange("arithmetic: comparison", asked.question, analysis(a, b, asked), asked.answer)


def operands(random: Random, split: Split) -> tuple[int, int]:
    """Numbers of the split: often with the same first digits, now and then equal."""
    while True:
        a, b = (random.randrange(10 ** random.choice((1, 2, 2, 3, 3))) for _ in range(2))
        chance = random.random()
        if chance < 0.06:
            b = a
        elif chance < 0.3 and a > 9:
            b = a - a % 10 ** (len(str(a)) - 1) + random.randrange(10 ** (len(str(a)) - 1))
        elif chance < 0.4 and a > 9:
            b = a - a % 10 + random.randrange(10)
        elif chance < 0.45:
            b = int(str(a)[::-1])
        if is_held_out(a, b) == (split is Split.HELD_OUT):
            return (b, a) if random.random() < 0.5 else (a, b)


def is_held_out(a: int, b: int) -> bool:
    """Whether training never asks to compare this pair: one in eleven, in both orders."""
    low, high = sorted((a, b))
    return high > 9 and (low * 7907 + high * 104723) % 11 == 0


def whether(random: Random, a: int, b: int) -> Asked:
    """`Is 45 greater than 54?`, `No, 45 is less than 54.`"""
    sign = random.choice((">", ">", "<", "<", "="))
    question = random.choice(WHETHER).format(a=a, b=b, r=random.choice(RELATIONS[sign]))
    verdict = "Yes" if sign == relation(a, b) else "No"
    answer = f"{verdict}, {statement(a, relation(a, b), b)}"
    return Asked(question, answer, sign, verdict.lower(), f"The answer is {verdict.lower()}.")


def which(random: Random, a: int, b: int) -> Asked:
    """`Which is larger, 98 or 120?`, `120 is greater than 98.` The number that is asked for comes first."""
    sign = random.choice("><")
    question = random.choice(WHICH).format(a=a, b=b, r=random.choice(ADJECTIVES[sign]))
    first, second = (b, a) if relation(a, b) == OPPOSITE[sign] else (a, b)
    found = f"{first}{relation(first, second)}{second}"
    answer = statement(first, relation(first, second), second)
    return Asked(question, answer, sign, found, answer)


def compare(random: Random, a: int, b: int) -> Asked:
    """`Compare 7 and 12.`, `7 is less than 12.`"""
    answer = statement(a, relation(a, b), b)
    return Asked(random.choice(COMPARE).format(a=a, b=b), answer, "?", f"{a}{relation(a, b)}{b}", answer)


def statement(a: int, sign: str, b: int) -> str:
    """`7 is less than 12.`"""
    return f"{a} is {WORDS[sign]} {b}."


def analysis(a: int, b: int, asked: Asked) -> dict[Effort, str]:
    """The digits compared, then with words, then the other way round, too. At the end stands what the answer says."""
    low = f"{compared(a, b)}. {asked.sign} {asked.found}"
    medium = f"I compare the digits from the left. {compared(a, b)}. {statement(a, relation(a, b), b)}"
    turned = f"The other way round: {compared(b, a)}. {statement(b, relation(b, a), a)} That fits."
    end = f"{ASKS[asked.sign]} {asked.sign} {asked.found}. {asked.conclusion}"
    return analyses(low, f"{medium} {end}", f"{medium} {turned} {end}")
