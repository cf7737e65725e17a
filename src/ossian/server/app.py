"""The application, a function of its parts."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

import ossian
from ossian.server.access import AccessCheck
from ossian.server.accounting import counters_of
from ossian.server.batches.batch_runs import BatchRuns
from ossian.server.batches.tools import tools_for
from ossian.server.body import BodyLimit
from ossian.server.cross_origin import cross_origin
from ossian.server.errors import add_error_handlers
from ossian.server.key_ring import KeyRing
from ossian.server.observability import Metrics
from ossian.server.openapi import add_openapi
from ossian.server.parts import Parts, new_id
from ossian.server.request_context import RequestContext, UnforeseenErrors
from ossian.server.responses.background import BackgroundRuns
from ossian.server.routes import (
    aimlapi,
    batches,
    chat_completions,
    completions,
    conversations,
    docs,
    files,
    health,
    models,
    organization,
    prompts,
    responses,
    responses_socket,
)
from ossian.server.security_headers import SecurityHeaders
from ossian.server.service import Service
from ossian.server.usage_retention import UsageRetention
from ossian.server.vendors.ownership import OwnProject
from ossian.server.vendors.translation import VendorTranslation
from ossian.settings import Settings
from ossian.storage.database import Database
from ossian.storage.urls import database_url

ROUTES = (  # the last one takes what no other does
    chat_completions,
    completions,
    responses,
    conversations,
    prompts,
    files,
    batches,
    models,
    organization,
    health,
    docs,
    responses_socket,
)
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
        lifespan=_lifespan,
        middleware=[  # the outermost first
            Middleware(SecurityHeaders),
            Middleware(VendorTranslation, parts.settings.vendors, parts.catalog, parts.now),
            Middleware(RequestContext, metrics),
            *cross_origin(server.cors_origins),
            Middleware(UnforeseenErrors),
            Middleware(AccessCheck, parts.settings),
            Middleware(OwnProject, parts.settings.vendors),
            Middleware(BodyLimit, server.max_body_bytes, {files.PATH}),
        ],
    )
    app.state.service = Service(parts, metrics)
    for routes in ROUTES:
        app.include_router(routes.router)
    if parts.settings.vendors.aimlapi:
        app.include_router(aimlapi.router)
    app.mount(docs.ASSETS_PATH, docs.assets)
    add_openapi(app)
    add_error_handlers(app)
    return app


async def check_database(settings: Settings) -> bool:
    """Open the database and close it again, and tell whether it has any project's key.

    Raises ConfigurationError, which says why it cannot be opened, and for counters that cannot be.
    """
    await counters_of(settings.limits).aclose()
    database = await Database.open(database_url(settings))
    try:
        return await database.keys.has_keys()
    finally:
        await database.close()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Start everything in order, and stop it in the opposite one: background responses still need their engine."""
    service: Service = app.state.service
    async with AsyncExitStack() as stack:
        for engine in service.parts.engines.values():
            await engine.start()
            stack.push_async_callback(engine.stop)
        database = await Database.open(database_url(service.parts.settings))
        stack.push_async_callback(database.close)
        await service.use(database)
        app.state.key_ring = await KeyRing.open(database, service.parts.settings.server, service.parts.now)
        stack.push_async_callback(app.state.key_ring.aclose)
        stack.push_async_callback(service.accounting.aclose)
        retention = UsageRetention(database.usage, service.parts.settings.usage, service.parts.now)
        retention.open()
        stack.push_async_callback(retention.aclose)
        owner = new_id("server_")
        background = BackgroundRuns(database.responses, service.parts.settings.responses, owner, service.parts.now)
        service.metrics.watch_background(background)
        app.state.background = background
        background.open()
        stack.push_async_callback(background.aclose)
        app.state.batches = BatchRuns(tools_for(app, service, app.state.key_ring, owner))
        app.state.batches.open()
        stack.push_async_callback(app.state.batches.aclose)
        yield
