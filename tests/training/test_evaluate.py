import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from ossian.api.chat_completions.prompt import conversation as told
from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.engine.scripted import ScriptedEngine
from ossian.harmony.messages import Conversation, Message, ReasoningEffort, Role
from ossian.harmony.render import render
from ossian.harmony.tokenizer import Tokenizer
from tests.server.serving import NOW, Served, serving, turn_ids
from training import evaluate
from training.chat_request import request_body
from training.evaluate import Question, Run, questions
from training.scores import Score
from training.server import Reply, connected
from training.skills.exchange import Effort, Exchange, analyses, unmarked

TOKENIZER = Tokenizer()
ANALYSES = analyses("Short.", "A little longer.", "The longest of them all, by far.")


def addition(random: Random) -> Question:
    """A question that needs no skill modules."""
    a, b = random.randrange(10**6), random.randrange(10**6)
    exchange = Exchange(f"arithmetic: {random.choice(('even', 'odd'))}", f"{a}+{b}", ANALYSES, str(a + b))
    effort = random.choice(list(ReasoningEffort))
    return Conversation((Message(Role.USER, exchange.question),), reasoning_effort=effort), exchange


def run_of(*results: tuple[Question, Reply]) -> Run:
    return Run(0.0, [question for question, _ in results], [reply for _, reply in results], 1.5)


def asked(text: str, answer: str, effort: Effort = Effort.LOW, skill: str = "facts: capital") -> Question:
    return Conversation((Message(Role.USER, text),), reasoning_effort=effort), Exchange(skill, text, ANALYSES, answer)


def test_a_seed_always_asks_the_same() -> None:
    first, second = (questions(7, 5, addition) for _ in range(2))
    assert first == second
    assert first != questions(8, 5, addition)


def test_no_row_is_asked_more_often_than_it_should() -> None:
    skills = [exchange.skill for _, exchange in questions(7, 5, addition)]
    assert sorted(skills) == 5 * ["arithmetic: even"] + 5 * ["arithmetic: odd"]


def test_held_out_questions_cover_many_rows_and_are_the_same_for_a_seed() -> None:
    first, second = (questions(20, 2) for _ in range(2))
    assert [conversation for conversation, _ in first] == [conversation for conversation, _ in second]
    assert [exchange.answer for _, exchange in first] == [exchange.answer for _, exchange in second]
    assert len({exchange.skill for _, exchange in first}) > 15


def test_a_run_counts_right_answers_and_keeps_wrong_ones() -> None:
    wrong = (asked("Norway?", "Oslo"), Reply(content="Bergen"))
    run = run_of((asked("France?", "Paris"), Reply(content="Paris")), wrong)
    assert run.scores == {"facts: capital": Score(1, 2)}
    assert list(run.wrong()) == [wrong]


def test_the_length_of_the_analysis_by_effort() -> None:
    run = run_of(
        (asked("?", "", Effort.LOW), Reply(num_reasoning_tokens=2)),
        (asked("?", "", Effort.LOW), Reply(num_reasoning_tokens=5)),
        (asked("?", "", Effort.HIGH, "arithmetic: addition"), Reply(num_reasoning_tokens=20)),
    )
    assert evaluate.reasoning_lengths(run) == {
        "all skills": {"low": 3.5, "medium": None, "high": 20},
        "arithmetic": {"low": None, "medium": None, "high": 20},
    }


def test_a_report_shows_as_many_wrong_answers_as_asked_for() -> None:
    run = run_of(*((asked(f"{index}?", "yes"), Reply(content=f"no {index}")) for index in range(9)))
    assert "got" not in "\n".join(evaluate.report(run))
    said = "\n".join(evaluate.report(run, num_shown=2))
    assert "got 'no 1'" in said
    assert "got 'no 2'" not in said


def test_a_report_counts_refused_requests() -> None:
    run = run_of(
        (asked("?", ""), Reply(refusal="HTTP 400: first")), (asked("?", ""), Reply(refusal="HTTP 500: second"))
    )
    assert "2 requests were refused, the first with HTTP 400: first" in "\n".join(evaluate.report(run))


