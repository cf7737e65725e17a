from dataclasses import replace

from ossian.api.catalogs import RequestRates, catalog_body, openrouter_body
from ossian.api.models import ModelCard
from ossian.settings import DeclaredModel

DECLARED = DeclaredModel.model_validate(
    {
        "id": "gpt-oss-20b",
        "description": "Reasons.",
        "series": "gpt-oss",
        "publisher": "openai",
        "licence": "apache-2.0",
        "published": "2025-08-05",
        "params": 20_900_000_000,
        "prices": {"input": 0.04, "output": 0.15},
    }
)
CARD = ModelCard(
    id="gpt-oss-20b",
    title="gpt-oss 20b",
    declared=DECLARED,
    stage="active",
    is_served=True,
    max_model_len=131_072,
    max_output_tokens=32_768,
    aliases=("openai/gpt-oss-20b",),
    tags=("gpt-oss", "openai"),
)
ELSEWHERE = ModelCard("b", "b", DeclaredModel(id="b"), "active", is_served=False)


def test_the_catalog_is_an_array_of_models() -> None:
    assert catalog_body([CARD], "EUR", RequestRates(400, 2)) == [
        {
            "id": "gpt-oss-20b",
            "name": "gpt-oss 20b",
            "description": "Reasons.",
            "available": True,
            "category": "Reasoning LLM",
            "tags": ["gpt-oss", "openai"],
            "metadata": {
                "aliases": ["openai/gpt-oss-20b"],
                "model_specs": {
                    "context_size": 131_072,
                    "max_tokens": 32_768,
                    "params": 20_900_000_000,
                    "capabilities": {
                        "input_modality": ["text"],
                        "output_modality": ["text"],
                        "reasoning": True,
                        "function_calling": True,
                        "structured_outputs": True,
                        "streaming": True,
                    },
                },
                "publishing_information": {
                    "publisher": "openai",
                    "series": "gpt-oss",
                    "licence_name": "apache-2.0",
                    "model_publication_date": "2025-08-05",
                },
                "usage_information": {
                    "pricing": {
                        "prompt": {"price": "0.04", "unit": "EUR per 1M tokens"},
                        "completion": {"price": "0.15", "unit": "EUR per 1M tokens"},
                    },
                    "rate_limit": {"rate_limit_api": 400, "rate_limit_api_anonymous": 2},
                },
            },
        }
    ]


def test_the_catalog_shows_models_that_are_not_available() -> None:
    served, other = catalog_body([CARD, ELSEWHERE], "USD", RequestRates())
    assert (served["available"], other["available"]) == (True, False)
    assert other["metadata"]["model_specs"]["context_size"] is None
    assert other["metadata"]["publishing_information"]["model_publication_date"] is None


def test_a_model_that_does_not_reason_is_of_another_category() -> None:
    declared = DeclaredModel.model_validate({"id": "a", "capabilities": {"reasoning": False}})
    (body,) = catalog_body([replace(CARD, declared=declared)], "USD", RequestRates())
    assert body["category"] == "Large Language Models (LLM)"


def test_routers_are_shown_what_is_served() -> None:
    assert openrouter_body([CARD, ELSEWHERE]) == {
        "data": [
            {
                "id": "gpt-oss-20b",
                "name": "gpt-oss 20b",
                "description": "Reasons.",
                "context_length": 131_072,
                "max_output_length": 32_768,
                "input_modalities": ["text"],
                "output_modalities": ["text"],
                "supported_features": ["json_mode", "structured_outputs", "reasoning", "tools"],
                "pricing": {"prompt": "0.00000004", "completion": "0.00000015", "input_cache_read": "0.00000004"},
            }
        ]
    }
