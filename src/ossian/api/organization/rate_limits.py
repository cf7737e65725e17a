"""The wire format of rate limits: OpenAI's view of what a project's `limits` and `model_limits` come to.

OpenAI's clients expect a number for every limit, so no limit is written as the greatest there can be.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

from pydantic import Field

from ossian.api.fields import JsonObject, RequestModel, refused
from ossian.errors import NotFoundError

NO_LIMIT: Final = 10**12
ID_PREFIX: Final = "rl-"
FIELDS: Final = {
    "max_requests_per_1_minute": "requests_per_minute",
    "max_tokens_per_1_minute": "tokens_per_minute",
    "max_concurrent_requests": "concurrent_requests",  # ours
}

LimitNumber: TypeAlias = Annotated[int, Field(ge=0, le=NO_LIMIT, description="Null or 10^12: no limit.")]
_NO_MEDIA: Final = refused("gpt-oss takes and makes text only.")
_NO_DAY: Final = refused("Limits count minutes; a budget limits a day, a week or a month.")


class UpdateRateLimitRequest(RequestModel):
    """The request of `POST /v1/organization/projects/{id}/rate_limits/{id}`. What is left out stays as it is."""

    max_requests_per_1_minute: LimitNumber | None = None
    max_tokens_per_1_minute: LimitNumber | None = None
    max_concurrent_requests: LimitNumber | None = Field(default=None, description="Ours: requests at a time.")
    max_images_per_1_minute: Annotated[None, _NO_MEDIA] = None
    max_audio_megabytes_per_1_minute: Annotated[None, _NO_MEDIA] = None
    max_requests_per_1_day: Annotated[None, _NO_DAY] = None
    batch_1_day_max_input_tokens: Annotated[None, _NO_DAY] = None


def given_limits(request: UpdateRateLimitRequest) -> dict[str, int | None]:
    """Return the limits that a request gives, as they are stored."""
    given = {FIELDS[name]: getattr(request, name) for name in FIELDS if name in request.model_fields_set}
    return {name: None if number == NO_LIMIT else number for name, number in given.items()}


def shown_limits(limits: Mapping[str, Any]) -> JsonObject:
    """Return limits that are given as they are stored under OpenAI's names, as its clients expect them."""
    numbers = {name: limits.get(stored) for name, stored in FIELDS.items()}
    return {name: NO_LIMIT if number is None else number for name, number in numbers.items()}


def rate_limit_body(model_id: str, limits: Mapping[str, Any]) -> JsonObject:
    """Return the limits of one model in a project, given as they are stored."""
    return {
        "id": f"{ID_PREFIX}{model_id}",
        "object": "project.rate_limit",
        "model": model_id,
        **shown_limits(limits),
    }


def deleted_body(rate_limit_id: str) -> JsonObject:
    """Return what the deletion of a model's limits is answered with."""
    return {"id": rate_limit_id, "object": "project.rate_limit.deleted", "deleted": True}


def model_of(rate_limit_id: str) -> str:
    """Return the model whose limits an id names. Raises NotFoundError for what is no such id."""
    if not rate_limit_id.startswith(ID_PREFIX):
        raise no_rate_limit(rate_limit_id)
    return rate_limit_id.removeprefix(ID_PREFIX)


def no_rate_limit(rate_limit_id: str, param: str = "rate_limit_id") -> NotFoundError:
    """Return the refusal of an id that names no model."""
    message = f"Rate limit '{rate_limit_id[:80]}' not found. There is one for each model: '{ID_PREFIX}MODEL'."
    return NotFoundError(message, param=param, code="rate_limit_not_found")
