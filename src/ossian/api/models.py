"""The model objects of `GET /v1/models`."""

from collections.abc import Iterable, Sequence

from ossian.api.fields import JsonObject


def model_body(model_id: str, *, created: int, owned_by: str, max_model_len: int, aliases: Sequence[str]) -> JsonObject:
    """Return one model. Its context, in tokens, has the three names that clients look for."""
    return {
        "id": model_id,
        "object": "model",
        "created": created,
        "owned_by": owned_by,
        "context_length": max_model_len,
        "context_window": max_model_len,
        "max_model_len": max_model_len,
        "aliases": list(aliases),
    }


def model_list(models: Iterable[JsonObject]) -> JsonObject:
    """Return the list of models."""
    return {"object": "list", "data": list(models)}
