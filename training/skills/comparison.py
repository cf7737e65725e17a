"""Questions which of two whole numbers is greater. The analysis compares them digit by digit."""

from random import Random

from training.skills.arithmetic_steps import compared, relation
from training.skills.exchange import Effort, Exchange, Split, analyses, choose

RELATIONS = {
    ">": ("greater than", "larger than", "bigger than", "more than", "higher than", ">"),
    "<": ("less than", "smaller than", "less than", "smaller than", "lower than", "<"),
    "=": ("equal to", "the same as"),
}
ADJECTIVES = {">": ("larger", "bigger", "greater", "higher"), "<": ("smaller", "smaller", "less", "lower")}
WORDS = {">": "greater than", "<": "less than", "=": "equal to"}
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


def comparison(random: Random, split: Split) -> Exchange:
    """A question of one of three kinds."""
    a, b = operands(random, split)
    kind = random.choice((whether, whether, which, which, compare))
    question, answer = kind(random, a, b, split)
    return Exchange("arithmetic: comparison", question, analysis(a, b), answer)


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


def whether(random: Random, a: int, b: int, split: Split) -> tuple[str, str]:
    """`Is 45 greater than 54?`, `No, 45 is less than 54.`"""
    asked = random.choice((">", ">", "<", "<", "="))
    question = choose(random, WHETHER, split).format(a=a, b=b, r=random.choice(RELATIONS[asked]))
    return question, f"{'Yes' if asked == relation(a, b) else 'No'}, {statement(a, relation(a, b), b)}"


def which(random: Random, a: int, b: int, split: Split) -> tuple[str, str]:
    """`Which is larger, 98 or 120?`, `120 is greater than 98.` The number that is asked for comes first."""
    asked = random.choice("><")
    question = choose(random, WHICH, split).format(a=a, b=b, r=random.choice(ADJECTIVES[asked]))
    first, second = (b, a) if relation(a, b) == OPPOSITE[asked] else (a, b)
    return question, statement(first, relation(first, second), second)


def compare(random: Random, a: int, b: int, split: Split) -> tuple[str, str]:
    """`Compare 7 and 12.`, `7 is less than 12.`"""
    return choose(random, COMPARE, split).format(a=a, b=b), statement(a, relation(a, b), b)


def statement(a: int, sign: str, b: int) -> str:
    """`7 is less than 12.`"""
    return f"{a} is {WORDS[sign]} {b}."


def analysis(a: int, b: int) -> dict[Effort, str]:
    """The digits compared, then with words, then the other way round, too."""
    said = statement(a, relation(a, b), b)
    medium = f"I compare the digits from the left. {compared(a, b)}. {said}"
    turned = statement(b, relation(b, a), a)
    return analyses(compared(a, b), medium, f"{medium} The other way round: {compared(b, a)}. {turned} That fits.")