def prompt_of(conversation: Conversation) -> tuple[int, ...]:
    request = ChatCompletionRequest.model_validate({"model": "nano", **request_body(conversation)})
    return tuple(render(told(request, datetime.fromtimestamp(NOW, UTC).date()), TOKENIZER))


def completion_of(effort: Effort, exchange: Exchange) -> list[int]:
    analysis = f"<|channel|>analysis<|message|>{unmarked(exchange.analysis[effort])}<|end|><|start|>assistant"
    if exchange.recipient is None:
        return turn_ids(f"{analysis}<|channel|>final<|message|>{unmarked(exchange.answer)}<|return|>")
    header = f"<|channel|>commentary to={unmarked(exchange.recipient)} <|constrain|>json"
    return turn_ids(f"{analysis}{header}<|message|>{unmarked(exchange.answer)}<|call|>")


class Perfect(ScriptedEngine):
    """Knows the answers to some questions, and says "?" to all others."""

    def __init__(self, known: Sequence[Question]) -> None:
        self.known = {prompt_of(asked): completion_of(asked.reasoning_effort, exchange) for asked, exchange in known}
        nothing = turn_ids("<|channel|>final<|message|>?<|return|>")
        super().__init__(lambda prompt: self.known.get(tuple(prompt), nothing))


@pytest.fixture
def perfect() -> Iterator[Served]:
    with serving(Perfect(questions(20, 1))) as running:
        yield running


def test_the_right_answer_to_every_kind_of_question_is_recognised_over_http(perfect: Served) -> None:
    with connected(f"{perfect.url}/v1") as server:
        run = evaluate.ask(server, questions(20, 1), 0.0)
    assert list(run.wrong()) == []
    assert any(reply.calls for reply in run.replies)


def command(served: Served, *options: str) -> None:
    evaluate.main(["--base-url", f"{served.url}/v1", "--questions", "1", *options])


def test_the_command(perfect: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = tmp_path / "figures.json"
    command(perfect, "--json", str(written), "--markdown", "--show", "0")
    printed = capsys.readouterr().out
    num_asked = len(questions(20, 1))
    assert re.search(rf"^TOGETHER +{num_asked} of +{num_asked} +100.0%$", printed, re.MULTILINE)
    assert "Temperature 0.0: " in printed
    assert "Temperature 1.0: " in printed
    assert "MISSED" not in printed.partition("One stream")[0]
    assert "One stream: " in printed
    assert "Mean tokens of analysis, arithmetic: low " in printed
    assert "| **tools** | " in printed
    figures = json.loads(written.read_text())
    assert (figures["seed"], figures["model"]) == (20, "ossian-nano")
    assert [run["temperature"] for run in figures["runs"]] == [0.0, 1.0]
    assert sum(score["num_right"] for score in figures["runs"][0]["scores"].values()) == num_asked


def test_another_seed_is_compared(perfect: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = str(tmp_path / "figures.json")
    command(perfect, "--json", written, "--temperature", "0")
    command(perfect, "--against", written, "--temperature", "0", "--seed", "21", "--show", "1")
    printed = capsys.readouterr().out
    assert "-100.0" in printed
    assert "got '?'" in printed
    assert "Temperature 1.0" not in printed


@pytest.mark.parametrize(
    "options, said",
    [
        (["--questions", "0"], "ask at least 1"),
        (["--questions", "x"], "invalid number_of_questions value: 'x'"),
        (["--json", "no/such/folder/file"], "no such folder"),
        (["--against", "no-such-file"], "is no file that --json wrote"),
        (["--against", "pyproject.toml"], "is no file that --json wrote"),
        (["--base-url", "http://127.0.0.1:1/v1", "--model", "x"], "with --base-url there is one already"),
    ],
)
def test_wrong_options(options: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        evaluate.parsed(options)
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


def test_a_server_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(SystemExit, match="cannot be asked"):
        evaluate.main(["--base-url", "http://127.0.0.1:1/v1", "--questions", "1"])
