"""The application, a function of its parts."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

import ossian
from ossian.server.access import access_check
from ossian.server.body import BodyLimit
from ossian.server.errors import add_error_handlers
from ossian.server.observability import Metrics
from ossian.server.openapi import add_openapi
from ossian.server.parts import Parts
from ossian.server.request_context import RequestContext
from ossian.server.routes import chat_completions, completions, docs, health, models, responses_socket
from ossian.server.service import Service

DESCRIPTION = "OpenAI's API for gpt-oss models, from your own machine."


def create_app(parts: Parts) -> FastAPI:
    """Return the application. Its engines start and stop with it."""
    metrics = Metrics(parts.engines)
    server = parts.settings.server
    app = FastAPI(
        title="Ossian",
        version=ossian.__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(parts),
        middleware=[  # the outermost first
            Middleware(RequestContext, metrics),
            Middleware(access_check, server),
            Middleware(BodyLimit, server.max_body_bytes),
        ],
    )
    app.state.service = Service(parts, metrics)
    for routes in (chat_completions, completions, models, health, docs, responses_socket):
        app.include_router(routes.router)
    app.mount(docs.ASSETS_PATH, docs.assets)
    add_openapi(app)
    add_error_handlers(app)
    return app


def _lifespan(parts: Parts) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for engine in parts.engines.values():
                await engine.start()
                stack.push_async_callback(engine.stop)
            yield

    return lifespan
