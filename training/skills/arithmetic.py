"""Addition, subtraction and multiplication of whole numbers, worked out digit by digit in the analysis."""

from random import Random

from training.skills.exchange import Effort, Exchange, Split, analyses, choose

SIGNS = {"+": "+", "-": "-", "*": "×"}
PHRASES = {
    "+": (
        "What is {a} plus {b}?", "How much is {a} plus {b}?", "{a} plus {b}", "Add {a} and {b}.", "Add {a} to {b}.",
        "What is the sum of {a} and {b}?", "Please add {a} and {b}.", "Compute the sum of {a} and {b}.",
        "Calculate {a} plus {b}.", "What do you get if you add {a} and {b}?", "Sum {a} and {b}",
        "{a} and {b} together?", "Can you add {a} and {b}?", "What's {a} plus {b}?",
    ),
    "-": (
        "What is {a} minus {b}?", "How much is {a} minus {b}?", "{a} minus {b}", "Subtract {b} from {a}.",
        "What is the difference between {a} and {b}?", "Please subtract {b} from {a}.", "Take {b} away from {a}.",
        "Calculate {a} minus {b}.", "What do you get if you subtract {b} from {a}?", "Can you subtract {b} from {a}?",
        "What's {a} minus {b}?", "Compute {a} minus {b}.", "{a} take away {b}",
        "What remains if I take {b} from {a}?",
    ),
    "*": (
        "What is {a} times {b}?", "How much is {a} times {b}?", "{a} times {b}", "Multiply {a} by {b}.",
        "What is the product of {a} and {b}?", "Please multiply {a} and {b}.", "What is {a} multiplied by {b}?",
        "Calculate {a} times {b}.", "What do you get if you multiply {a} by {b}?", "Can you multiply {a} by {b}?",
        "What's {a} times {b}?", "Compute the product of {a} and {b}.", "{a} multiplied by {b}",
        "Multiply {a} and {b}",
    ),
}  # fmt: skip
FRAMES = (
    "What is {e}?", "{e}", "How much is {e}?", "Calculate {e}.", "Compute {e}.", "What's {e}?", "{e} =", "{e}=?",
    "What is the result of {e}?", "Please calculate {e}.", "Solve {e}", "Can you tell me what {e} is?", "{e} = ?",
    "Tell me {e}.", "What does {e} equal?", "Evaluate {e}", "I need the result of {e}.", "Work out {e}.",
    "Could you compute {e}?", "Please solve {e}.", "Give me the answer to {e}.", "Do you know what {e} is?",
    "Hey, what is {e}?", "Hello, what is {e}?", "What is {e}? Think step by step.", "Solve step by step: {e}",
    "Calculate: {e}", "Answer this: {e}", "What is {e}? Answer with the number only.", "Quick question: what is {e}?",
)  # fmt: skip
SPELLINGS = {"+": ("+",), "-": ("-", "-", "\N{MINUS SIGN}"), "*": ("*", "*", "×", "x", "·")}
MULTIPLICATION_SIZES = ((1, 1), (1, 1), (2, 1), (2, 1), (1, 2), (3, 1), (1, 3), (2, 2), (2, 2), (2, 2), (2, 2), (2, 2))
NAMES = {"+": "add", "-": "subtract", "*": "multiply"}


def arithmetic(random: Random, split: Split) -> Exchange:
    """A random problem with its steps."""
    operator = random.choice("++------***")
    a, b = operands(random, operator, split)
    return Exchange(
        f"arithmetic {operator}", problem(random, a, operator, b, split), steps(a, operator, b), answer(a, operator, b)
    )


def operands(random: Random, operator: str, split: Split) -> tuple[int, int]:
    """Two numbers of the split; one pair in eleven is held out, whatever the operator."""
    while True:
        if operator == "*":
            a, b = (number(random, size) for size in random.choice(MULTIPLICATION_SIZES))
        else:
            a, b = (number(random, random.choice((1, 2, 2, 3, 3))) for _ in range(2))
        if operator == "-" and a > 9 and random.random() < 0.3:  # the same highest digit, the hard case
            b = a - a % 10 ** (len(str(a)) - 1) + random.randrange(10 ** (len(str(a)) - 1))
        if is_held_out(a, b) == (split is Split.HELD_OUT):
            return a, b


def number(random: Random, num_digits: int) -> int:
    """A number of so many digits."""
    return random.randrange(0 if num_digits == 1 else 10 ** (num_digits - 1), 10**num_digits)


def is_held_out(a: int, b: int) -> bool:
    """Whether training never shows this pair, in this order."""
    return (a, b) == (17, 23) or (max(a, b) > 9 and (a * 7919 + b * 104729) % 11 == 0)


