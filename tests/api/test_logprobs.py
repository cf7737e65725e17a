import pytest

from ossian.api.logprobs import content_logprobs, prompt_logprobs, token_text
from ossian.harmony.events import TokenChoice, TokenText
from tests.api.shapes import faults

EURO = TokenText(7, "€".encode(), -0.25)
HALF = TokenText(8, "€".encode()[:2], -1.5)


@pytest.mark.parametrize(
    "raw, text",
    [(b" a", " a"), ("€".encode(), "€"), (b"\xe2\x82", r"\xe2\x82"), (b"", ""), (b"a\xff", r"\x61\xff")],
)
def test_a_token_reads_as_text_or_as_its_bytes(raw: bytes, text: str) -> None:
    assert token_text(TokenText(1, raw, 0.0)) == text


def test_content_logprobs_have_openais_shape() -> None:
    logprobs = content_logprobs([TokenChoice(EURO, (EURO, HALF)), TokenChoice(HALF)])
    assert logprobs == [
        {
            "token": "€",
            "logprob": -0.25,
            "bytes": [226, 130, 172],
            "top_logprobs": [
                {"token": "€", "logprob": -0.25, "bytes": [226, 130, 172]},
                {"token": r"\xe2\x82", "logprob": -1.5, "bytes": [226, 130]},
            ],
        },
        {"token": r"\xe2\x82", "logprob": -1.5, "bytes": [226, 130], "top_logprobs": []},
    ]
    assert [fault for each in logprobs for fault in faults(each, "ChatCompletionTokenLogprob")] == []


def test_prompt_logprobs_are_by_token_id_with_ranks() -> None:
    assert prompt_logprobs([None, TokenChoice(HALF, (EURO, HALF))]) == [
        None,
        {
            "8": {"logprob": -1.5, "rank": 2, "decoded_token": r"\xe2\x82"},
            "7": {"logprob": -0.25, "rank": 1, "decoded_token": "€"},
        },
    ]


def test_the_rank_of_an_unlikely_token_is_not_known() -> None:
    (position,) = prompt_logprobs([TokenChoice(HALF, (EURO,))])
    assert position is not None
    assert position["8"]["rank"] is None
    assert position["7"]["rank"] == 1
