"""What the user sees of a turn."""

from rich.console import Console
from rich.markup import escape

from ossian.cli.chat.partner import Piece, ToolCall


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
        style = "dim" if piece.is_reasoning else None
        self._console.print(piece.text, style=style, end="", markup=False, emoji=False, highlight=False, soft_wrap=True)

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
        self._console.print(f"\n[dim italic]({escape(remark)})[/]\n" if remark else "\n", emoji=False, highlight=False)

    def _line(self, text: str) -> None:
        self._console.print(text, style="cyan", markup=False, emoji=False, highlight=False, soft_wrap=True)
