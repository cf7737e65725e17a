"""GET /docs: Swagger UI, from files installed with the server."""

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles


def add_docs(app: FastAPI) -> None:
    """Add the page, its files, and the way to it from the root."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title=f"{app.title}: API",
            swagger_js_url="/docs/assets/swagger-ui-bundle.js",
            swagger_css_url="/docs/assets/swagger-ui.css",
            swagger_favicon_url="/docs/assets/favicon.png",
        )

    @router.get("/")
    async def root() -> RedirectResponse:
        return RedirectResponse("/docs")

    app.include_router(router)
    app.mount("/docs/assets", StaticFiles(packages=[("fastapi_offline", "static")]))
