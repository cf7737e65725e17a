"""The WebSocket at /v1/responses, and an answer for those who ask for one elsewhere."""

from fastapi import APIRouter, WebSocket

from ossian.server.errors import refusal
from ossian.server.responses.connection import Connection
from ossian.server.service import service_of

router = APIRouter()


@router.websocket("/v1/responses")
async def serve_responses(websocket: WebSocket) -> None:
    """Make responses on one connection, one after the other."""
    await Connection(service_of(websocket), websocket).serve()


@router.websocket("/{path:path}")
async def refuse_elsewhere(websocket: WebSocket) -> None:
    """Answer 404, which the framework would call 403."""
    message = f"There is no WebSocket at {websocket.url.path[:200]}; it is at /v1/responses."
    await websocket.send_denial_response(refusal(404, message, "unknown_url"))
