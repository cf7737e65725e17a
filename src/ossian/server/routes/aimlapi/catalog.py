"""GET /model/{id} and /models/metrics, for everybody."""

from fastapi import APIRouter, Request, Response

from ossian.api.aimlapi.keys import iso
from ossian.api.aimlapi.models import EXTRAS, MAX_NUM_ALIASES, figures_body, model_entry
from ossian.catalog.catalog import Catalog
from ossian.errors import InvalidRequestError
from ossian.server.errors import JsonResponse
from ossian.server.openapi import query_parameters
from ossian.server.recent_turns import WINDOW_SECONDS
from ossian.server.routes.models import card_of
from ossian.server.service import service_of

router = APIRouter()


@router.get("/model/{model_id:path}")
async def retrieve(request: Request, model_id: str) -> Response:
    """Describe the model that answers to a name, with its prices and capabilities."""
    service = service_of(request)
    choice = service.parts.catalog.choose(model_id, service.today, service.metrics.speeds.measured)
    card = card_of(choice.entry, service.today)
    entry = model_entry(card, frozenset(EXTRAS), service.parts.settings.catalog.currency)
    return JsonResponse({"object": "model", "data": entry})


@router.get("/models/metrics", openapi_extra=query_parameters(["aliases"]))
async def figures(request: Request) -> Response:
    """Say how fast models have answered of late; those that have not are not there."""
    service = service_of(request)
    names = _names(request, service.parts.catalog)
    ids = {name: service.parts.catalog.id_of(name) for name in names}
    turns = {name: service.metrics.recent_turns.of(model_id) for name, model_id in ids.items() if model_id}
    return JsonResponse(figures_body(names, turns, WINDOW_SECONDS, iso(service.parts.now())))


def _names(request: Request, catalog: Catalog) -> list[str]:
    """The names that are asked for, each once, or the ids of all models."""
    listed = ",".join(request.query_params.getlist("aliases"))
    names = list(dict.fromkeys(name.strip() for name in listed.split(",") if name.strip()))
    if len(names) > MAX_NUM_ALIASES:
        message = f"'aliases' has {len(names)} names; at most {MAX_NUM_ALIASES} can be asked for at a time."
        raise InvalidRequestError(message, param="aliases", code="invalid_value")
    return names or [model.id for model in catalog.models]
