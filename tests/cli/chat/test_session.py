import asyncio
import io
import os
import pty
import readline
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Iterator, Sequence

import pytest
from rich.console import Console

from ossian.cli.chat.partner import CutOff, Exchange, Piece, Round, ToolCall
from ossian.cli.chat.session import Session
from ossian.errors import ContextLengthError, EngineDeadError

HELLO = [Piece("they ", True), Piece("greet", True), Piece("Good ", False), Piece("day[/]", False)]


class Parrot:
    """Says the same every time; remembers what it was told. Waits for ever when it says nothing."""

    name = "parrot"

    def __init__(self, pieces: Sequence[Piece | CutOff | Exception] = HELLO) -> None:
        self.pieces = pieces
        self.heard: list[tuple[list[Exchange], str]] = []
        self.was_left = False

    async def answer(
        self, earlier: Sequence[Exchange], question: str, rounds: Sequence[Round] = ()
    ) -> AsyncGenerator[Piece | ToolCall | CutOff, None]:
        self.heard.append((list(earlier), question))
        try:
            for piece in self.pieces:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
            if len(self.pieces) == 1:
                await asyncio.sleep(60)
        finally:
            self.was_left = True


def talk(
    partner: Parrot,
    typed: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_terminal: bool = True,
    show_reasoning: bool = True,
) -> str:
    """Return what is on the screen after typing."""
    screen, keyboard = io.StringIO(), io.StringIO(typed)
    keyboard.isatty = lambda: is_terminal  # type: ignore[method-assign]  # what is typed comes from a list
    monkeypatch.setattr("sys.stdin", keyboard)
    console = Console(
        file=screen,
        force_terminal=is_terminal,
        force_interactive=is_terminal,
        width=200,
        color_system="standard" if is_terminal else None,
    )
    with asyncio.Runner() as runner:
        Session(partner, console, show_reasoning=show_reasoning).run(runner)
    return screen.getvalue()


def test_the_answer_is_printed_and_reasoning_dimmed(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = talk(Parrot(), "Hello\n", monkeypatch)
    assert "\x1b[2mthey \x1b[0m\x1b[2mgreet\x1b[0m" in screen
    assert "Good day[/]" in screen
    assert screen.index("greet") < screen.index("Good")


def test_without_a_terminal_there_is_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = talk(Parrot(), "Hello\n", monkeypatch, is_terminal=False, show_reasoning=False)
    assert "\x1b[2m" not in screen
    assert screen.endswith("Good day[/]\n\n")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_tabs_stay_tabs(monkeypatch: pytest.MonkeyPatch, is_terminal: bool) -> None:
    makefile = [Piece("all:", False), Piece("\n\tmake", False), Piece("\tb", False)]
    assert "all:\n\tmake\tb" in talk(Parrot(makefile), "Hello\n", monkeypatch, is_terminal=is_terminal)


COMMANDS = "\x1b]52;c;aGk=\x07 \x9b2J \x7f"


def test_a_terminal_gets_no_commands_from_a_model_or_server(monkeypatch: pytest.MonkeyPatch) -> None:
    parrot = Parrot([Piece(COMMANDS, False), EngineDeadError(COMMANDS)])
    parrot.name = COMMANDS
    screen = talk(parrot, "Hello\n", monkeypatch)
    assert screen.count("]52;c;aGk=") == 3
    assert "\x1b]" not in screen
    assert not set("\x07\x9b\x7f") & set(screen)


def test_a_file_gets_what_was_said_to_the_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    parrot = Parrot([Piece("", False), Piece(COMMANDS, False)])
    assert COMMANDS in talk(parrot, "Hello\n", monkeypatch, is_terminal=False)


def test_what_looks_like_an_emoji_code_is_printed_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert '{"k": ":x:"}' in talk(Parrot([Piece("", False), Piece('{"k": ":x:"}', False)]), "Hello\n", monkeypatch)


def test_an_answer_that_is_cut_off_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "(cut off at the limit of tokens)" in talk(Parrot([*HELLO, CutOff()]), "Hello\n", monkeypatch)


def test_a_question_that_was_only_thought_about_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    parrot = Parrot([Piece("Hm", True), CutOff()])
    talk(parrot, "one\ngo on\n", monkeypatch)
    assert parrot.heard[1] == ([Exchange("one", "")], "go on")


def test_a_question_that_was_refused_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    parrot = Parrot([Piece("Hm", True), ContextLengthError("too long: 5 of 4 tokens")])
    talk(parrot, "one\ntwo\n", monkeypatch)
    assert parrot.heard[1] == ([], "two")


def test_control_c_at_the_prompt_keeps_the_conversation(monkeypatch: pytest.MonkeyPatch) -> None:
    parrot = Parrot()
    typed: Iterator[str | BaseException] = iter(["one", KeyboardInterrupt(), "two", EOFError()])

    def type_next(_prompt: str) -> str:
        match next(typed):
            case str(line):
                return line
            case error:
                raise error

    monkeypatch.setattr("builtins.input", type_next)
    assert "/exit or Ctrl-D leaves" in talk(parrot, "", monkeypatch)
    assert parrot.heard[1] == ([Exchange("one", "Good day[/]")], "two")


def test_errors_count_when_only_the_output_is_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, force_interactive=True)
    monkeypatch.setattr("sys.stdin", io.StringIO("one\ntwo\n"))
    with asyncio.Runner() as runner, pytest.raises(EngineDeadError):
        Session(Parrot([EngineDeadError("it is dead")]), console).run(runner)


