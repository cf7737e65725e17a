"""GET /v1/models and /v1/models/{id}."""

from fastapi import APIRouter, Request, Response

from ossian.api.fields import JsonObject
from ossian.api.models import model_body, model_list
from ossian.catalog.catalog import Model
from ossian.server.errors import JsonResponse
from ossian.server.service import service_of

router = APIRouter(tags=["Models"])


@router.get("/v1/models")
async def list_models(request: Request) -> Response:
    """List the models that are served. Each says which other names it answers to."""
    return JsonResponse(model_list(map(_body, service_of(request).parts.catalog.models)))


@router.get("/v1/models/{model_id:path}")
async def retrieve_model(request: Request, model_id: str) -> Response:
    """Describe the model that answers to a name; its own id may be another."""
    return JsonResponse(_body(service_of(request).parts.catalog.resolve(model_id)))


def _body(model: Model) -> JsonObject:
    return model_body(
        model.id,
        created=model.created,
        owned_by=model.owned_by,
        max_model_len=model.max_model_len,
        aliases=model.aliases,
    )
