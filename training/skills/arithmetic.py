"""Questions for a sum, a difference or a product of whole numbers. The analysis works it out digit by digit."""

import re
from collections.abc import Callable, Mapping
from random import Random

from training.skills.arithmetic_steps import (
    SIGNS,
    check,
    columns_added,
    columns_multiplied,
    columns_subtracted,
    digits,
    result,
    worked,
)
from training.skills.comparison import comparison
from training.skills.exchange import Effort, Exchange, Split, analyses

Skill = Callable[[Random, Split], Exchange]

SPELLINGS = {"+": ("+",), "-": ("-", "-", "\N{MINUS SIGN}"), "*": ("*", "*", "×", "x", "·")}
NOUNS = {
    "+": ("{a} plus {b}", "{a} plus {b}", "the sum of {a} and {b}"),
    "-": ("{a} minus {b}", "{a} minus {b}", "the difference between {a} and {b}", "{a} take away {b}"),
    "*": ("{a} times {b}", "{a} times {b}", "the product of {a} and {b}", "{a} multiplied by {b}"),
}
VERBS = {
    "+": ("add {a} and {b}", "add {a} and {b}", "add {b} to {a}", "sum {a} and {b}"),
    "-": ("subtract {b} from {a}", "subtract {b} from {a}", "take {b} away from {a}", "take {b} from {a}"),
    "*": ("multiply {a} by {b}", "multiply {a} by {b}", "multiply {a} and {b}", "multiply {a} with {b}"),
}
FRAMES = (
    "What is {e}?", "{e}", "How much is {e}?", "Calculate {e}.", "Compute {e}.", "What's {e}?", "{e} =", "{e}=?",
    "What is the result of {e}?", "Please calculate {e}.", "Solve {e}", "Can you tell me what {e} is?", "{e} = ?",
    "Tell me {e}.", "What does {e} equal?", "Evaluate {e}", "I need the result of {e}.", "Work out {e}.",
    "Could you compute {e}?", "Please solve {e}.", "Give me the answer to {e}.", "Do you know what {e} is?",
    "Hey, what is {e}?", "Hello, what is {e}?", "Calculate: {e}", "Answer this: {e}", "Quick question: what is {e}?",
    "What do you get for {e}?", "I want to know {e}.", "Find {e}.", "What is the value of {e}?", "How much does {e} make?",
    "Do the math: {e}", "Please compute {e}.", "Can you calculate {e}?", "So what is {e}?", "And what is {e}?",
    "What's the answer to {e}?", "Let me know what {e} is.", "Can you solve {e} for me?", "My homework: {e}", "{e}?",
)  # fmt: skip
REQUESTS = (
    "{v}.", "Please {v}.", "Can you {v}?", "What do you get if you {v}?", "Could you {v}?", "Now {v}.", "{v}",
    "I want you to {v}.", "Can you {v} for me?", "What do we get if we {v}?", "What happens if I {v}?",
    "What is the result if you {v}?", "Let us {v}.", "Can you please {v}?", "Could you please {v}?", "{v}, please.",
    "What do I get if I {v}?", "I have to {v}.", "What is the answer when you {v}?", "Help me to {v}.", "Try to {v}.",
)  # fmt: skip
EXPLAINED = (
    "Compute {e} and explain the steps.", "Calculate {e} and explain the steps.", "Compute {e} and show the steps.",
    "What is {e}? Explain the steps.", "Solve {e} and show your work.", "Explain how to compute {e}.",
    "Work out {e} and explain each step.", "Show the steps of {e}.", "What is {e}? Show your work.",
    "Solve step by step: {e}", "What is {e}? Think step by step.", "Calculate {e} step by step.", "Explain {e}.",
    "Calculate {e} and show the steps.", "Explain step by step how to calculate {e}.", "Show me how to compute {e}.",
    "Compute {e} and explain how you did it.", "Please explain the steps of {e}.", "How do you calculate {e}?",
    "What is {e}, step by step?", "Show how you solve {e}.", "Please compute {e} and explain your steps.",
)  # fmt: skip
NUMBER_ONLY = (
    "What is {e}? Answer with the number only.", "Just the number: {e}", "What is {e}? Only the number.",
    "{e}? Reply with the number only.", "Compute {e}. Only give the number.", "{e}? Just the number, please.",
    "Answer with only the number: {e}", "Calculate {e} and answer with just the number.", "Only the number: what is {e}?",
    "What is {e}? Give me only the number.", "How much is {e}? Just the number.", "What is {e}? Just the result.",
    "Only the result of {e}, please.", "Answer with just the number: what is {e}?", "{e}? Only the result.",
)  # fmt: skip
METHODS = {
    "+": "I add the digits from the right.",
    "-": "I compare the digits, then I subtract them from the right.",
    "*": "I multiply by each digit and add the rows.",
}
SIZES = ((1, 1), (2, 1), (2, 1), (1, 2), (3, 1), (1, 3), (2, 2), (2, 2), (2, 2), (2, 2), (2, 2), (2, 2))
BEYOND_SIZES = ((3, 2), (2, 3), (3, 3))