@pytest.mark.skipif("libedit" in (readline.__doc__ or ""), reason="libedit does not tell what is pasted")
def test_what_is_pasted_is_one_question() -> None:
    script = "import asyncio; from rich.console import Console; from tests.cli.chat.test_session import Parrot; "
    script += "from ossian.cli.chat.session import Session; parrot = Parrot(); "
    script += "Session(parrot, Console()).run(asyncio.Runner()); print('heard', [each[1] for each in parrot.heard])"
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        screen = read_until(ours, b"> ")
        os.write(ours, b"\x1b[200~def f():\r\treturn 1\x1b[201~\r")
        screen += read_until(ours, b"> ")
        os.write(ours, b"/exit\r")
        screen += read_until(ours, b"']")
        assert process.wait(20) == 0
    os.close(ours)
    assert rb"['def f():\n\treturn 1']" in screen


def read_until(terminal: int, end: bytes) -> bytes:
    read = b""
    while end not in read:
        read += os.read(terminal, 4096)
    return read


def test_bytes_that_are_no_text_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    parrot = Parrot()
    talk(parrot, "caf\udce9\n", monkeypatch)
    assert [question for _, question in parrot.heard] == ["caf?"]


def test_reasoning_can_be_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "greet" not in talk(Parrot(), "Hello\n", monkeypatch, show_reasoning=False)


def test_earlier_turns_are_told_again_without_their_reasoning(monkeypatch: pytest.MonkeyPatch) -> None:
    parrot = Parrot()
    talk(parrot, "one\n\n  \ntwo\n", monkeypatch)
    assert parrot.heard == [([], "one"), ([Exchange("one", "Good day[/]")], "two")]


@pytest.mark.parametrize("leave", ["/exit", "/quit", " /exit "])
def test_leaving(monkeypatch: pytest.MonkeyPatch, leave: str) -> None:
    parrot = Parrot()
    talk(parrot, f"one\n{leave}\ntwo\n", monkeypatch)
    assert [question for _, question in parrot.heard] == ["one"]


def test_starting_over(monkeypatch: pytest.MonkeyPatch) -> None:
    parrot = Parrot()
    assert "A new conversation." in talk(parrot, "one\n/new\ntwo\n", monkeypatch)
    assert parrot.heard[1] == ([], "two")


def test_an_error_ends_the_turn_only(monkeypatch: pytest.MonkeyPatch) -> None:
    parrot = Parrot([Piece("Go", False), ContextLengthError("too long: 5 of 4 tokens")])
    screen = talk(parrot, "one\ntwo\n", monkeypatch)
    assert screen.count("(too long: 5 of 4 tokens)") == 2
    assert parrot.heard[1] == ([Exchange("one", "Go")], "two")


def test_names_and_errors_with_brackets_are_shown_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    parrot = Parrot([EngineDeadError("see [/docs] and [bold]")])
    parrot.name = "[/parrot]"
    screen = talk(parrot, "one\n", monkeypatch)
    assert "[/parrot]" in screen
    assert "(see [/docs] and [bold])" in screen


def test_an_error_ends_everything_when_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineDeadError):
        talk(Parrot([EngineDeadError("it is dead")]), "one\ntwo\n", monkeypatch, is_terminal=False)


@pytest.fixture
def heeded_interrupts() -> Iterator[None]:
    """A shell starts background commands with SIGINT ignored, and the tests may be one."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded_interrupts")
def test_control_c_stops_the_answer_and_not_the_conversation(monkeypatch: pytest.MonkeyPatch) -> None:
    parrot = Parrot([Piece("endless", False)])
    alarm = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    alarm.start()
    screen = talk(parrot, "one\n/exit\n", monkeypatch)
    alarm.join()
    assert "endless" in screen
    assert "(stopped)" in screen
    assert parrot.was_left
