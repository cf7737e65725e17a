"""Is it alive, can it serve, and how is it doing: /healthz, /readyz and /metrics."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from ossian.server.errors import JsonResponse
from ossian.server.observability import Metrics
from ossian.server.parts import Parts


def health_router(parts: Parts, metrics: Metrics) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["Operations"])

    @router.get("/healthz")
    async def healthz() -> Response:
        """Tell that the process answers."""
        return JsonResponse({"status": "ok"})

    @router.get("/readyz")
    async def readyz() -> Response:
        """Tell that every engine can serve; 503 when one cannot."""
        for engine in parts.engines.values():
            engine.check()
        return JsonResponse({"status": "ready", "models": list(parts.engines)})

    @router.get("/metrics")
    async def show_metrics() -> Response:
        """Show the metrics in Prometheus' text format. Needs an API key when the server has keys."""
        return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

    return router
