"""Who calls, and what he may do: every refusal has a code of its own and says the way out.

401 is for who has no valid key: none, an unknown one, one that is expired, revoked or disabled. A key that is not valid
is never taken for none. 403 is for who has one that is not enough.
"""

from dataclasses import dataclass
from typing import Final

from ossian.accounts.keys import AdminKey, ApiKey, KeyState
from ossian.accounts.projects import Project
from ossian.accounts.scopes import Endpoint, Scopes
from ossian.errors import AuthenticationError, PermissionDeniedError

LOCAL_SCOPE: Final = ""  # whose is what is stored without a key: everybody's on this machine

_NOTHING: Final = Scopes(frozenset(), frozenset())

_MAKE_ADMIN_KEY: Final = "`ossian keys create --admin NAME` makes one on the server"
_INVALID: Final = {
    KeyState.REVOKED: ("revoked_api_key", "This API key was revoked. Use another one."),
    KeyState.EXPIRED: ("expired_api_key", "This API key has expired. Ask for a new one."),
    KeyState.DISABLED: (
        "disabled_api_key",
        "This API key is disabled. Its project's administrator can enable it again.",
    ),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: a project's key, an admin key, or anybody at an address.

    `storage_scope` is whose stored objects he may see; None: nothing is kept for him. A project without a key is that
    of a key in the settings, which is not in the database.
    """

    address: str
    scopes: Scopes
    project: Project | None = None
    key: ApiKey | None = None
    admin_key: AdminKey | None = None
    storage_scope: str | None = None

    @property
    def is_anonymous(self) -> bool:
        return self.project is None and self.admin_key is None

    @property
    def is_local(self) -> bool:
        """Whether he has no key and needs none, being on this machine."""
        return self.is_anonymous and self.storage_scope == LOCAL_SCOPE

    def check_endpoint(self, endpoint: Endpoint) -> None:
        """Raise PermissionDeniedError when an endpoint is not the caller's, AuthenticationError when it needs a key."""
        if self.scopes.allows_endpoint(endpoint):
            return
        if self.is_anonymous:
            raise missing_key(f"The endpoint {endpoint} needs an API key.")
        if self.admin_key:
            message = "An admin key is for the admin API alone. Use a key of a project; an admin key can make one."
            raise PermissionDeniedError(message, code="project_key_required")
        allowed = _listed(self.scopes.endpoints)
        message = f"This API key may not use the endpoint {endpoint}. It may use: {allowed}."
        raise PermissionDeniedError(message, code="endpoint_not_allowed")

    def check_model(self, model_id: str, *aliases: str) -> None:
        """Raise PermissionDeniedError when a model is not the caller's, AuthenticationError when it needs a key.

        `model_id` is what the name that was asked for is resolved to; a key may be for any of its names.
        """
        if self.scopes.allows_model(model_id, *aliases):
            return
        if self.is_anonymous:
            raise missing_key(f"The model '{model_id}' needs an API key.")
        allowed = _listed(self.scopes.models)
        message = f"This API key may not use the model '{model_id}'. It may use: {allowed}."
        raise PermissionDeniedError(message, param="model", code="model_not_allowed")

    def check_admin(self, what: str = "The admin API") -> None:
        """Raise PermissionDeniedError for a project's key on the admin API, AuthenticationError for no key."""
        if self.is_anonymous:
            raise missing_key(f"{what} needs an admin key: {_MAKE_ADMIN_KEY}.")
        if self.admin_key is None:
            message = f"{what} needs an admin key; this is a project's. {_MAKE_ADMIN_KEY}."
            raise PermissionDeniedError(message, code="admin_key_required")

    def check_storage(self) -> str:
        """Return the storage scope. Raises AuthenticationError when nothing is kept for this caller."""
        if self.storage_scope is not None:
            return self.storage_scope
        raise missing_key("Without an API key nothing is stored here, so storing needs one.")


def bearer_secret(authorization: str | None) -> str | None:
    """Return the secret in the value of an Authorization header, None when there is no value or no secret in it.

    Raises AuthenticationError for another scheme than Bearer: who sends a password does not mean to be anonymous.
    """
    scheme, _, secret = (authorization or "").strip().partition(" ")
    if scheme and scheme.lower() != "bearer":
        message = "The Authorization header must be 'Bearer KEY', with an API key."
        raise AuthenticationError(message, code="invalid_authorization")
    return secret.strip() or None


def anonymous_caller(address: str, scopes: Scopes | None, storage_scope: str | None = None) -> Caller:
    """Return a caller without a key. `scopes` is what those may do; None: nothing, which is an AuthenticationError."""
    if scopes is None:
        raise missing_key("This server needs an API key.")
    return Caller(address, scopes, storage_scope=storage_scope)


def keyed_caller(key: ApiKey | None, project: Project | None, address: str, now: float) -> Caller:
    """Return the caller with a project's key; `key` and `project` are what was found for the secret.

    Raises AuthenticationError for an unknown key or one that is not valid, PermissionDeniedError when its project is
    archived.
    """
    if key is None or project is None:
        raise unknown_key()
    assert key.project_id == project.id
    _check_state(key, now)
    if project.is_archived:
        message = f"The project '{project.name}' is archived. An administrator can make a key in another one."
        raise PermissionDeniedError(message, code="project_archived")
    return Caller(address, key.scopes, project, key, storage_scope=project.id)


def admin_caller(key: AdminKey | None, address: str, now: float) -> Caller:
    """Return the caller with an admin key. Raises AuthenticationError as `keyed_caller` does."""
    if key is None:
        raise unknown_key()
    _check_state(key, now)
    return Caller(address, _NOTHING, admin_key=key)


def missing_key(reason: str) -> AuthenticationError:
    """Return the refusal of a request without a key."""
    return AuthenticationError(f"{reason} Send it in the header 'Authorization: Bearer KEY'.", code="missing_api_key")


def unknown_key(*, is_needed: bool = True) -> AuthenticationError:
    """Return the refusal of a key that nobody knows, to who needs one or could do without."""
    message = "Incorrect API key; ask this server's operator for one."
    if not is_needed:
        message = (
            "Incorrect API key. This server has keys by now, and refuses what is none of them. "
            "`ossian keys create NAME` makes one. On this machine all but the admin API needs none: "
            "leave the Authorization header out."
        )
    return AuthenticationError(message, code="invalid_api_key")


def _check_state(key: ApiKey | AdminKey, now: float) -> None:
    state = key.state(now)
    if state is not KeyState.ACTIVE:
        code, message = _INVALID[state]
        raise AuthenticationError(message, code=code)


def _listed(names: frozenset[Endpoint] | frozenset[str] | None) -> str:
    return ", ".join(f"'{name}'" for name in sorted(names or ())) or "nothing"