def addition(random: Random, split: Split) -> Exchange:
    """A sum."""
    a, b = drawn(random, split, terms)
    return exchange(random, "arithmetic: addition", a, "+", b)


def subtraction(random: Random, split: Split) -> Exchange:
    """A difference; one in four is negative."""
    a, b = drawn(random, split, terms)
    if a < b and random.random() < 0.5:
        a, b = b, a
    return exchange(random, "arithmetic: subtraction", a, "-", b)


def multiplication(random: Random, split: Split) -> Exchange:
    """A product of numbers up to two digits, or of one digit and three."""
    a, b = drawn(random, split, lambda random: factors(random, SIZES))
    return exchange(random, "arithmetic: multiplication", a, "*", b)


def long_multiplication(random: Random, split: Split) -> Exchange:
    """A product with a number of three digits and one of at least two."""
    a, b = drawn(random, split, lambda random: factors(random, BEYOND_SIZES))
    return exchange(random, "arithmetic: multiplication beyond 2x2", a, "*", b)


def drawn(random: Random, split: Split, draw: Callable[[Random], tuple[int, int]]) -> tuple[int, int]:
    """Two numbers of the split."""
    while True:
        a, b = draw(random)
        if is_held_out(a, b) == (split is Split.HELD_OUT):
            return a, b


def is_held_out(a: int, b: int) -> bool:
    """Whether training never asks for this pair: one in eleven, in both orders and whatever the operator."""
    low, high = sorted((a, b))
    return (low, high) == (17, 23) or (high > 9 and (low * 7919 + high * 104729) % 11 == 0)


def terms(random: Random) -> tuple[int, int]:
    """Numbers to add or subtract: often close to each other, now and then equal."""
    a, b = (number(random, random.choice((1, 2, 2, 3, 3))) for _ in range(2))
    chance = random.random()
    if chance < 0.03:
        b = a
    elif chance < 0.25 and a > 9:  # the same highest digit
        b = a - a % 10 ** (len(str(a)) - 1) + random.randrange(10 ** (len(str(a)) - 1))
    elif chance < 0.32:
        b = max(0, a - random.randrange(12))
    return (b, a) if random.random() < 0.5 else (a, b)


def factors(random: Random, sizes: tuple[tuple[int, int], ...]) -> tuple[int, int]:
    """Numbers to multiply."""
    first, second = random.choice(sizes)
    return number(random, first), number(random, second)


def number(random: Random, num_digits: int) -> int:
    """A number of so many digits; round ones are frequent."""
    value = random.randrange(0 if num_digits == 1 else 10 ** (num_digits - 1), 10**num_digits)
    if num_digits > 1 and random.random() < 0.08:
        unit: int = 10 ** random.randrange(1, num_digits)
        return value - value % unit
    return value


