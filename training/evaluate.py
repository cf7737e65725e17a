"""Ask a server held-out questions of every skill and count right answers: `make eval-nano`. See README.md."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import islice
from math import ceil
from pathlib import Path
from random import Random
from statistics import mean, median
from time import perf_counter
from typing import Any, TypeAlias

from ossian.harmony.messages import Conversation, ReasoningEffort
from training.conversations import held_out
from training.mixture import FAMILIES, SKILLS
from training.scores import Score, Scores, is_right, markdown, scores_of, table
from training.server import Reply, Server, ServerFailedError, connected, running_server
from training.skills.exchange import Exchange
from training.wrong_answers import shown

Question: TypeAlias = tuple[Conversation, Exchange]

DEFAULT_SEED = 20
DEFAULT_QUESTIONS = 45  # about 2,000 in all
SOURCES = (*9 * (SKILLS,), *FAMILIES)  # the plain skills have the most rows, and are drawn the fastest
DRAWS_PER_QUESTION = 160  # rows too rare to come --questions times in so many draws are asked less often
SMALLER = 5  # the run at temperature 1.0 asks this part of the questions
NUM_TIMED = 7
TARGET_SPEED = 300  # tokens/s on two cores


@dataclass(frozen=True)
class Run:
    """Questions that were asked at one temperature, the replies to them, and how long it took."""

    temperature: float
    questions: Sequence[Question]
    replies: Sequence[Reply]
    seconds: float

    @cached_property
    def is_right(self) -> list[bool]:
        """For each reply whether it is right."""
        return [is_right(exchange, reply) for (_, exchange), reply in zip(self.questions, self.replies, strict=True)]

    @cached_property
    def scores(self) -> dict[str, Score]:
        """Right answers for each skill."""
        skills = (exchange.skill for _, exchange in self.questions)
        return scores_of(zip(skills, self.is_right, strict=True))

    def wrong(self) -> Iterator[tuple[Question, Reply]]:
        """The questions that got another reply than the right one."""
        for question, reply, right in zip(self.questions, self.replies, self.is_right, strict=True):
            if not right:
                yield question, reply

    def reasoning_tokens(self, effort: ReasoningEffort, group: str) -> float | None:
        """The mean length of the analyses at an effort; None where nothing was asked."""
        lengths = [
            reply.num_reasoning_tokens
            for (conversation, exchange), reply in zip(self.questions, self.replies, strict=True)
            if conversation.reasoning_effort is effort and exchange.skill.startswith(group)
        ]
        return round(mean(lengths), 1) if lengths else None


def drawn(random: Random) -> Question:
    """A held-out conversation of any skill."""
    return held_out(random, SOURCES)


def questions(seed: int, num_per_row: int, draw: Callable[[Random], Question] = drawn) -> list[Question]:
    """Held-out conversations, at most `num_per_row` of each skill; the same for the same seed."""
    random, num_asked = Random(seed), Counter[str]()
    asked = []
    for _ in range(DRAWS_PER_QUESTION * num_per_row):
        conversation, exchange = draw(random)
        if num_asked[exchange.skill] < num_per_row:
            num_asked[exchange.skill] += 1
            asked.append((conversation, exchange))
    return asked


def ask(server: Server, asked: Sequence[Question], temperature: float) -> Run:
    """Put all questions to a server."""
    print(
        f"Asking {server.model} {len(asked)} questions at temperature {temperature:.1f} …", file=sys.stderr, flush=True
    )
    start = perf_counter()
    replies = server.replies([conversation for conversation, _ in asked], temperature)
    return Run(temperature, asked, replies, perf_counter() - start)


def report(run: Run, num_shown: int = 0, before: Scores | None = None) -> Iterator[str]:
    """The table of a run and some of its wrong answers."""
    num_tokens = sum(reply.num_completion_tokens for reply in run.replies)
    yield f"\nTemperature {run.temperature:.1f}: {num_tokens} tokens in {run.seconds:.0f} s\n"
    yield table(run.scores, before)
    if refusals := [reply.refusal for reply in run.replies if reply.refusal is not None]:
        yield f"{len(refusals)} requests were refused, the first with {refusals[0]}\n"
    for (conversation, exchange), reply in islice(run.wrong(), num_shown):
        yield "\n".join(shown(conversation, exchange, reply)) + "\n"


def tokens_per_second(server: Server, run: Run) -> float:
    """The speed of one stream: the median over the longest answers, asked again one at a time, HTTP included."""
    pairs = sorted(zip(run.questions, run.replies, strict=True), key=lambda pair: -pair[1].num_completion_tokens)
    replies = [server.reply(conversation) for (conversation, _), _ in pairs[:NUM_TIMED]]
    return median(reply.num_completion_tokens / reply.seconds for reply in replies)


def reasoning_lengths(run: Run) -> dict[str, dict[str, float | None]]:
    """The mean length of the analyses by effort, in tokens."""
    groups = {"all skills": "", "arithmetic": "arithmetic:"}
    return {
        name: {str(effort): run.reasoning_tokens(effort, group) for effort in ReasoningEffort}
        for name, group in groups.items()
    }


def figures(seed: int, model: str, runs: Sequence[Run], speed: float) -> dict[str, Any]:
    """What --json writes and --against reads."""
    return {
        "seed": seed,
        "model": model,
        "runs": [
            {
                "temperature": run.temperature,
                "seconds": round(run.seconds, 1),
                "scores": {skill: asdict(score) for skill, score in run.scores.items()},
            }
            for run in runs
        ],
        "tokens_per_second": round(speed),
        "reasoning_tokens": reasoning_lengths(runs[0]),
    }


def evaluate(server: Server, arguments: argparse.Namespace) -> None:
    """Ask, print, write."""
    runs = [ask(server, questions(arguments.seed, arguments.questions), arguments.temperature or 0.0)]
    print(*report(runs[0], arguments.show, arguments.against), sep="\n", flush=True)
    if arguments.temperature is None:
        runs.append(ask(server, questions(arguments.seed, ceil(arguments.questions / SMALLER)), 1.0))
        print(*report(runs[1]), sep="\n", flush=True)
    summary = figures(arguments.seed, server.model, runs, tokens_per_second(server, runs[0]))
    speed = summary["tokens_per_second"]
    print(f"One stream: {speed} tokens/s, target {TARGET_SPEED}: {'met' if speed >= TARGET_SPEED else 'MISSED'}")
    for name, lengths in summary["reasoning_tokens"].items():
        print(f"Mean tokens of analysis, {name}:", *(f"{effort} {length}" for effort, length in lengths.items()))
    if arguments.markdown:
        print("\n" + markdown({f"temperature {run.temperature:.1f}": run.scores for run in runs}))
    if arguments.json:
        arguments.json.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")


def number_of_questions(text: str) -> int:
    """A number of at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is too few, ask at least 1")
    return number


