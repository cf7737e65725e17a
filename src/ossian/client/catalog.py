"""The public catalog: which models a server offers, and what they can do and cost."""

from typing import Final

from openai import BaseModel

CATALOG_PATH: Final = "../rest/v1/models_v2"  # from the base URL, which ends in /v1/


class Capabilities(BaseModel):
    """What goes into a model, what comes out, and what it can do on the way."""

    input_modality: list[str]
    output_modality: list[str]
    reasoning: bool
    function_calling: bool
    structured_outputs: bool
    streaming: bool


class ModelSpecs(BaseModel):
    """Sizes, in tokens and parameters; None: not known."""

    context_size: int | None = None
    max_tokens: int | None = None
    params: int | None = None
    capabilities: Capabilities


class Publication(BaseModel):
    """Where a model comes from."""

    publisher: str | None = None
    series: str | None = None
    licence_name: str | None = None
    model_publication_date: str | None = None


class Price(BaseModel):
    """An amount, in decimal digits, and what it is for: `USD per 1M tokens`."""

    price: str
    unit: str


class Pricing(BaseModel):
    """What tokens cost."""

    prompt: Price
    completion: Price


class UsageInformation(BaseModel):
    """What using a model costs."""

    pricing: Pricing


class CatalogMetadata(BaseModel):
    """All there is to know of a model."""

    aliases: list[str]
    model_specs: ModelSpecs
    publishing_information: Publication
    usage_information: UsageInformation


class CatalogModel(BaseModel):
    """A model of the catalog. One that is not `available` is offered, but not served at present."""

    id: str
    name: str
    description: str
    available: bool
    category: str
    tags: list[str]
    metadata: CatalogMetadata
