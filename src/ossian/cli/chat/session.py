"""The conversation itself: reads what the user types, prints the answer as it comes, remembers both.

Tools that the model calls on the way are run, and their results sent back, until it answers.
"""

import asyncio
import contextlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import aclosing

from rich.console import Console
from rich.markup import escape

from ossian.cli.chat.partner import CutOff, Exchange, Partner, Piece, Round, ToolCall
from ossian.cli.chat.printer import Printer
from ossian.cli.chat.toolbox import Toolbox
from ossian.cli.text import printable, valid_unicode
from ossian.errors import ConfigurationError, OssianError

MAX_TOOL_ROUNDS = 5  # in one turn

HELP = "/new starts over, /exit or Ctrl-D leaves; Ctrl-C stops an answer."
NO_TOOLS = Toolbox([])


class Session:
    """One conversation with one partner."""

    def __init__(
        self, partner: Partner, console: Console, toolbox: Toolbox = NO_TOOLS, *, show_reasoning: bool = True
    ) -> None:
        self._partner = partner
        self._toolbox = toolbox
        self._console = console
        self._show_reasoning = show_reasoning
        self._is_watched = console.is_interactive and sys.stdin.isatty()
        self.exchanges: list[Exchange] = []

    def run(self, runner: asyncio.Runner) -> None:
        """Talk until the user leaves."""
        self._console.print(
            f"Talking to [bold]{escape(printable(self._partner.name))}[/]. {HELP}", style="dim", highlight=False
        )
        for line in self._lines():
            if line == "/new":
                self.exchanges.clear()
                self._console.print("A new conversation.", style="dim")
            elif line:
                self._turn(line, runner)

    def _lines(self) -> Iterator[str]:
        if self._is_watched:
            edit_lines()
        while True:
            try:
                line = input("> " if self._is_watched else "").strip()
            except EOFError:
                return
            except KeyboardInterrupt:
                if not self._is_watched:
                    return
                # It was meant for an answer that had just ended.
                self._console.print(f"\n{HELP}", style="dim", highlight=False)
                continue
            except UnicodeDecodeError as error:
                raise ConfigurationError(f"What was typed is not {error.encoding}: {error.reason}.") from error
            if line in {"/exit", "/quit"}:
                return
            yield valid_unicode(line)

    def _turn(self, question: str, runner: asyncio.Runner) -> None:
        """Print one answer. An error ends the turn; it ends the conversation only when nobody is there to see it."""
        printer = Printer(self._console, show_reasoning=self._show_reasoning)
        turn = Turn(question)
        was_refused = False
        try:
            printer.end(runner.run(self._converse(turn, printer)))
        except KeyboardInterrupt:
            printer.end("stopped")
        except OssianError as error:
            if not self._is_watched:
                raise
            printer.end(str(error))
            was_refused = not (turn.answer or turn.rounds)
        if not was_refused:
            self.exchanges.append(Exchange(question, turn.answer, tuple(turn.rounds)))

    async def _converse(self, turn: "Turn", printer: Printer) -> str:
        """Ask, and ask again with the results as long as tools are called. Returns a remark, "" for a whole answer."""
        while calls := await self._ask(turn, printer):
            if len(turn.rounds) == MAX_TOOL_ROUNDS:
                return (
                    f"stopped: it called tools {MAX_TOOL_ROUNDS} times without coming to an answer, which is the limit"
                )
            results = [self._result(call, printer) for call in calls]
            turn.close_round(calls, results)
        return "cut off at the limit of tokens" if turn.is_cut else ""

    async def _ask(self, turn: "Turn", printer: Printer) -> list[ToolCall]:
        """Print what the model says next, and return the calls at its end."""
        calls = []
        async with aclosing(self._partner.answer(self.exchanges, turn.question, turn.rounds)) as pieces:
            async for piece in pieces:
                if isinstance(piece, ToolCall):
                    calls.append(piece)
                elif isinstance(piece, CutOff):
                    turn.is_cut = True
                else:
                    turn.add(piece)
                    printer.piece(piece)
        return calls

    def _result(self, call: ToolCall, printer: Printer) -> str:
        printer.call(call)
        result = self._toolbox.run(call)
        printer.result(result)
        return result


def edit_lines() -> None:
    """Let the user edit lines, find earlier ones again, and paste several as one, where Python has readline."""
    with contextlib.suppress(ImportError):
        import readline

        readline.parse_and_bind("set enable-bracketed-paste on")


class Turn:
    """What came of the user's last question so far."""

    def __init__(self, question: str) -> None:
        self.question = question
        self.rounds: list[Round] = []
        self.answer = ""
        self.is_cut = False
        self._reasoning = ""

    def add(self, piece: Piece) -> None:
        """Keep a piece."""
        if piece.is_reasoning:
            self._reasoning += piece.text
        else:
            self.answer += piece.text

    def close_round(self, calls: Sequence[ToolCall], results: Sequence[str]) -> None:
        """Make a round of what was said since the last one: it was not yet the answer."""
        self.rounds.append(Round(self._reasoning, self.answer, tuple(calls), tuple(results)))
        self._reasoning = self.answer = ""
