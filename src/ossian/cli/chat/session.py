"""The conversation itself: reads what the user types, prints the answer as it comes, remembers both."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing

from rich.console import Console
from rich.markup import escape

from ossian.cli.chat.partner import Exchange, Partner, Piece
from ossian.errors import OssianError

HELP = "/new starts over, /exit leaves; Ctrl-C stops an answer."


class Session:
    """One conversation with one partner."""

    def __init__(self, partner: Partner, console: Console, *, show_reasoning: bool = True) -> None:
        self._partner = partner
        self._console = console
        self._show_reasoning = show_reasoning
        self.exchanges: list[Exchange] = []

    def run(self, runner: asyncio.Runner) -> None:
        """Talk until the user leaves."""
        self._console.print(f"Talking to [bold]{escape(self._partner.name)}[/]. {HELP}", style="dim", highlight=False)
        for line in self._lines():
            if line == "/new":
                self.exchanges.clear()
                self._console.print("A new conversation.", style="dim")
            elif line:
                self._turn(line, runner)

    def _lines(self) -> Iterator[str]:
        while True:
            try:
                line = self._console.input("[bold]>[/] " if self._console.is_interactive else "").strip()
            except (EOFError, KeyboardInterrupt):
                return
            if line in {"/exit", "/quit"}:
                return
            yield line

    def _turn(self, question: str, runner: asyncio.Runner) -> None:
        """Print one answer. An error ends the turn; it ends the conversation only when nobody is there to see it."""
        printer = Printer(self._console, show_reasoning=self._show_reasoning)
        try:
            runner.run(self._print_answer(question, printer))
        except KeyboardInterrupt:
            printer.end("stopped")
        except OssianError as error:
            if not self._console.is_interactive:
                raise
            printer.end(str(error))
        else:
            printer.end()
        if printer.answer:
            self.exchanges.append(Exchange(question, printer.answer))

    async def _print_answer(self, question: str, printer: "Printer") -> None:
        async with aclosing(self._partner.answer(self.exchanges, question)) as pieces:
            async for piece in pieces:
                printer.print(piece)


class Printer:
    """Prints the pieces of one answer, reasoning dimmed, and keeps the answer's text."""

    def __init__(self, console: Console, *, show_reasoning: bool) -> None:
        self._console = console
        self._show_reasoning = show_reasoning
        self._was_reasoning = False
        self.answer = ""

    def print(self, piece: Piece) -> None:
        """Print a piece; a line break parts the reasoning from the answer."""
        if piece.is_reasoning and not self._show_reasoning:
            return
        if self._was_reasoning and not piece.is_reasoning:
            self._console.print("\n")
        self._was_reasoning = piece.is_reasoning
        if not piece.is_reasoning:
            self.answer += piece.text
        style = "dim" if piece.is_reasoning else None
        self._console.print(piece.text, style=style, end="", markup=False, highlight=False, soft_wrap=True)

    def end(self, remark: str = "") -> None:
        """End the answer, with a remark when it did not end by itself."""
        self._console.print(f"\n[dim italic]({escape(remark)})[/]\n" if remark else "\n", highlight=False)
