"""Text from outside, made fit for where it goes."""

from typing import Final

_CONTROLS: Final = dict.fromkeys((*range(32), *range(127, 160)), "\N{REPLACEMENT CHARACTER}")
_SHOWN: Final = _CONTROLS | {ord("\n"): "\n", ord("\t"): "\t", ord("\r"): ""}


def printable(text: str) -> str:
    """Return the text without control characters, with which it could command a terminal."""
    return text.translate(_SHOWN)


def valid_unicode(text: str) -> str:
    """Return the text with `?` for lone surrogates: bytes of the command line or standard input that are no text."""
    return text.encode(errors="replace").decode()