def exchange(random: Random, skill: str, a: int, operator: str, b: int) -> Exchange:
    """A question, its steps, and the answer in the form that is asked for."""
    chance, steps = random.random(), analysis(a, operator, b)
    if chance < 0.1:
        question = random.choice(EXPLAINED).format(e=formula(random, a, operator, b))
        return Exchange(skill, question, noted(steps, "I show the steps."), explained(a, operator, b))
    if chance < 0.15:
        question = random.choice(NUMBER_ONLY).format(e=expression(random, a, operator, b))
        return Exchange(skill, question, noted(steps, "Only the number."), str(result(a, operator, b)))
    return Exchange(skill, problem(random, a, operator, b), steps, answer(a, operator, b))


def noted(steps: Mapping[Effort, str], note: str) -> dict[Effort, str]:
    """The steps, and in which form the answer is asked for: it is too far from the question to be remembered."""
    return {effort: f"{text}\n{note}" for effort, text in steps.items()}


def problem(random: Random, a: int, operator: str, b: int) -> str:
    """The plain question, in words or as a formula."""
    if random.random() < 0.2:
        asked = random.choice(REQUESTS).format(v=random.choice(VERBS[operator]).format(a=a, b=b))
        return asked[0].upper() + asked[1:]
    asked = random.choice(FRAMES).format(e=expression(random, a, operator, b))
    return asked[0].upper() + asked[1:]


def expression(random: Random, a: int, operator: str, b: int) -> str:
    """`17*23` or `17 times 23`."""
    if random.random() < 0.25:
        return random.choice(NOUNS[operator]).format(a=a, b=b)
    return formula(random, a, operator, b)


def formula(random: Random, a: int, operator: str, b: int) -> str:
    """`17*23`, `17 × 23`, …"""
    space = random.choice(("", " "))
    return f"{a}{space}{random.choice(SPELLINGS[operator])}{space}{b}"


def analysis(a: int, operator: str, b: int) -> dict[Effort, str]:
    """The bare steps, then with words, then with a check another way."""
    work, equation = worked(a, operator, b), f"{a}{SIGNS[operator]}{b}={result(a, operator, b)}"
    medium = f"{METHODS[operator]}\n{work}\nSo {equation}."
    high = f"{medium}\nI check it another way.\n{check(a, operator, b)}\nThat fits, so {equation}."
    return analyses(work, medium, high)


def answer(a: int, operator: str, b: int) -> str:
    """The answer in one sentence."""
    return f"{a} {SIGNS[operator]} {b} = {result(a, operator, b)}."


def explained(a: int, operator: str, b: int) -> str:
    """The answer with its steps, all of which stand in the analysis."""
    if operator == "*" and min(a, b) > 9:
        return explained_rows(a, b)
    if max(a, b) < 10 or (operator == "-" and a == b) or (operator == "*" and min(a, b) < 2):
        return answer(a, operator, b)
    lines = {"+": columns_added, "-": columns_subtracted, "*": columns_multiplied}[operator]
    first, second = (a, b) if operator == "+" else (max(a, b), min(a, b))
    turned = f"{answer(first, operator, second)[:-1]} and " if operator == "-" and a < b else ""
    steps = ", ".join(spaced(line) for line in lines(first, second))
    return f"Digit by digit from the right: {steps}. So {turned}{answer(a, operator, b)}"


def explained_rows(a: int, b: int) -> str:
    """`17 × 23 = 17 × 20 + 17 × 3 = 340 + 51 = 391.`"""
    turned = [f"{a} × {b}"]
    if len(str(a)) < len(str(b)):
        a, b = b, a
        turned.append(f"{a} × {b}")
    parts = [digit * 10**place for place, digit in reversed(list(enumerate(digits(b)))) if digit]
    if len(parts) > 1:
        turned += [" + ".join(f"{a} × {part}" for part in parts), " + ".join(str(a * part) for part in parts)]
    return " = ".join((*turned, f"{a * b}."))


def spaced(equation: str) -> str:
    """`8 + 7 = 15` for `8+7=15`."""
    return re.sub(r"([-+×=])", r" \1 ", equation)


SKILLS: dict[Skill, float] = {
    addition: 5, subtraction: 7, multiplication: 7, long_multiplication: 1, comparison: 8,
}  # fmt: skip
