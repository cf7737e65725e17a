"""Accounts that a process writes until it is killed, and what must be true of them then."""

import os
from collections import Counter
from dataclasses import replace
from decimal import Decimal

from ossian.storage import AuditFilter, Database, StoredAuditEntry, StoredKey, StoredProject, StoredUsage
from tests.storage.samples import entry

NUM_RECORDS = 8  # of usage, written together
COST = Decimal("0.000000123457")
PAGE = 10_000


async def store(database: Database, run: str, number: int) -> None:
    """Make a project and its key, use it, and revoke the key; say so after each."""
    name = f"{run}_{number}"
    project = StoredProject(f"proj_{name}", name, number)
    assert await database.projects.create(project, made("project.created", project.id))
    say(project.id)
    key = StoredKey(f"key_{name}", project.id, name, "sk", name, number)
    assert await database.keys.create(key, made("api_key.created", key.id))
    say(key.id)
    await database.usage.append([record(name, part) for part in range(NUM_RECORDS)])
    say(f"usage_{name}")

    def revoked(key: StoredKey) -> tuple[StoredKey, StoredAuditEntry]:
        return replace(key, revoked_at=number), made("api_key.deleted", key.id)

    await database.keys.update(project.id, key.id, revoked)
    say(f"revoked_{name}")


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def made(audit_type: str, object_id: str) -> StoredAuditEntry:
    return entry(f"{audit_type}_{object_id}", type=audit_type, object_id=object_id)


def record(name: str, part: int) -> StoredUsage:
    return StoredUsage(
        id=f"usage_{name}_{part}",
        request_id=f"req_{part}",
        endpoint="responses",
        model_asked="m",
        model="m",
        started_at=1000.0,
        duration=1.0,
        status=200,
        outcome="succeeded",
        project_id=f"proj_{name}",
        key_id=f"key_{name}",
        cost=COST,
    )


async def check(database: Database, said: list[str]) -> None:
    """What was said is there, each thing has its audit entry and no entry is without its thing, and sums agree."""
    projects = await database.projects.page(limit=PAGE)
    log = await database.audit.page(AuditFilter(), limit=PAGE)
    usage = await database.usage.page(0, 2000, limit=PAGE)
    assert projects is not None
    assert log is not None
    assert usage is not None
    expected, stored = Counter[str](), set[str]()
    num_records = Counter(each.key_id for each in usage.items)
    for project in projects.items:
        name = project.name
        expected[f"project.created_{project.id}"] += 1
        stored.add(project.id)
        key = await database.keys.get(project.id, f"key_{name}")
        if key is not None:
            expected[f"api_key.created_{key.id}"] += 1
            stored.add(key.id)
            if key.revoked_at is not None:
                expected[f"api_key.deleted_{key.id}"] += 1
                stored.add(f"revoked_{name}")
        assert num_records[f"key_{name}"] in (0, NUM_RECORDS)
        if num_records[f"key_{name}"]:
            stored.add(f"usage_{name}")
        spent = num_records[f"key_{name}"] * COST
        assert await database.usage.spent("project", project.id) == spent
        assert await database.usage.spent("key", f"key_{name}") == spent
    assert Counter(each.id for each in log.items) == expected
    assert stored >= set(said)