def earlier_scores(text: str) -> dict[str, Score]:
    """The scores of the first run in a file that --json wrote."""
    try:
        scores = json.loads(Path(text).read_text(encoding="utf-8"))["runs"][0]["scores"]
        return {skill: Score(**score) for skill, score in scores.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise argparse.ArgumentTypeError(f"{text} is no file that --json wrote ({error})") from error


def file_to_write(text: str) -> Path:
    """A path in a folder that exists: known before the questions are asked, not after."""
    if not Path(text).absolute().parent.is_dir() or Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text} cannot be written: no such folder, or a folder itself")
    return Path(text)


def parsed(words: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m training.evaluate")
    parser.add_argument("--base-url", help="a running server's, with /v1; else one is started")
    parser.add_argument("--model", help="what the started server serves, a name or a folder; else ossian-nano")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="which questions (%(default)s)")
    parser.add_argument(
        "--questions", type=number_of_questions, default=DEFAULT_QUESTIONS, help="at most, for each row (%(default)s)"
    )
    parser.add_argument("--temperature", type=float, help="one run only, at this one; else 0, and a smaller run at 1")
    parser.add_argument("--show", type=int, default=5, help="wrong answers to print (%(default)s)")
    parser.add_argument("--json", type=file_to_write, metavar="FILE", help="write the figures")
    parser.add_argument("--against", type=earlier_scores, metavar="FILE", help="compare with figures of --json")
    parser.add_argument("--markdown", action="store_true", help="print the model card's table as well")
    arguments = parser.parse_args(words)
    if arguments.base_url and arguments.model:
        parser.error("--model is for the server that is started; with --base-url there is one already")
    return arguments


def main(words: Sequence[str] | None = None) -> None:
    """Run the command."""
    arguments = parsed(words)
    served = nullcontext(arguments.base_url) if arguments.base_url else running_server(arguments.model)
    try:
        with served as base_url, connected(base_url) as server:
            evaluate(server, arguments)
    except ServerFailedError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
