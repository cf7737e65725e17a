"""What clients of different kinds wait for when they share a server: short chats, and long prompts among them.

    ossian serve CHECKPOINT --port 8000 --served-name gpt-oss-20b
    python -m benchmarks.mixed_clients 8000 [--clients 1 4 16 64] [--long 2000] [--json FILE]

Every fourth client sends one long prompt, the others three short ones each, one after another; all stream. All prompts
are random words, so nothing but the first few tokens of each comes from the prefix cache. `between` is the time between
pieces of the chats' text, of which there is one a token, nearly.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from benchmarks.http_load import Target, chunks, read_head
from ossian.harmony.encoding import load_encoding

SHORT: Final = 40  # words of a chat's question
CHATS: Final = 3  # of a client
WORD_IDS: Final = range(1_000, 60_000)  # where a vocabulary has its common words
EVENT: Final = b"data: {"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client saw of one request, in seconds since it was sent, and what the server counted."""

    is_long: bool
    times: tuple[float, ...]  # of each piece of text
    num_prompt_tokens: int
    num_completion_tokens: int

    @property
    def gaps(self) -> list[float]:
        """The times between its pieces."""
        return [later - earlier for earlier, later in zip(self.times, self.times[1:], strict=False)]


@dataclass(frozen=True, slots=True)
class Figures:
    """What so many clients waited for, in seconds, and the tokens a second of all together."""

    chat_ttft_p50: float
    chat_ttft_p95: float
    long_ttft_p50: float | None
    between_p50: float
    between_p95: float
    between_max: float
    prompt_tokens_per_second: float
    completion_tokens_per_second: float
    seconds: float


def main() -> None:
    options = parse_options()
    asyncio.run(ask(Target(options.port, body(options.model, "Hello", 8)), is_long=False))  # the first is slower
    figures = {num: asyncio.run(measure(options, num)) for num in options.clients}
    print(table(figures))
    if options.json:
        options.json.write_text(json.dumps({num: asdict(row) for num, row in figures.items()}, indent=2))


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int, help="of the server, on this machine")
    parser.add_argument("--model", default="gpt-oss-20b", help="its name there")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--long", type=int, default=2_000, help="words of a long prompt")
    parser.add_argument("--max-tokens", type=int, default=48, help="of an answer")
    parser.add_argument("--seed", type=int, default=0, help="another one asks other questions")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser.parse_args()


async def measure(options: argparse.Namespace, num_clients: int) -> Figures:
    """Let so many clients ask at once, and wait for the last answer."""
    vocabulary = words()
    began = time.perf_counter()
    random = Random(options.seed * 1_000 + num_clients)
    clients = [client(options, vocabulary, Random(random.random()), number % 4 == 3) for number in range(num_clients)]
    answers = [answer for each in await asyncio.gather(*clients) for answer in each]
    return figures_of(answers, time.perf_counter() - began)


def words() -> list[str]:
    """Return many words that are one token each."""
    encoding = load_encoding()
    texts = (encoding.token_bytes(token_id).decode(errors="replace") for token_id in WORD_IDS)
    return [text.strip() for text in texts if text.startswith(" ") and text.strip().isalpha() and text.isascii()]


async def client(options: argparse.Namespace, vocabulary: list[str], random: Random, is_long: bool) -> list[Answer]:
    answers = []
    for _ in range(1 if is_long else CHATS):
        question = " ".join(random.choices(vocabulary, k=options.long if is_long else SHORT))
        answers.append(await ask(Target(options.port, body(options.model, question, options.max_tokens)), is_long))
    return answers


def body(model: str, question: str, max_tokens: int) -> bytes:
    """Return a chat completion request that is streamed, and says what it used."""
    fields = {"messages": [{"role": "user", "content": question}], "max_completion_tokens": max_tokens}
    stream = {"stream": True, "stream_options": {"include_usage": True}}
    return json.dumps({"model": model, **fields, **stream}).encode()


async def ask(target: Target, is_long: bool) -> Answer:
    """Ask once, on a connection of its own. Raises RuntimeError for an answer that is not 200 or has no text."""
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    sent = time.perf_counter()
    writer.write(target.request)
    try:
        status, _ = await read_head(reader)
        if " 200 " not in f"{status} ":
            raise RuntimeError(status)
        times, usage = [], {"prompt_tokens": 0, "completion_tokens": 0}
        async for chunk in chunks(reader):
            events = events_of(chunk)
            times += [time.perf_counter() - sent] * any(map(has_text, events))
            usage = next((event["usage"] for event in events if event.get("usage")), usage)
    finally:
        writer.close()
    if not times:
        raise RuntimeError("an answer has no text")
    return Answer(is_long, tuple(times), usage["prompt_tokens"], usage["completion_tokens"])


def events_of(chunk: bytes) -> list[dict[str, Any]]:
    """Return the events of a chunk: the server sends each in one piece."""
    return [json.loads(line[len(EVENT) - 1 :]) for line in chunk.splitlines() if line.startswith(EVENT)]


def has_text(event: dict[str, Any]) -> bool:
    """Whether an event brings a part of the answer, its reasoning included."""
    deltas = [choice["delta"] for choice in event.get("choices", ())]
    return any(delta.get(name) for delta in deltas for name in ("content", "reasoning", "tool_calls"))


def figures_of(answers: Sequence[Answer], seconds: float) -> Figures:
    chats, long = ([each for each in answers if each.is_long is is_long] for is_long in (False, True))
    gaps = [gap for each in chats for gap in each.gaps]
    firsts = [each.times[0] for each in chats]
    return Figures(
        chat_ttft_p50=statistics.median(firsts),
        chat_ttft_p95=percentile(firsts, 95),
        long_ttft_p50=statistics.median(each.times[0] for each in long) if long else None,
        between_p50=statistics.median(gaps),
        between_p95=percentile(gaps, 95),
        between_max=max(gaps),
        prompt_tokens_per_second=sum(each.num_prompt_tokens for each in answers) / seconds,
        completion_tokens_per_second=sum(each.num_completion_tokens for each in answers) / seconds,
        seconds=seconds,
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """Return what so many percent of the values do not exceed."""
    return statistics.quantiles([*values, *values], n=100, method="inclusive")[percent - 1]


def table(figures: dict[int, Figures]) -> str:
    """Return a Markdown table."""
    lines = [
        "| clients | chat TTFT p50 s | p95 | long TTFT p50 s | between p50 s | p95 | most | prompt tok/s | out tok/s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for num_clients, row in figures.items():
        cells = [f"{value:.2f}" if value is not None else "" for value in list(asdict(row).values())[:6]]
        rates = [f"{row.prompt_tokens_per_second:.0f}", f"{row.completion_tokens_per_second:.1f}"]
        lines.append(f"| {' | '.join([str(num_clients), *cells, *rates])} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
