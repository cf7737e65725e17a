"""Which answers are right, and the table of how many: a row for each skill, a sum for each group."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from training.chat_request import plain_name
from training.server import Reply
from training.skills.exchange import Exchange, unmarked

TARGETS = {  # of a group or of one row: the least share of right answers
    "conversation": 0.98,
    "arithmetic: addition": 0.95,
    "arithmetic: subtraction": 0.95,
    "arithmetic: multiplication": 0.85,
    "arithmetic: comparison": 0.95,
    "facts": 0.98,
    "instructions": 0.98,
    "tools": 0.95,
    "structured output": 0.90,
    "anything else": 0.98,
}


@dataclass(frozen=True, slots=True)
class Score:
    """How many answers were right."""

    num_right: int = 0
    num_asked: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(self.num_right + other.num_right, self.num_asked + other.num_asked)

    @property
    def share(self) -> float:
        """Between 0 and 1; nothing asked is nothing wrong."""
        return self.num_right / self.num_asked if self.num_asked else 1.0


Scores: TypeAlias = Mapping[str, Score]


def is_right(exchange: Exchange, reply: Reply) -> bool:
    """Whether a reply is the exchange's answer.

    A call must be the only one, of the same tool, with the same JSON value; structured output the same JSON value;
    any other text must be the same letter by letter.
    """
    expected = unmarked(exchange.answer)
    if exchange.recipient is not None:
        names = [name for name, _ in reply.calls]
        return names == [plain_name(unmarked(exchange.recipient))] and same_json(expected, reply.calls[0][1])
    if reply.calls or reply.refusal is not None:
        return False
    is_structured = group_of(exchange.skill) == "structured output"
    return reply.content == expected or (is_structured and same_json(expected, reply.content))


def same_json(expected: str, answered: str) -> bool:
    """Whether two texts are the same JSON value: 1 and 1.0 are one number, true is none."""
    try:
        return canonical(expected) == canonical(answered)
    except (ValueError, RecursionError):
        return False


def canonical(text: str) -> str:
    """The JSON value's only spelling. Raises ValueError for what is not JSON, and for a name that comes twice."""
    value = json.loads(text, parse_float=number, parse_constant=not_json, object_pairs_hook=without_duplicates)
    return json.dumps(value, sort_keys=True)


def number(text: str) -> float | int:
    """A JSON number with a point or an exponent."""
    value = float(text)
    return int(value) if value.is_integer() else value


def not_json(constant: str) -> float:
    """Refuse Python's NaN and Infinity."""
    raise ValueError(f"{constant} is not JSON")


def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object's members."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name comes twice")
    return dict(pairs)


def scores_of(results: Iterable[tuple[str, bool]]) -> dict[str, Score]:
    """Right answers for each skill."""
    scores: dict[str, Score] = {}
    for skill, right in results:
        scores[skill] = scores.get(skill, Score()) + Score(int(right), 1)
    return dict(sorted(scores.items()))


def group_of(skill: str) -> str:
    """The group of a row."""
    return skill.partition(":")[0]


def place(group: str) -> tuple[int, str]:
    """Where a group stands in the table: as in TARGETS, then all others."""
    groups = list(dict.fromkeys(map(group_of, TARGETS)))
    return (groups.index(group) if group in groups else len(groups), group)


def with_sums(scores: Scores) -> dict[str, Score]:
    """The rows, after those of each group its sum, and the sum of all."""
    summed: dict[str, Score] = {}
    for group in sorted({group_of(skill) for skill in scores}, key=place):
        rows = {skill: score for skill, score in sorted(scores.items()) if group_of(skill) == group}
        summed |= rows | {group: sum(rows.values(), Score())}
    return summed | {"together": sum(scores.values(), Score())}


def table(scores: Scores, before: Scores | None = None) -> str:
    """The table for a terminal; with an earlier run's scores, how many points have been gained."""
    return "\n".join(table_lines(with_sums(scores), with_sums(before) if before is not None else {}))


def table_lines(scores: Scores, before: Scores) -> Iterator[str]:
    """The lines of a table."""
    width = max(map(len, scores))
    for name, score in scores.items():
        indent = name if ":" in name else name.upper()
        numbers = f"{indent:{width}} {score.num_right:6} of {score.num_asked:5} {score.share:8.1%}"
        gained = f" {100 * (score.share - before[name].share):+6.1f}" if name in before else " " * 7 * bool(before)
        yield f"{numbers}{gained}  {verdict(name, score)}".rstrip()
        if ":" not in name:
            yield ""


def verdict(name: str, score: Score) -> str:
    """Whether a target is met."""
    target = TARGETS.get(name)
    if target is None:
        return ""
    return f"target {target:.0%}: {'met' if score.share >= target else 'MISSED'}"


def markdown(runs: Mapping[str, Scores]) -> str:
    """The table of the model card: a column for each run."""
    summed = {title: with_sums(scores) for title, scores in runs.items()}
    names = with_sums({skill: score for scores in runs.values() for skill, score in scores.items()})
    lines = [f"| | {' | '.join(runs)} | target |", f"|---|{'---|' * len(runs)}---|"]
    for name in names:
        shares = " | ".join(cell(scores.get(name)) for scores in summed.values())
        target = TARGETS.get(name)
        lines.append(f"| {name if ':' in name else f'**{name}**'} | {shares} | {f'≥ {target:.0%}' if target else ''} |")
    return "\n".join(lines)


def cell(score: Score | None) -> str:
    """One figure of the model card's table."""
    return f"{score.num_right} of {score.num_asked} ({score.share:.1%})" if score else "–"
