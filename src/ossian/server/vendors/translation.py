"""The middleware around everything: a service's address becomes ours, and our errors become that service's."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ossian.api.fields import JsonObject
from ossian.api.vendor_errors import FailedRequest, Vendor, stream_status, vendor_error
from ossian.catalog.catalog import Catalog
from ossian.server.client_address import host_name
from ossian.server.sse import event
from ossian.server.vendors.addresses import Address, read_address
from ossian.settings import VendorSettings

_STREAMED_ERROR: Final = b'data: {"error":'  # an event is one write
_CLIENT_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class VendorTranslation:
    """Gives each request its address, and the answers to other clients than OpenAI's their own form."""

    def __init__(self, app: ASGIApp, settings: VendorSettings, catalog: Catalog, now: Callable[[], float]) -> None:
        self.app = app
        self._settings = settings
        self._catalog = catalog
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or one WebSocket connection."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        address = self._address(scope)
        inner = {**scope, "path": address.path, "ossian.vendor_address": address}
        if scope["type"] == "http" and address.vendor is not Vendor.OPENAI:
            send = _Translated(address, scope, self._now, send).send
        await self.app(inner, receive, send)

    def _address(self, scope: Scope) -> Address:
        host = host_name(Headers(scope=scope).get("host", "")) if self._settings.hosts else ""
        address = read_address(host, scope["path"], self._settings)
        if address.model is None:
            return address
        return replace(address, model=self._catalog.name_of(address.model))


class _Translated:
    """One answer on its way out: an error is held back until it is whole."""

    def __init__(self, address: Address, scope: Scope, now: Callable[[], float], send: Send) -> None:
        self._address = address
        self._path = scope["path"]
        self._client_request_id = Headers(scope=scope).get("x-client-request-id", "")
        self._now = now
        self._send = send
        self._request_id = ""
        self._start: Message | None = None  # of an error's answer
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self._start is not None:
            await self._collect(message, self._start)
        elif message.get("body", b"").startswith(_STREAMED_ERROR):
            error = orjson.loads(message["body"].removeprefix(b"data: "))["error"]
            _, body = self._translated(stream_status(error), error)
            await self._send({**message, "body": event(body)})
        else:
            await self._send(message)

    async def _begin(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        self._request_id = headers.get("x-request-id", "")
        if self._address.vendor is Vendor.AIMLAPI:
            headers["x-inference-id"] = self._request_id
            if _CLIENT_REQUEST_ID.fullmatch(self._client_request_id):
                headers["x-client-request-id"] = self._client_request_id
        if message["status"] >= 400 and headers.get("content-type") == "application/json":
            self._start = message
        else:
            await self._send(message)

    async def _collect(self, message: Message, start: Message) -> None:
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        whole = orjson.loads(self._body)
        if isinstance(whole, dict) and isinstance(whole.get("error"), dict):
            start["status"], body = self._translated(start["status"], whole["error"])
            self._body = orjson.dumps(body)
            MutableHeaders(scope=start)["content-length"] = str(len(self._body))
        self._start = None
        await self._send(start)
        await self._send({"type": "http.response.body", "body": self._body})

    def _translated(self, status: int, error: JsonObject) -> tuple[int, JsonObject]:
        request = FailedRequest(self._request_id, self._path, self._now())
        return vendor_error(self._address.vendor, status, error, request)
