import pytest

from ossian.api.models import ModelCard, architecture, model_body, model_list, supported_features
from ossian.settings import DeclaredModel, ModelCapabilities
from tests.api.shapes import faults

DECLARED = DeclaredModel.model_validate(
    {
        "id": "gpt-oss-20b",
        "description": "Reasons.",
        "prices": {"input": 0.05, "output": 0.18},
        "lifecycle": {"deprecated": "2027-01-01", "retired": "2027-04-01", "successor": "gpt-oss-120b"},
    }
)
CARD = ModelCard(
    id="gpt-oss-20b",
    title="gpt-oss 20b",
    declared=DECLARED,
    stage="deprecated",
    is_served=True,
    created=1_763_680_000,
    max_model_len=131_072,
    max_output_tokens=32_768,
    aliases=("openai/gpt-oss-20b",),
    tags=("gpt-oss", "openai"),
)
BODY = model_body(CARD)


def test_a_model_says_all_that_clients_look_for() -> None:
    assert BODY == {
        "id": "gpt-oss-20b",
        "object": "model",
        "created": 1_763_680_000,
        "owned_by": "ossian",
        "name": "gpt-oss 20b",
        "description": "Reasons.",
        "context_length": 131_072,
        "context_window": 131_072,
        "max_model_len": 131_072,
        "max_completion_tokens": 32_768,
        "max_output_tokens": 32_768,
        "aliases": ["openai/gpt-oss-20b"],
        "tags": ["gpt-oss", "openai"],
        "architecture": {"modality": "text->text", "input_modalities": ["text"], "output_modalities": ["text"]},
        "supported_features": ["json_mode", "structured_outputs", "reasoning", "tools"],
        "pricing": {"prompt": "0.00000005", "completion": "0.00000018", "input_cache_read": "0.00000005"},
        "lifecycle": {
            "status": "deprecated",
            "deprecation_date": "2027-01-01",
            "retirement_date": "2027-04-01",
            "successor": "gpt-oss-120b",
        },
    }


def test_a_model_of_which_nothing_is_known() -> None:
    body = model_body(ModelCard("a", "a", DeclaredModel(id="a"), "active", is_served=True))
    assert faults(body, "Model") == []
    assert body["pricing"] == {"prompt": "0", "completion": "0", "input_cache_read": "0"}
    assert body["lifecycle"] == {
        "status": "active",
        "deprecation_date": None,
        "retirement_date": None,
        "successor": None,
    }


def test_models_have_openais_shape() -> None:
    assert faults(BODY, "Model") == []
    assert faults(model_list([BODY, BODY]), "ListModelsResponse") == []


def test_what_goes_in_and_what_comes_out() -> None:
    assert architecture(ModelCapabilities(input_modalities=("text", "image"))) == {
        "modality": "text+image->text",
        "input_modalities": ["text", "image"],
        "output_modalities": ["text"],
    }


@pytest.mark.parametrize(
    "missing, features",
    [
        ("reasoning", ["json_mode", "structured_outputs", "tools"]),
        ("function_calling", ["json_mode", "structured_outputs", "reasoning"]),
        ("structured_outputs", ["reasoning", "tools"]),
        ("streaming", ["json_mode", "structured_outputs", "reasoning", "tools"]),  # has no name there
    ],
)
def test_features_are_those_the_model_has(missing: str, features: list[str]) -> None:
    assert supported_features(ModelCapabilities.model_validate({missing: False})) == features


def test_cached_input_has_a_price_of_its_own() -> None:
    declared = DeclaredModel.model_validate({"id": "a", "prices": {"input": 1, "cached_input": "0.25"}})
    body = model_body(ModelCard("a", "a", declared, "active", is_served=True))
    assert body["pricing"]["input_cache_read"] == "0.00000025"
