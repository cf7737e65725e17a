"""Every change that an administrator can make to accounts, over HTTP and on the command line alike.

Each is in the audit log, written with the change itself. What is given is as JSON has it: changes.py says which fields
there are, and refuses what is wrong with an InvalidRequestError that names the field.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, NoReturn

from ossian.accounts import changes
from ossian.accounts.audit import Actor, AuditType, details_of
from ossian.accounts.keys import AdminKey, ApiKey, KeyKind, digest, new_secret, prefix_of
from ossian.accounts.limits import Limits
from ossian.accounts.projects import Project
from ossian.accounts.stored import (
    admin_key_of,
    key_of,
    project_of,
    stored_admin_key,
    stored_key,
    stored_project,
)
from ossian.errors import InvalidRequestError, NotFoundError
from ossian.storage import (
    Database,
    NameTakenError,
    StoredAdminKey,
    StoredAuditEntry,
    StoredKey,
    StoredProject,
)

PEPPER: Final = "api-keys"  # the name of the database's secret that the digests of keys are made with
DEFAULT_PROJECT: Final = "default"

KeyEdit = Callable[[ApiKey], tuple[Mapping[str, Any], AuditType]]
ProjectEdit = Callable[[Project], tuple[Mapping[str, Any], StoredAuditEntry | None]]


class Administration:
    """Changes projects and keys in a database, whether or not a server uses it.

    `pepper` is the database's secret PEPPER, `now` is in seconds since 1970, `new_id` makes an id that begins as given.
    """

    def __init__(
        self, database: Database, pepper: bytes, now: Callable[[], float], new_id: Callable[[str], str]
    ) -> None:
        self._database = database
        self._pepper = pepper
        self._now = now
        self._new_id = new_id

    # --- Projects ---

    async def project(self, project_id: str) -> Project:
        """Return a project. Raises NotFoundError."""
        stored = await self._database.projects.get(project_id)
        return project_of(stored) if stored else _no_project(project_id)

    async def create_project(self, actor: Actor, name: str, **given: Any) -> Project:
        """Make a project; `given` may have `limits`, `model_limits` and `budget`.

        Raises InvalidRequestError, with the code `name_taken` when a project that is not archived has the name.
        """
        fields = changes.project_changes({"name": name, **given}, self._now())
        project = Project(id=self._new_id("proj_"), created_at=int(self._now()), **fields)
        entry = self._entry(actor, AuditType.PROJECT_CREATED, project.id, project.id, fields)
        if not await self._database.projects.create(stored_project(project), entry):
            raise _name_taken(project.name)
        return project

    async def default_project(self, actor: Actor) -> Project:
        """Return the project named "default"; make it when there is none."""
        while True:  # somebody else may make it between the question and the answer
            if stored := await self._database.projects.find_by_name(DEFAULT_PROJECT):
                return project_of(stored)
            with suppress(InvalidRequestError):
                return await self.create_project(actor, DEFAULT_PROJECT)

    async def update_project(self, actor: Actor, project_id: str, given: Mapping[str, Any]) -> Project:
        """Change fields of a project: `name`, `limits`, `model_limits`, `budget`; what is left out stays as it is.

        Raises NotFoundError, and InvalidRequestError when a field is wrong, the name taken or the project archived.
        """
        fields = changes.project_changes(given, self._now())
        return await self._edit_project(
            project_id,
            lambda _: (fields, self._entry(actor, AuditType.PROJECT_UPDATED, project_id, project_id, fields)),
        )

    async def change_limits(self, actor: Actor, project_id: str, given: Mapping[str, Any], profile: Limits) -> Project:
        """Change some of the limits of a project's models; `profile` are those it has when it has none of its own."""

        def edit(project: Project) -> tuple[Mapping[str, Any], StoredAuditEntry]:
            fields = {"limits": changes.merged_limits(project.limits or profile, given)}
            return fields, self._entry(actor, AuditType.PROJECT_UPDATED, project_id, project_id, fields)

        return await self._edit_project(project_id, edit)

    async def change_model_limits(
        self, actor: Actor, project_id: str, model_id: str, given: Mapping[str, Any] | None, profile: Limits
    ) -> Project:
        """Change some of the limits of one model in a project, which begins with those it has now.

        None takes them away: those of the project count again, else those of `profile`.
        """
        object_id = f"rl-{changes.model_id(model_id)}"

        def edit(project: Project) -> tuple[Mapping[str, Any], StoredAuditEntry]:
            rest = {name: each for name, each in project.model_limits.items() if name != model_id}
            if given is None:
                entry = self._entry(actor, AuditType.LIMITS_DELETED, project_id, object_id, {})
                return {"model_limits": rest}, entry
            limits = changes.merged_limits(project.limits_for(model_id, profile), given)
            entry = self._entry(actor, AuditType.LIMITS_UPDATED, project_id, object_id, limits.to_json())
            return {"model_limits": rest | {model_id: limits}}, entry

        return await self._edit_project(project_id, edit)

    async def archive_project(self, actor: Actor, project_id: str) -> Project:
        """Archive a project: its keys are refused from then on, its usage stays. Once more changes nothing.

        Raises NotFoundError.
        """
        archived_at = int(self._now())
        entry = self._entry(actor, AuditType.PROJECT_ARCHIVED, project_id, project_id, {})

        def change(stored: StoredProject) -> tuple[StoredProject, StoredAuditEntry | None]:
            if stored.archived_at is not None:
                return stored, None
            return replace(stored, archived_at=archived_at), entry

        changed = await self._database.projects.update(project_id, change)
        return project_of(changed) if changed else _no_project(project_id)

    # --- Keys of projects ---

    async def key(self, project_id: str, key_id: str) -> ApiKey:
        """Return a project's key, also a revoked one. Raises NotFoundError."""
        stored = await self._database.keys.get(project_id, key_id)
        return key_of(stored) if stored else _no_key(key_id)

    async def create_key(self, actor: Actor, project_id: str, name: str, **given: Any) -> tuple[ApiKey, str]:
        """Make a key and return it with its secret, which is nowhere to be had again.

        `given` may have `description`, `expires_at`, `is_enabled`, `scopes`, `limits` and `budget`. Raises
        NotFoundError when there is no such project, InvalidRequestError when it is archived or a field is wrong.
        """
        fields = changes.key_changes({"name": name, **given}, self._now())
        key_id, secret, kept = self._new_key(KeyKind.PROJECT)
        key = ApiKey(id=key_id, project_id=project_id, **kept, **fields)
        shown = {"prefix": key.prefix, **fields}
        entry = self._entry(actor, AuditType.KEY_CREATED, project_id, key.id, shown)
        if not await self._database.keys.create(stored_key(key), entry):
            raise _archived(await self.project(project_id))
        return key, secret

    async def update_key(self, actor: Actor, project_id: str, key_id: str, given: Mapping[str, Any]) -> ApiKey:
        """Change fields of a key, those of `create_key`; what is left out stays as it is.

        Raises NotFoundError, and InvalidRequestError when a field is wrong or the key revoked.
        """
        fields = changes.key_changes(given, self._now())
        return await self._edit_key(actor, project_id, key_id, lambda _: (fields, AuditType.KEY_UPDATED))

    async def change_key_limits(
        self, actor: Actor, project_id: str, key_id: str, given: Mapping[str, Any], profile: Limits
    ) -> ApiKey:
        """Change some of the limits of a key; `profile` are those it has when it has none of its own."""

        def edit(key: ApiKey) -> tuple[Mapping[str, Any], AuditType]:
            return {"limits": changes.merged_limits(key.limits or profile, given)}, AuditType.KEY_UPDATED

        return await self._edit_key(actor, project_id, key_id, edit)

    async def revoke_key(self, actor: Actor, project_id: str, key_id: str) -> ApiKey:
        """Revoke a key, for good. Once more changes nothing. Raises NotFoundError."""
        revoked_at = int(self._now())
        entry = self._entry(actor, AuditType.KEY_DELETED, project_id, key_id, {})

        def change(stored: StoredKey) -> tuple[StoredKey, StoredAuditEntry | None]:
            return (replace(stored, revoked_at=revoked_at), entry) if stored.revoked_at is None else (stored, None)

        changed = await self._database.keys.update(project_id, key_id, change)
        return key_of(changed) if changed else _no_key(key_id)

    # --- Admin keys ---

    async def admin_key(self, key_id: str) -> AdminKey:
        """Return an admin key, also a revoked one. Raises NotFoundError."""
        stored = await self._database.keys.get_admin(key_id)
        return admin_key_of(stored) if stored else _no_key(key_id)

    async def create_admin_key(self, actor: Actor, name: str, **given: Any) -> tuple[AdminKey, str]:
        """Make an admin key and return it with its secret; `given` may have `expires_at` and `is_enabled`."""
        fields = changes.admin_key_changes({"name": name, **given}, self._now())
        key_id, secret, kept = self._new_key(KeyKind.ADMIN)
        key = AdminKey(id=key_id, **kept, **fields)
        shown = {"prefix": key.prefix, **fields}
        entry = self._entry(actor, AuditType.ADMIN_KEY_CREATED, None, key.id, shown)
        await self._database.keys.create_admin(stored_admin_key(key), entry)
        return key, secret

    async def update_admin_key(self, actor: Actor, key_id: str, given: Mapping[str, Any]) -> AdminKey:
        """Change fields of an admin key. Raises NotFoundError and InvalidRequestError as `update_key` does."""
        fields = changes.admin_key_changes(given, self._now())
        entry = self._entry(actor, AuditType.ADMIN_KEY_UPDATED, None, key_id, fields)

        def change(stored: StoredAdminKey) -> tuple[StoredAdminKey, StoredAuditEntry]:
            _check_not_revoked(stored.name, stored.revoked_at)
            return stored_admin_key(replace(admin_key_of(stored), **fields)), entry

        changed = await self._database.keys.update_admin(key_id, change)
        return admin_key_of(changed) if changed else _no_key(key_id)

    async def revoke_admin_key(self, actor: Actor, key_id: str) -> AdminKey:
        """Revoke an admin key, for good. Once more changes nothing. Raises NotFoundError."""
        revoked_at = int(self._now())
        entry = self._entry(actor, AuditType.ADMIN_KEY_DELETED, None, key_id, {})

        def change(stored: StoredAdminKey) -> tuple[StoredAdminKey, StoredAuditEntry | None]:
            return (replace(stored, revoked_at=revoked_at), entry) if stored.revoked_at is None else (stored, None)

        changed = await self._database.keys.update_admin(key_id, change)
        return admin_key_of(changed) if changed else _no_key(key_id)

    # --- What they share ---

    async def _edit_project(self, project_id: str, edit: ProjectEdit) -> Project:
        def change(stored: StoredProject) -> tuple[StoredProject, StoredAuditEntry | None]:
            project = project_of(stored)
            if project.is_archived:
                raise _archived(project)
            fields, entry = edit(project)
            return stored_project(replace(project, **fields)), entry

        try:
            changed = await self._database.projects.update(project_id, change)
        except NameTakenError as error:
            raise _name_taken() from error
        return project_of(changed) if changed else _no_project(project_id)

    async def _edit_key(self, actor: Actor, project_id: str, key_id: str, edit: KeyEdit) -> ApiKey:
        def change(stored: StoredKey) -> tuple[StoredKey, StoredAuditEntry]:
            _check_not_revoked(stored.name, stored.revoked_at)
            key = key_of(stored)
            fields, audit_type = edit(key)
            entry = self._entry(actor, audit_type, project_id, key_id, fields)
            return stored_key(replace(key, **fields)), entry

        changed = await self._database.keys.update(project_id, key_id, change)
        return key_of(changed) if changed else _no_key(key_id)

    def _new_key(self, kind: KeyKind) -> tuple[str, str, dict[str, Any]]:
        """Return a new id and secret, and what is kept of the secret."""
        secret = new_secret(kind)
        kept = {"prefix": prefix_of(secret), "digest": digest(secret, self._pepper), "created_at": int(self._now())}
        return self._new_id("key_"), secret, kept

    def _entry(
        self, actor: Actor, audit_type: AuditType, project_id: str | None, object_id: str, fields: Mapping[str, Any]
    ) -> StoredAuditEntry:
        return StoredAuditEntry(
            id=self._new_id("audit_log_"),
            created_at=self._now(),
            type=audit_type,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_address=actor.address,
            project_id=project_id,
            object_id=object_id,
            details=details_of(fields),
        )


def _archived(project: Project) -> InvalidRequestError:
    message = f"The project '{project.name}' is archived: nothing in it can be made or changed."
    return InvalidRequestError(message, param="project_id", code="project_archived")


def _check_not_revoked(name: str, revoked_at: int | None) -> None:
    if revoked_at is not None:
        message = f"The key '{name}' was revoked, for good. Make another one."
        raise InvalidRequestError(message, param="key_id", code="key_revoked")


def _name_taken(name: str | None = None) -> InvalidRequestError:
    which = "that name" if name is None else f"the name '{name}'"
    message = f"There is a project of {which} already. Choose another name, or archive that project."
    return InvalidRequestError(message, param="name", code="name_taken")


def _no_project(project_id: str) -> NoReturn:
    raise NotFoundError(f"There is no project '{project_id[:80]}'.", param="project_id", code="project_not_found")


def _no_key(key_id: str) -> NoReturn:
    raise NotFoundError(f"There is no API key '{key_id[:80]}'.", param="key_id", code="key_not_found")
