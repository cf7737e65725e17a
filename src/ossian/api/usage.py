"""Token counts as OpenAI writes them."""

from collections.abc import Sequence

from ossian.api.fields import JsonObject
from ossian.harmony.events import Usage


def total(prompts: Sequence[Sequence[Usage]]) -> Usage:
    """Return the counts of a whole request: for each prompt, that of each answer to it.

    A prompt counts once, however many answers it has: with the first one's cached tokens.
    """
    answers = [usage for choices in prompts for usage in choices]
    return Usage(
        num_prompt_tokens=sum(choices[0].num_prompt_tokens for choices in prompts),
        num_cached_tokens=sum(choices[0].num_cached_tokens for choices in prompts),
        num_completion_tokens=sum(usage.num_completion_tokens for usage in answers),
        num_reasoning_tokens=sum(usage.num_reasoning_tokens for usage in answers),
    )


def usage_body(usage: Usage) -> JsonObject:
    """Return the `usage` object.

    `cache_write_tokens` are the prompt tokens that were computed, so that their keys and values were written.
    """
    return {
        "prompt_tokens": usage.num_prompt_tokens,
        "completion_tokens": usage.num_completion_tokens,
        "total_tokens": usage.num_prompt_tokens + usage.num_completion_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.num_cached_tokens,
            "cache_write_tokens": usage.num_prompt_tokens - usage.num_cached_tokens,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.num_reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def response_usage_body(usage: Usage) -> JsonObject:
    """Return the `usage` object of a response: the same counts under the names of the Responses API."""
    return {
        "input_tokens": usage.num_prompt_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.num_cached_tokens,
            "cache_write_tokens": usage.num_prompt_tokens - usage.num_cached_tokens,
        },
        "output_tokens": usage.num_completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.num_reasoning_tokens},
        "total_tokens": usage.num_prompt_tokens + usage.num_completion_tokens,
    }