def problem(random: Random, a: int, operator: str, b: int, split: Split) -> str:
    """The question, in words or as a formula."""
    if random.random() < 0.35:
        return random.choice(PHRASES[operator]).format(a=a, b=b)
    space = random.choice(("", " "))
    expression = f"{a}{space}{random.choice(SPELLINGS[operator])}{space}{b}"
    return choose(random, FRAMES, split).format(e=expression)


def answer(a: int, operator: str, b: int) -> str:
    """The answer in one sentence."""
    return f"{a} {SIGNS[operator]} {b} = {result(a, operator, b)}."


def result(a: int, operator: str, b: int) -> int:
    """The true result."""
    return {"+": a + b, "-": a - b, "*": a * b}[operator]


def steps(a: int, operator: str, b: int) -> dict[Effort, str]:
    """The analysis: the bare steps, then with words, then with a check the other way round."""
    work = {"+": addition, "-": subtraction, "*": multiplication}[operator](a, b)
    value = result(a, operator, b)
    medium = f"I {NAMES[operator]} digit by digit. {work} So the result is {value}."
    return analyses(work, medium, f"{medium} Let me check. {check(a, operator, b)} That fits, the result is {value}.")


def check(a: int, operator: str, b: int) -> str:
    """The steps that confirm a result."""
    if operator == "+":
        return addition(b, a)
    if operator == "*":
        return multiplication(b, a)
    return addition(a - b, b) if a >= b else addition(b - a, a)


def digits(value: int) -> list[int]:
    """The decimal digits, lowest first."""
    return [int(digit) for digit in reversed(str(value))]


def column(value: list[int], index: int) -> int:
    """The digit in a column, 0 beyond the number."""
    return value[index] if index < len(value) else 0


def addition(a: int, b: int) -> str:
    """`58+67: 8+7=15, 5+6=11, 11+1=12: 125.`"""
    lines, carry = [], 0
    for index in range(max(len(digits(a)), len(digits(b)))):
        x, y = column(digits(a), index), column(digits(b), index)
        lines.append(f"{x}+{y}={x + y}")
        if carry:
            lines.append(f"{x + y}+1={x + y + 1}")
        carry = (x + y + carry) // 10
    return f"{a}+{b}: {', '.join(lines)}: {a + b}."


def subtraction(a: int, b: int) -> str:
    """`52-17: 5>1: 12-7=5, 5-1=4, 4-1=3: 35.` The highest digits that differ tell which number is larger.

    A negative result is turned round: `17-52: 1<5, so 52-17: … : 35. With the minus sign: -35.`
    """
    if a < b:
        return f"{a}-{b}: {comparison(a, b)}, so {b}-{a}: {columns_subtracted(b, a)} With the minus sign: {a - b}."
    return f"{a}-{b}: {comparison(a, b)}: {columns_subtracted(a, b)}"


def comparison(a: int, b: int) -> str:
    """`6=6, 5>0`: digits from the highest on, up to the first that differ."""
    compared = []
    for index in reversed(range(max(len(digits(a)), len(digits(b))))):
        x, y = column(digits(a), index), column(digits(b), index)
        compared.append(f"{x}{'<' if x < y else '>' if x > y else '='}{y}")
        if x != y:
            break
    return ", ".join(compared)


def columns_subtracted(a: int, b: int) -> str:
    """`12-7=5, 5-1=4, 4-1=3: 35.` for 52 and 17; the first is not the smaller one."""
    lines, borrow = [], 0
    for index in range(len(digits(a))):
        x, y = column(digits(a), index), column(digits(b), index)
        if borrow:
            borrow = int(x == 0)
            lines.append(f"{x + 10 * borrow}-1={x + 10 * borrow - 1}")
            x += 10 * borrow - 1
        if x < y:
            x, borrow = x + 10, 1
        lines.append(f"{x}-{y}={x - y}")
    return f"{', '.join(lines)}: {a - b}."


def multiplication(a: int, b: int) -> str:
    """`17×23: 17×3: 7×3=21, 1×3=3, 3+2=5: 51. 17×2: 7×2=14, 1×2=2, 2+1=3: 34. 51+340: … : 391.`

    With one digit on the left the factors change places.
    """
    if b < 10:
        return row(a, b)
    if a < 10:
        return f"{a}×{b}={row(b, a)}"
    rows = [row(a, digit) for digit in digits(b)]
    total, text = a * (b % 10), f"{a}×{b}: {rows[0]}"
    for index in range(1, len(rows)):
        part = a * digits(b)[index] * 10**index
        text += f" {rows[index]} {addition(total, part)}"
        total += part
    return text


def row(a: int, digit: int) -> str:
    """`17×3: 7×3=21, 1×3=3, 3+2=5: 51.`"""
    lines, carry = [], 0
    for x in digits(a):
        product = x * digit
        lines.append(f"{x}×{digit}={product}")
        if carry:
            lines.append(f"{product}+{carry}={product + carry}")
        carry = (product + carry) // 10
    return f"{a}×{digit}: {', '.join(lines)}: {a * digit}."
