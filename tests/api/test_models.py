from ossian.api.models import model_body, model_list
from tests.api.shapes import faults

NANO = model_body("ossian-nano", created=1_763_680_000, owned_by="ossian", max_model_len=4096, aliases=("gpt-oss-20b",))


def test_a_model_says_its_context_in_every_name_clients_look_for() -> None:
    assert NANO == {
        "id": "ossian-nano",
        "object": "model",
        "created": 1_763_680_000,
        "owned_by": "ossian",
        "context_length": 4096,
        "context_window": 4096,
        "max_model_len": 4096,
        "aliases": ["gpt-oss-20b"],
    }


def test_models_have_openais_shape() -> None:
    assert faults(NANO, "Model") == []
    assert faults(model_list([NANO, NANO]), "ListModelsResponse") == []
