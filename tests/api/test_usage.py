from ossian.api.usage import response_usage_body, total, usage_body
from ossian.harmony.events import Usage
from tests.api.shapes import faults

FIRST = Usage(num_prompt_tokens=10, num_cached_tokens=4, num_completion_tokens=7, num_reasoning_tokens=3)
SECOND = Usage(num_prompt_tokens=10, num_cached_tokens=8, num_completion_tokens=5, num_reasoning_tokens=1)


def test_every_count_is_there() -> None:
    assert usage_body(FIRST) == {
        "prompt_tokens": 10,
        "completion_tokens": 7,
        "total_tokens": 17,
        "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 6, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 3,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def test_it_has_openais_shape() -> None:
    assert faults(usage_body(FIRST), "CompletionUsage") == []


def test_a_prompt_counts_once_however_many_answers_it_has() -> None:
    assert total([[FIRST, SECOND]]) == Usage(10, 4, 12, 4)


def test_every_prompt_of_a_request_counts() -> None:
    assert total([[FIRST], [SECOND, SECOND]]) == Usage(20, 12, 17, 5)


def test_a_response_has_the_same_counts_under_its_own_names() -> None:
    assert response_usage_body(FIRST) == {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 6},
        "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 3},
        "total_tokens": 17,
    }
