"""What tells browsers to do nothing with an answer but to show it, or to hand it to the page that asked."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY: Final = b"content-security-policy"
NO_PAGE: Final = b"default-src 'none'; frame-ancestors 'none'"  # of answers that are no pages; these bring their own
HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),  # of what is asked for without CORS, as pictures are
)


class SecurityHeaders:
    """Adds them to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one WebSocket."""

        async def secured(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                message["headers"] = _secured(message.get("headers", ()))
            await send(message)

        await self.app(scope, receive, secured)


def _secured(given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    headers = [*given, *HEADERS]
    if not any(name == CONTENT_SECURITY_POLICY for name, _ in given):
        headers.append((CONTENT_SECURITY_POLICY, NO_PAGE))
    return headers
