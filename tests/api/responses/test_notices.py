from typing import Any

import pytest

from ossian.api.responses.notices import Notice, notices
from tests.api.responses.asking import CODEX_FIRST, USER, WEB_SEARCH, function, namespace, of_file, request


def said(*, has_summaries: bool = False, **fields: Any) -> list[tuple[str, str | None]]:
    asked = request(**fields)
    return [(each.code, each.param) for each in notices(asked, asked.items, has_summaries=has_summaries)]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"reasoning": {"effort": "low"}},
        {"reasoning": {"mode": "standard", "context": "auto"}},
        {"service_tier": "auto"},
        {"service_tier": "default"},
        {"text": {"verbosity": "medium"}},
        {"prompt_cache_key": "k", "safety_identifier": "s", "user": "u", "max_tool_calls": 3, "metadata": {"a": "b"}},
        {"parallel_tool_calls": True},
        {"parallel_tool_calls": False},
        {"include": ["web_search_call.results"], "client_metadata": {}, "prompt_cache_options": {"ttl": "30m"}},
        {"tools": [function("add"), namespace("n", function("add"))]},
    ],
)
def test_there_is_nothing_to_say_of_what_is_honoured_or_a_mere_hint(fields: dict[str, Any]) -> None:
    assert said(**fields) == []


@pytest.mark.parametrize(
    "fields, code, param",
    [
        ({"tools": [function("add"), WEB_SEARCH]}, "tool_left_out", "tools[1]"),
        (
            {"input": [USER, {"type": "web_search_call", "id": "ws", "status": "completed"}]},
            "item_left_out",
            "input[1]",
        ),
        ({"input": [{"type": "compaction_trigger"}]}, "item_left_out", "input[0]"),
        ({"input": [{"type": "agent_message", "author": "a", "recipient": "b"}]}, "item_left_out", "input[0]"),
        (
            {"tools": [namespace("n", function("add", **{"async": True}))]},
            "parameter_ignored",
            "tools[0].tools[0].async",
        ),
        ({"reasoning": {"effort": "none"}}, "parameter_changed", "reasoning.effort"),
        ({"reasoning": {"effort": "minimal"}}, "parameter_changed", "reasoning.effort"),
        ({"reasoning": {"effort": "xhigh"}}, "parameter_changed", "reasoning.effort"),
        ({"reasoning": {"summary": "auto"}}, "parameter_ignored", "reasoning.summary"),
        ({"reasoning": {"generate_summary": "concise"}}, "parameter_ignored", "reasoning.generate_summary"),
        ({"reasoning": {"mode": "pro"}}, "parameter_ignored", "reasoning.mode"),
        ({"reasoning": {"context": "all_turns"}}, "parameter_ignored", "reasoning.context"),
        ({"text": {"verbosity": "low"}}, "parameter_ignored", "text.verbosity"),
        ({"service_tier": "priority"}, "parameter_ignored", "service_tier"),
        ({"prompt_cache_retention": "24h"}, "parameter_ignored", "prompt_cache_retention"),
        ({"context_management": [{"type": "compaction"}]}, "parameter_ignored", "context_management"),
    ],
)
def test_what_is_not_honoured_is_said(fields: dict[str, Any], code: str, param: str) -> None:
    assert said(**fields) == [(code, param)]


def test_summaries_are_honoured_where_they_are_shown() -> None:
    assert said(reasoning={"summary": "auto"}, has_summaries=True) == []


def test_what_codex_is_told() -> None:
    asked = of_file(CODEX_FIRST)
    assert notices(asked, asked.items) == [
        Notice(
            "tool_left_out",
            "tools[8]",
            "The tool 'web_search' is left out: this server cannot run it itself, so the model is not told of it.",
        ),
        Notice("parameter_ignored", "reasoning.summary", "The reasoning itself is shown, not a summary of it."),
    ]


def test_the_effort_that_is_served_is_named() -> None:
    (low,) = notices(request(reasoning={"effort": "none"}), [])
    (high,) = notices(request(reasoning={"effort": "max"}), [])
    assert low.message.endswith("'none' is served as low.")
    assert high.message.endswith("'max' is served as high.")


def test_a_name_of_the_clients_is_told_in_part() -> None:
    (notice,) = notices(request(tools=[{"type": "x" * 256}]), [])
    assert len(notice.message) < 200


def test_what_to_do_instead_is_said() -> None:
    trigger = request(input=[{"type": "compaction_trigger"}])
    (notice,) = notices(trigger, trigger.items)
    assert "POST /v1/responses/compact" in notice.message
