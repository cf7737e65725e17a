import socket
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest

import pytest

from ossian.harmony import vocabulary
from ossian.harmony.encoding import HarmonyEncoding, load_encoding
from ossian.harmony.events import HarmonyEvent
from ossian.harmony.messages import Conversation, Message, Role
from ossian.harmony.token_mask import TurnGrammars
from tests.harmony.turns import folded, turn_ids


def no_socket(*_: object, **__: object) -> socket.socket:
    raise AssertionError("loading the vocabulary must not use the network")


def test_loading_uses_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", no_socket)
    monkeypatch.delenv("TIKTOKEN_ENCODINGS_BASE")
    assert HarmonyEncoding().encode("hello world") == [24912, 2375]


def test_there_is_one_encoding_a_process() -> None:
    assert load_encoding() is load_encoding()


def test_the_vocabulary_is_read_once_for_text_and_grammars(monkeypatch: pytest.MonkeyPatch) -> None:
    num_reads = 0

    def load_ranks() -> dict[bytes, int]:
        nonlocal num_reads
        num_reads += 1
        return read()

    read = vocabulary.load_ranks
    monkeypatch.setattr(vocabulary, "load_ranks", load_ranks)
    encoding = HarmonyEncoding()
    TurnGrammars(encoding)
    assert num_reads == 1
    assert encoding.ranks[b"hello"] == encoding.encode("hello")[0]


def test_facts_of_the_vocabulary(encoding: HarmonyEncoding) -> None:
    assert encoding.vocab_size == 201088
    assert set(encoding.stop_token_ids) == {200002, 200012, 199999}


def test_threads_share_it(encoding: HarmonyEncoding) -> None:
    conversations = [Conversation((Message(Role.USER, f"{number} " * number),)) for number in range(50)]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(encoding.render, conversations))
    assert together == [encoding.render(conversation) for conversation in conversations]


def test_parsers_share_nothing(encoding: HarmonyEncoding) -> None:
    owls, letters = (turn_ids(encoding, f"<|channel|>final<|message|>{text}") for text in ("🦉🦉🦉", "ééé"))
    first, second = encoding.parser(), encoding.parser()
    events: tuple[list[HarmonyEvent], list[HarmonyEvent]] = ([], [])
    for owl, letter in zip_longest(owls, letters, fillvalue=200002):
        events[0].extend(first.feed(owl))
        events[1].extend(second.feed(letter))
    assert folded([*events[0], *first.finish()])[0].text == "🦉🦉🦉"
    assert folded([*events[1], *second.finish()])[0].text == "ééé"
