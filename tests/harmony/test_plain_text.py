from hypothesis import given, settings
from hypothesis import strategies as st

from ossian.harmony.encoding import HarmonyEncoding
from ossian.harmony.events import TextDelta
from ossian.harmony.plain_text import PlainTextReader
from ossian.harmony.vocabulary import END, NUM_ORDINARY_TOKENS, START, VOCAB_SIZE


def read(encoding: HarmonyEncoding, token_ids: list[int]) -> str:
    reader = PlainTextReader(encoding)
    events = [event for token_id in token_ids for event in reader.feed(token_id)] + reader.finish()
    assert all(isinstance(event, TextDelta) and event.text for event in events)
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@settings(deadline=None)
@given(st.lists(st.integers(0, 255) | st.integers(0, NUM_ORDINARY_TOKENS - 1), max_size=20))
def test_reads_the_tokens_as_one_text(encoding: HarmonyEncoding, token_ids: list[int]) -> None:
    assert read(encoding, token_ids) == b"".join(map(encoding.token_bytes, token_ids)).decode(errors="replace")


def test_special_tokens_are_not_text(encoding: HarmonyEncoding) -> None:
    hello, world = encoding.encode("hello world")
    assert read(encoding, [START, hello, END, world, VOCAB_SIZE - 1]) == "hello world"
