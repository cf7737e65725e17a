from datetime import date
from typing import Any

import pytest

from ossian.api.aimlapi.models import TurnFigures, catalog_query, figures_body, model_entry
from ossian.api.models import ModelCard
from ossian.settings import DeclaredModel

DECLARED = DeclaredModel.model_validate(
    {
        "id": "gpt-oss-20b",
        "publisher": "openai",
        "description": "Reasons.",
        "published": date(2025, 8, 5),
        "prices": {"input": 0.05, "output": 0.18},
    }
)
CARD = ModelCard(
    "gpt-oss-20b",
    "gpt-oss 20b",
    DECLARED,
    "active",
    is_served=True,
    max_model_len=131_072,
    max_output_tokens=4096,
    aliases=("openai/gpt-oss-20b",),
    tags=("gpt-oss", "chat"),
)
ENTRY: dict[str, Any] = {
    "id": "gpt-oss-20b",
    "aliases": ["openai/gpt-oss-20b"],
    "type": "openai/chat-completions",
    "info": {
        "name": "gpt-oss 20b",
        "developer": "openai",
        "description": "Reasons.",
        "releasedAt": "2025-08-05",
        "contextLength": 131_072,
        "outputMax": 4096,
    },
    "tags": ["gpt-oss", "chat"],
}


def test_a_model() -> None:
    assert model_entry(CARD, frozenset(), "USD") == ENTRY


def test_a_model_with_all_there_is() -> None:
    everything = catalog_query([("include", "all")]).extras
    assert everything == catalog_query([("details", "true")]).extras
    body = model_entry(CARD, everything, "USD")
    assert body["pricing"]["kind"] == "fixed"
    assert {"name": "output", "measure": "token", "price": 0.18, "per": 1_000_000} in body["pricing"]["units"]
    assert body["modalities"] == {"input": ["text"], "output": ["text"]}
    assert body["capabilities"] == ["function_calling", "reasoning", "streaming", "structured_outputs"]


@pytest.mark.parametrize(
    "pairs, fits",
    [
        ([], True),
        ([("id", "OPENAI/gpt-oss-20b")], True),
        ([("id", "other,gpt-oss-20b")], True),
        ([("id", "other")], False),
        ([("tags", "chat"), ("tags", "image")], True),
        ([("tags", "chat"), ("capabilities", "vision")], False),
        ([("input_modalities", "image")], False),
        ([("type", "openai/chat-completions"), ("output_modalities", "text")], True),
        ([("nonsense", "1"), ("include", "nothing")], True),
    ],
)
def test_filters_are_or_within_and_and_across(pairs: list[tuple[str, str]], fits: bool) -> None:
    assert catalog_query(pairs).wants(CARD) == fits


def test_figures_are_percentiles() -> None:
    turns = [TurnFigures(each / 1000, each / 100, float(each)) for each in range(100, 0, -1)]
    body = figures_body(["a", "idle"], {"a": turns, "idle": []}, 300, "now")
    (model,) = body["models"]
    assert (model["alias"], body["window_seconds"], body["generated_at"]) == ("a", 300, "now")
    assert model["metrics"]["ttft_ms"] == {"p50": 50, "p75": 75, "p90": 90, "p99": 99}
    assert model["metrics"]["tps"] == {"p50": 50, "p75": 75, "p90": 90, "p99": 99}
    assert model["metrics"]["duration_ms"] == {"p50": 500, "p75": 750, "p90": 900, "p99": 990}


def test_figures_of_one_turn_and_of_turns_too_short_to_have_a_speed() -> None:
    (model,) = figures_body(["a"], {"a": [TurnFigures(0.5, 1, None)]}, 300, "now")["models"]
    assert model["metrics"]["ttft_ms"] == dict.fromkeys(("p50", "p75", "p90", "p99"), 500)
    assert model["metrics"]["tps"] == dict.fromkeys(("p50", "p75", "p90", "p99"))
