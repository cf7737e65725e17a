"""GET /docs: Swagger UI, from files installed with the server."""

import re
from base64 import b64encode
from hashlib import sha256

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

ASSETS_PATH = "/docs/assets"
INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
assets = StaticFiles(packages=[("fastapi_offline", "static")])

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """Show the page. All that it loads comes from this server."""
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title=f"{request.app.title}: API",
        swagger_js_url=f"{ASSETS_PATH}/swagger-ui-bundle.js",
        swagger_css_url=f"{ASSETS_PATH}/swagger-ui.css",
        swagger_favicon_url=f"{ASSETS_PATH}/favicon.png",
    )
    page.headers["content-security-policy"] = content_security_policy(bytes(page.body))
    return page


def content_security_policy(page: bytes) -> str:
    """Return a policy that lets the page run its own script, and no other that finds its way into it."""
    digests = (sha256(script).digest() for script in INLINE_SCRIPT.findall(page))
    scripts = "".join(f" 'sha256-{b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src 'self'{scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@router.get("/")
async def root() -> RedirectResponse:
    """Lead a browser to the page."""
    return RedirectResponse("/docs")
