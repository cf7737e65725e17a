"""What the user sees of a turn."""

from rich.console import Console
from rich.markup import escape
from rich.segment import Segment, Segments

from ossian.cli.chat.partner import Piece, ToolCall
from ossian.cli.text import printable


class Printer:
    """Prints one turn as it comes: reasoning dimmed, the answer, and between them calls of tools with their results."""

    def __init__(self, console: Console, *, show_reasoning: bool) -> None:
        self._console = console
        self._show_reasoning = show_reasoning
        self._was_reasoning = False
        self._is_line_open = False

    def piece(self, piece: Piece) -> None:
        """Print a piece; a line break parts the reasoning from the answer."""
        if piece.is_reasoning and not self._show_reasoning:
            return
        if self._was_reasoning and not piece.is_reasoning:
            self._console.print("\n")
        self._was_reasoning = piece.is_reasoning
        self._is_line_open = True
        self._write(piece.text, "dim" if piece.is_reasoning else None)

    def call(self, call: ToolCall) -> None:
        """Print what is called, with its arguments as the model wrote them."""
        if self._is_line_open:
            self._console.print("\n")
        self._is_line_open = self._was_reasoning = False
        self._line(f"call: {call.name} {call.arguments}")

    def result(self, result: str) -> None:
        """Print what came of the last call."""
        self._line(f"result: {result}\n")

    def end(self, remark: str = "") -> None:
        """End the turn, with a remark when it did not end by itself."""
        shown = f"\n[dim italic]({escape(printable(remark))})[/]\n" if remark else "\n"
        self._console.print(shown, emoji=False, highlight=False)

    def _line(self, text: str) -> None:
        self._write(f"{text}\n", "cyan")

    def _write(self, text: str, style: str | None) -> None:
        """Write text as it is, tabs included; a terminal gets no control characters, which it would obey."""
        shown = printable(text) if self._console.is_terminal else text
        self._console.print(Segments([Segment(shown)]), style=style, end="", soft_wrap=True)
