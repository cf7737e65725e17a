from hypothesis import given
from hypothesis import strategies as st

from ossian.api.batches.lines import InputLine, LineReader

pieces = st.lists(st.binary(max_size=12).map(lambda raw: raw.replace(b"\x00", b"\n")), max_size=12)


def read(*given_pieces: bytes, max_line_bytes: int = 1000) -> list[InputLine]:
    reader = LineReader(max_line_bytes)
    lines = [line for piece in given_pieces for line in reader.feed(piece)]
    return [*lines, *reader.close()]


def test_lines_are_counted_from_one_and_blank_ones_left_out() -> None:
    assert read(b"a\n\n \t\nb\r\n") == [InputLine(1, b"a"), InputLine(4, b"b\r")]


def test_the_last_line_needs_no_newline() -> None:
    assert read(b"a\nb") == [InputLine(1, b"a"), InputLine(2, b"b")]
    assert read() == read(b"") == read(b"\n") == []


def test_a_line_may_come_in_pieces() -> None:
    assert read(b"a", b"b", b"c\nd", b"\n") == [InputLine(1, b"abc"), InputLine(2, b"d")]


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    assert read(b"\xef", b"\xbb\xbfa\n\xef\xbb\xbfb") == [InputLine(1, b"a"), InputLine(2, b"\xef\xbb\xbfb")]


def test_a_line_that_is_too_long_has_no_text_and_ends_where_it_ends() -> None:
    assert read(b"abc", b"def\nab\n", max_line_bytes=4) == [InputLine(1, None), InputLine(2, b"ab")]
    assert read(b"abcd\nabcde", max_line_bytes=4) == [InputLine(1, b"abcd"), InputLine(2, None)]


@given(pieces)
def test_pieces_make_no_difference(given_pieces: list[bytes]) -> None:
    assert read(*given_pieces) == read(b"".join(given_pieces))


@given(pieces)
def test_nothing_is_lost_and_nothing_is_added(given_pieces: list[bytes]) -> None:
    text = b"".join(given_pieces).removeprefix(b"\xef\xbb\xbf")
    expected = [(number, line) for number, line in enumerate(text.split(b"\n"), 1) if line.strip()]
    assert [(line.number, line.text) for line in read(*given_pieces)] == expected


@given(pieces, st.integers(0, 8))
def test_no_line_is_longer_than_allowed(given_pieces: list[bytes], max_line_bytes: int) -> None:
    lines = read(*given_pieces, max_line_bytes=max_line_bytes)
    all_lines = {line.number: line.text or b"" for line in read(*given_pieces)}
    assert all(len(line.text) <= max_line_bytes for line in lines if line.text is not None)
    too_long = {line.number for line in lines if line.text is None}
    assert too_long >= {number for number, text in all_lines.items() if len(text) > max_line_bytes + 3}  # a mark is 3
