"""The addresses of hosted services, and which of ours they stand for.

{model}.models.example/api/openai_compat/v1/…    /v1/…, the model in the host (vendors.hosts)
/{model}/api/openai_compat/v1/…                  /v1/…, the model in the path
/project/p-{project}/genai/{model}/v1/…          /v1/…, the project and perhaps the model in the path
/ovhcloud/…, /aimlapi/…, /azion/…, /e2e/…        any of these, in the words of that service
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.types import Scope

from ossian.api.vendor_errors import Vendor
from ossian.errors import InvalidRequestError
from ossian.settings import VendorSettings

_OF_MODEL: Final = re.compile(r"/(?P<model>.+)/api/openai_compat(?P<path>/v1/.*)")
_OF_PROJECT: Final = re.compile(r"/project/p-(?P<project>[^/]+)/genai(?:/(?P<model>[^/]+))?(?P<path>/v1/.*)")
_COMPATIBLE: Final = "/api/openai_compat"
_AIMLAPI_NAMES: Final = {"/models": "/v1/models", "/api/v1/models": "/v1/models"}
_AIMLAPI: Final = re.compile(r"/v1/keys?(/.*)?|/v1/billing/.*|/v2/.*|/model/.*|/models/metrics")


@dataclass(frozen=True, slots=True)
class Address:
    """What an address says besides our `path`: whose client asks, and for which model and project."""

    vendor: Vendor
    path: str
    model: str | None = None
    project: str | None = None

    @property
    def ignores_unknown(self) -> bool:
        """Whether unknown parameters are ignored, as vLLM does, whose clients may send some."""
        return self.vendor in (Vendor.AZION, Vendor.E2E)


def read_address(host: str, path: str, settings: VendorSettings) -> Address:
    """Return what a host, without its port, and a path stand for."""
    vendor, path = _service(path, settings)
    address = _special(host, path, settings) or Address(Vendor(settings.v1_dialect), path)
    return address if vendor is None else replace(address, vendor=vendor)


def _service(path: str, settings: VendorSettings) -> tuple[Vendor | None, str]:
    """Take the name of a service off a path."""
    _, _, rest = path.partition("/")
    name, slash, rest = rest.partition("/")
    if slash and name in settings.offered:
        return Vendor(name), f"/{rest}"
    return None, path


def _special(host: str, path: str, settings: VendorSettings) -> Address | None:
    offered = settings.offered
    if "ovhcloud" in offered and (model := model_label(host, settings.hosts)):
        return Address(Vendor.OVHCLOUD, path.removeprefix(_COMPATIBLE), model)
    if "ovhcloud" in offered and (found := _OF_MODEL.fullmatch(path)):
        return Address(Vendor.OVHCLOUD, found["path"], found["model"])
    if "e2e" in offered and (found := _OF_PROJECT.fullmatch(path)):
        return Address(Vendor.E2E, found["path"], found["model"], found["project"])
    if "aimlapi" in offered and (path in _AIMLAPI_NAMES or _AIMLAPI.fullmatch(path)):
        return Address(Vendor.AIMLAPI, _AIMLAPI_NAMES.get(path, path))
    return None


def model_label(host: str, suffixes: tuple[str, ...]) -> str | None:
    """Return the first label of a model's own host, None of any other host."""
    label, _, suffix = host.lower().partition(".")
    return label if label and suffix in suffixes else None


def address_of(scope: Scope) -> Address:
    """Return the address that a request came to."""
    address: Address = scope["ossian.vendor_address"]
    return address


def with_model(body: dict[str, Any], address: Address, id_of: Callable[[str], str]) -> dict[str, Any]:
    """Return a request's body with the model of its address, which it may also name itself.

    `id_of` tells which model answers to a name. Raises InvalidRequestError for a body that names another model, and
    what `id_of` raises.
    """
    named = body.get("model")
    if address.model is None or not (named is None or isinstance(named, str)):
        return body
    if named not in (None, address.model) and id_of(named) != id_of(address.model):
        message = f"This address is for the model '{address.model}'. Leave 'model' out, or use the address /v1."
        raise InvalidRequestError(message, param="model", code="model_mismatch")
    return body | {"model": address.model}
