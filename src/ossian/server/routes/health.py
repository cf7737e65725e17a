"""Is it alive, can it serve, and how is it doing: /healthz, /readyz and /metrics."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from ossian.server.errors import JsonResponse
from ossian.server.service import service_of

router = APIRouter(tags=["Operations"])


@router.get("/healthz")
async def healthz() -> Response:
    """Tell that the process answers."""
    return JsonResponse({"status": "ok"})


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """Tell that every engine can serve; 503 when one cannot."""
    engines = service_of(request).parts.engines
    for engine in engines.values():
        engine.check()
    return JsonResponse({"status": "ready", "models": list(engines)})


@router.get("/metrics")
async def show_metrics(request: Request) -> Response:
    """Show the metrics in Prometheus' text format, to callers on this machine or with an admin key."""
    return Response(service_of(request).metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
