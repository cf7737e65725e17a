"""Addition, subtraction, multiplication and comparison of whole numbers, worked out in writing.

Every digit and carry that a step needs is written down shortly before it, so that each step is a fact of two or three
digits. A line break separates steps: it is one token.
"""

SIGNS = {"+": "+", "-": "-", "*": "×"}


def result(a: int, operator: str, b: int) -> int:
    """The true result."""
    return {"+": a + b, "-": a - b, "*": a * b}[operator]


def relation(a: int, b: int) -> str:
    """`<`, `>` or `=`."""
    return "<" if a < b else ">" if a > b else "="


def digits(value: int) -> list[int]:
    """The decimal digits, lowest first."""
    return [int(digit) for digit in reversed(str(value))]


def columns(a: int, b: int) -> list[tuple[int, int]]:
    """The digits of both that stand below each other, lowest first; the shorter number is filled with zeros."""
    width = max(len(str(a)), len(str(b)))
    return list(zip(digits(a) + [0] * (width - len(str(a))), digits(b) + [0] * (width - len(str(b))), strict=True))


def worked(a: int, operator: str, b: int) -> str:
    """The steps of a problem; the last number of the last line is the result."""
    return {"+": addition, "-": subtraction, "*": multiplication}[operator](a, b)


def check(a: int, operator: str, b: int) -> str:
    """The steps that confirm a result another way: turned round, or a difference added again."""
    if operator == "-":
        return addition(abs(a - b), min(a, b))
    if operator == "+":
        return addition(b, a)
    return rows(a, b) if len(str(a)) < len(str(b)) else rows(b, a)


def addition(a: int, b: int) -> str:
    """For 58 and 67 the lines `58+67:`, `8+7=15`, `5+6+1=12`, `125`."""
    return "\n".join((f"{a}+{b}:", *columns_added(a, b), str(a + b)))


def columns_added(a: int, b: int) -> list[str]:
    """`8+7=15`, `5+6+1=12`: the sum of each column and the carry, which is the first digit of a `1…` before."""
    lines, carry = [], ""
    for x, y in columns(a, b):
        total = x + y + bool(carry)
        lines.append(f"{x}+{y}{carry}={total}")
        carry = "+1" if total > 9 else ""
    return lines


def subtraction(a: int, b: int) -> str:
    """For 52 and 17 the lines `52-17:`, `5>1 2<7`, `12-7=5`, `5-1-1=3`, `35`.

    The highest digits that differ tell which number is larger. A negative result is turned round: the lines for 17 and
    52 are `17-52:`, `1<5 7>2, so -(52-17):`, then those of 52 and 17, then `-35`.
    """
    if a == b:
        return f"{a}-{b}:\n{pairs(a, b)}\n0"
    if a < b:
        return f"{a}-{b}:\n{pairs(a, b)}, so -({b}-{a}):\n{difference(b, a)}\n-{b - a}"
    return f"{a}-{b}:\n{difference(a, b)}"


def pairs(a: int, b: int) -> str:
    """`5>1 2<7`: the digits of each column compared, highest first. `<` is where a subtraction borrows."""
    return " ".join(f"{x}{relation(x, y)}{y}" for x, y in reversed(columns(a, b)))


def difference(a: int, b: int) -> str:
    """The lines from the pairs on, for a > b. The result is written in full width first: `003=3`."""
    full = str(a - b).zfill(len(str(a)))
    return "\n".join((pairs(a, b), *columns_subtracted(a, b), full if full[0] != "0" else f"{full}={a - b}"))


def columns_subtracted(a: int, b: int) -> list[str]:
    """`12-7=5`, `5-1-1=3` for 52 and 17: ten is put before a digit that is too small, and one taken in the next column."""
    lines, borrowed = [], ""
    for x, y in columns(a, b):
        rest = x - bool(borrowed) - y
        lines.append(f"{'1' if rest < 0 else ''}{x}{borrowed}-{y}={rest % 10}")
        borrowed = "-1" if rest < 0 else ""
    return lines


def multiplication(a: int, b: int) -> str:
    """The rows of the longer number times each digit of the other: `3×17=17×3:`, `7×3=21`, `1×3=3`, `3+2=5`, `51`."""
    if len(str(a)) < len(str(b)):
        return f"{a}×{b}={rows(b, a)}"
    return rows(a, b)


def rows(a: int, b: int) -> str:
    """A row for each digit of b, highest first, each added to ten times those before.

    For 17 and 23 the line `17×23:`, the row of `17×2:` up to `34`, that of `17×3:` up to `51`, the addition of `340+51:`.
    """
    first, *others = reversed(digits(b))
    if not others:
        return row(a, b)
    total, lines = a * first, [f"{a}×{b}:", row(a, first)]
    for digit in others:
        lines += [row(a, digit), addition(10 * total, a * digit)]
        total = 10 * total + a * digit
    return "\n".join(lines)


def row(a: int, digit: int) -> str:
    """For 17 and 3 the lines `17×3:`, `7×3=21`, `1×3=3`, `3+2=5`, `51`; one line where nothing is to be carried."""
    if a < 10 or digit < 2:
        return f"{a}×{digit}={a * digit}"
    return "\n".join((f"{a}×{digit}:", *columns_multiplied(a, digit), str(a * digit)))


def columns_multiplied(a: int, digit: int) -> list[str]:
    """`7×3=21`, `1×3=3`, `3+2=5`: each product, and the carry added to it if there is one."""
    lines, carry = [], 0
    for x in digits(a):
        product = x * digit
        lines.append(f"{x}×{digit}={product}")
        if carry:
            lines.append(f"{product}+{carry}={product + carry}")
        carry = (product + carry) // 10
    return lines


def compared(a: int, b: int) -> str:
    """`579?582: 5=5 7<8, so 579<582`: digits from the highest on, up to the first that differ.

    A shorter number is written with zeros first: `7?12: 07?12: 0<1, so 7<12`.
    """
    shown, width = pairs(a, b).split(), len(str(max(a, b)))
    num_equal = next((index for index, pair in enumerate(shown) if "=" not in pair), len(shown))
    padded = "" if len(str(min(a, b))) == width else f" {a:0{width}}?{b:0{width}}:"
    return f"{a}?{b}:{padded} {' '.join(shown[: num_equal + 1])}, so {a}{relation(a, b)}{b}"
