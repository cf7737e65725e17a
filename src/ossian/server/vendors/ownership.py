"""The middleware behind the access check: who uses the address of a project must belong to it."""

from starlette.datastructures import QueryParams
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from ossian.accounts.callers import Caller, missing_key
from ossian.errors import InvalidRequestError, OssianError, PermissionDeniedError
from ossian.server.access import account_of
from ossian.server.errors import error_response
from ossian.server.vendors.addresses import address_of
from ossian.settings import VendorSettings


class OwnProject:
    """Turns away who calls `/project/p-…` of somebody else. Without a key, on this machine, any project will do."""

    def __init__(self, app: ASGIApp, settings: VendorSettings) -> None:
        self.app = app
        self._aliases = settings.project_aliases

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one WebSocket, or answer 400, 401 or 403."""
        if scope["type"] != "lifespan" and (asked := address_of(scope).project) is not None:
            connection = HTTPConnection(scope)
            try:
                self._check(asked, connection.query_params, account_of(connection))
            except OssianError as error:
                await error_response(error)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _check(self, asked: str, query: QueryParams, caller: Caller) -> None:
        project = self._meant(asked)
        if any(self._meant(each) != project for each in query.getlist("project_id")):
            message = f"'project_id' and the address, '/project/p-{asked}', are of different projects."
            raise InvalidRequestError(message, param="project_id", code="project_mismatch")
        if caller.project is None:
            if not caller.is_local:
                raise missing_key("The address of a project needs an API key of that project.")
        elif project not in (caller.project.id, caller.project.name):
            message = (
                f"This API key is not of the project '{asked}'. Use the project's id or name, or let the operator give "
                "it that number in vendors.project_aliases."
            )
            raise PermissionDeniedError(message, param="project_id", code="project_not_allowed")

    def _meant(self, asked: str) -> str:
        return self._aliases.get(asked, asked)
