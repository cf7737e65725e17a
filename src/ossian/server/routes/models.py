"""GET /v1/models and /v1/models/{id}, and the public catalogs of hosted services."""

from dataclasses import replace
from datetime import date

from fastapi import APIRouter, Request, Response

from ossian.accounts.limits import profile_of
from ossian.api.aimlapi.models import catalog_query, model_entry
from ossian.api.catalogs import RequestRates, catalog_body, openrouter_body
from ossian.api.models import ModelCard, model_body, model_list
from ossian.api.vendor_errors import Vendor
from ossian.catalog.catalog import Entry
from ossian.catalog.lifecycle import Stage
from ossian.server.errors import JsonResponse
from ossian.server.service import Service, service_of
from ossian.server.vendors.addresses import address_of

router = APIRouter(tags=["Models"])


@router.get("/v1/models")
async def list_models(request: Request) -> Response:
    """List the models that are served. Each says which other names it answers to."""
    service = service_of(request)
    cards = [card for card in cards_of(service, Stage.ACTIVE, Stage.DEPRECATED) if card.is_served]
    if address_of(request.scope).vendor is not Vendor.AIMLAPI:
        return JsonResponse(model_list(map(model_body, cards)))
    query = catalog_query(request.query_params.multi_items())
    currency = service.parts.settings.catalog.currency
    return JsonResponse(model_list(model_entry(card, query.extras, currency) for card in cards if query.wants(card)))


@router.get("/v1/models/{model_id:path}")
async def retrieve_model(request: Request, model_id: str) -> Response:
    """Describe the model that answers to a name; its own id may be another."""
    service = service_of(request)
    return JsonResponse(model_body(card_of(service.choose(request, model_id).entry, service.today)))


@router.get("/rest/v1/models_v2")
async def catalog(request: Request) -> Response:
    """Show the catalog to everybody. Models on their way out are not in it."""
    service = service_of(request)
    settings = service.parts.settings
    limits = profile_of(settings.limits)
    rates = RequestRates(limits.project.requests_per_minute, limits.anonymous.requests_per_minute)
    return JsonResponse(catalog_body(cards_of(service, Stage.ACTIVE), settings.catalog.currency, rates))


@router.get("/rest/v2/openrouter")
async def openrouter_catalog(request: Request) -> Response:
    """Show the catalog to routers between providers."""
    return JsonResponse(openrouter_body(cards_of(service_of(request), Stage.ACTIVE)))


def cards_of(service: Service, *stages: Stage) -> list[ModelCard]:
    """Return the catalog's models that are in one of these stages."""
    entries = service.parts.catalog.entries
    return [card_of(entry, service.today) for entry in entries if entry.stage(service.today) in stages]


def card_of(entry: Entry, today: date) -> ModelCard:
    """Return what clients are told of a model."""
    card = ModelCard(
        id=entry.id,
        title=entry.title,
        declared=entry.declared,
        stage=entry.stage(today),
        is_served=entry.model is not None,
        max_model_len=entry.max_model_len,
        max_output_tokens=entry.max_output_tokens,
        aliases=entry.names[1:],
        tags=entry.tags,
    )
    model = entry.model
    return card if model is None else replace(card, created=model.created, owned_by=model.owned_by)
