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
from ossian.server.routes.chat_completions import chat_completions_router
from ossian.server.routes.completions import completions_router
from ossian.server.routes.docs import add_docs
from ossian.server.routes.health import health_router
from ossian.server.routes.models import models_router
from ossian.server.routing import RequestReader

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
    reader = RequestReader(parts, metrics)
    app.include_router(chat_completions_router(parts, reader))
    app.include_router(completions_router(parts, reader))
    app.include_router(models_router(parts))
    app.include_router(health_router(parts, metrics))
    add_docs(app)
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
