"""AI/ML API's own routes: keys, usage, billing, its catalog. They are there when `vendors.aimlapi` says so."""

from fastapi import APIRouter

from ossian.server.routes.aimlapi import billing, catalog, keys, usage

router = APIRouter(tags=["AI/ML API"])
for part in (keys, usage, billing, catalog):
    router.include_router(part.router)
