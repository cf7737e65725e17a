"""OpenAI's clients, pointed at Ossian.

Everything that they can do stays: `client.chat.completions`, `client.responses`, `client.files`. New are `run`, the
catalog, and what Ossian's admin API can do besides OpenAI's.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from openai import APIConnectionError, AsyncOpenAI, AsyncStream, OpenAI, RequestOptions, Stream

from ossian.client.admin import Admin, AsyncAdmin
from ossian.client.calls import call_of
from ossian.client.catalog import CATALOG_PATH, CatalogModel
from ossian.client.connection import explained, options_of

_AS_PROJECT: Final[RequestOptions] = {"security": {"bearer_auth": True}}  # else an admin key stands in for none


class Client(OpenAI):
    """A client of one server.

    The base URL ends in /v1 and is OSSIAN_BASE_URL unless given, the keys are OSSIAN_API_KEY and OSSIAN_ADMIN_KEY.
    Other options are those of `openai.OpenAI`.
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        admin_api_key: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options_of(base_url, api_key, admin_api_key), **options)
        self.admin_api_key = self.admin_api_key or None  # an empty one would be sent

    @cached_property
    def admin(self) -> Admin:
        """The admin API; it wants an admin key."""
        return Admin(self)

    def run(self, model: str, body: Mapping[str, Any]) -> Any:
        """Return the server's answer to a body with `messages`, `input` or `prompt`, as a dictionary.

        With `"stream": True` in the body it is an iterator of dictionaries. Raises ValueError for a body that is for no
        endpoint, and openai.APIError as OpenAI's clients do.

            client.run("gpt-oss-20b", {"messages": [{"role": "user", "content": "2+2?"}]})
        """
        call = call_of(model, body)
        return self.post(
            call.path,
            body=call.body,
            cast_to=object,
            options=_AS_PROJECT,
            stream=call.is_streamed,
            stream_cls=Stream[object],
        )

    def catalog(self) -> list[CatalogModel]:
        """Return every model that is offered, with its capabilities and prices. No key is needed."""
        return self.get(str(self.base_url.join(CATALOG_PATH)), cast_to=list[CatalogModel], options=_AS_PROJECT)

    def request(self, *args: Any, **options: Any) -> Any:
        """Send a request. Raises openai.APIConnectionError, with the way out, when no server answers."""
        try:
            return super().request(*args, **options)
        except APIConnectionError as error:
            raise explained(error, self.base_url) from error.__cause__

    def _validate_headers(self, headers: Mapping[str, object], custom_headers: Mapping[str, object]) -> None:
        """Let requests go without a key: on its own machine a server needs none."""


class AsyncClient(AsyncOpenAI):
    """A client of one server, for use with asyncio; all else is as for `Client`."""

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        admin_api_key: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options_of(base_url, api_key, admin_api_key), **options)
        self.admin_api_key = self.admin_api_key or None  # an empty one would be sent

    @cached_property
    def admin(self) -> AsyncAdmin:
        """The admin API; it wants an admin key."""
        return AsyncAdmin(self)

    async def run(self, model: str, body: Mapping[str, Any]) -> Any:
        """Return the server's answer as a dictionary, with `"stream": True` as an asynchronous iterator of them.

        See Client.run.
        """
        call = call_of(model, body)
        return await self.post(
            call.path,
            body=call.body,
            cast_to=object,
            options=_AS_PROJECT,
            stream=call.is_streamed,
            stream_cls=AsyncStream[object],
        )

    async def catalog(self) -> list[CatalogModel]:
        """Return every model that is offered, with its capabilities and prices. No key is needed."""
        return await self.get(str(self.base_url.join(CATALOG_PATH)), cast_to=list[CatalogModel], options=_AS_PROJECT)

    async def request(self, *args: Any, **options: Any) -> Any:
        """Send a request. Raises openai.APIConnectionError, with the way out, when no server answers."""
        try:
            return await super().request(*args, **options)
        except APIConnectionError as error:
            raise explained(error, self.base_url) from error.__cause__

    def _validate_headers(self, headers: Mapping[str, object], custom_headers: Mapping[str, object]) -> None:
        """Let requests go without a key: on its own machine a server needs none."""
