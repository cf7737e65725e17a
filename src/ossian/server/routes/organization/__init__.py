"""/v1/organization: OpenAI's administration API. That only admin keys get here is seen to by server/access."""

from fastapi import APIRouter

from ossian.server.routes.organization import (
    admin_api_keys,
    api_keys,
    audit_logs,
    projects,
    rate_limits,
    spend_limits,
    usage,
)

router = APIRouter(tags=["Administration"])  # no prefix: metrics name routes by what is written at them
for part in (projects, api_keys, rate_limits, spend_limits, admin_api_keys, usage, audit_logs):
    router.include_router(part.router)
