"""Nobody reads, changes, lists or deletes what is another's, whatever they ask for."""

import inspect
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ossian.storage import (
    ConversationStore,
    Database,
    JsonObject,
    PromptStore,
    ResponseStore,
    StoredConversation,
    StoredResponse,
)
from ossian.storage.batches import BatchStore
from ossian.storage.file_records import StoredBatch, StoredFile
from ossian.storage.files import FileStore
from tests.storage.samples import item

SERVERS_OWN = {"append_events", "cancel_requested", "expired", "purge", "renew_leases"}  # they act for no caller
SERVERS_OWN |= {"append", "discard", "chunks"}  # of files, after a look at whose they are
SERVERS_OWN |= {"add_result", "change", "claim", "done_lines", "finish", "release", "renew", "results", "statuses"}
SCOPED_RECORDS = (StoredResponse, StoredConversation, StoredFile, StoredBatch)


@pytest.mark.parametrize("store", [ResponseStore, ConversationStore, PromptStore, FileStore, BatchStore])
def test_every_method_for_callers_takes_their_scope_first(store: type) -> None:
    for name, method in inspect.getmembers(store, inspect.isfunction):
        if not name.startswith("_") and name not in SERVERS_OWN:
            first = list(inspect.signature(method, eval_str=True).parameters.values())[1]
            assert first.name == "scope" or first.annotation in SCOPED_RECORDS, name


SCOPES = ["", "a"]
NUMBERS = range(2)
scopes = st.sampled_from(SCOPES)
numbers = st.sampled_from(NUMBERS)


@dataclass
class World:
    """What each caller should see: kept in dictionaries by scope and id."""

    responses: dict[tuple[str, str], list[JsonObject]] = field(default_factory=dict)
    conversations: dict[tuple[str, str], list[JsonObject]] = field(default_factory=dict)
    prompts: dict[tuple[str, str], list[JsonObject]] = field(default_factory=dict)


def is_free(things: dict[tuple[str, str], Any], name: str) -> bool:
    return all(taken != name for _, taken in things)


async def create(database: Database, world: World, scope: str, number: int, text: str) -> None:
    """Everything of one number: its id is the same for all callers, and the first who takes it has it."""
    said = item(f"msg_{number}", text)
    response = StoredResponse(f"resp_{number}", scope, "completed", {"output": []}, [said], 1)
    expected = is_free(world.responses, response.id)
    assert await database.responses.finish(response) == expected
    if expected:
        world.responses[scope, response.id] = [said]

    conversation = StoredConversation(f"conv_{number}", scope, 1, {"by": scope})
    expected = is_free(world.conversations, conversation.id)
    assert await database.conversations.create(conversation, [said]) == expected
    if expected:
        world.conversations[scope, conversation.id] = [said]

    expected = is_free(world.prompts, f"pmpt_{number}")
    created = await database.prompts.create(scope, f"pmpt_{number}", said, 1)
    assert (created is not None) == expected
    if expected:
        world.prompts[scope, f"pmpt_{number}"] = [said]


async def change(database: Database, world: World, scope: str, number: int, text: str) -> None:
    said = item(f"msg_{text}", text)
    owned = (scope, f"conv_{number}") in world.conversations
    assert await database.conversations.append(scope, f"conv_{number}", [said]) == owned
    if owned:
        items = world.conversations[scope, f"conv_{number}"]
        items[:] = [said if body["id"] == said["id"] else body for body in items]
        if said not in items:
            items.append(said)
    updated = await database.conversations.update(scope, f"conv_{number}", {"by": scope})
    assert (updated is not None) == owned

    owned = (scope, f"pmpt_{number}") in world.prompts
    added = await database.prompts.add_version(scope, f"pmpt_{number}", said, 1)
    assert (added is not None) == owned
    if owned:
        world.prompts[scope, f"pmpt_{number}"].append(said)
    assert not await database.responses.request_cancel(scope, f"resp_{number}"), "it does not run"


async def smuggle(database: Database, world: World, scope: str, number: int, text: str) -> None:
    """Finish a response that continues, and appends to, what may be another's."""
    said = item(f"msg_{text}", text)
    name = f"resp_{text}_{number}"
    response = StoredResponse(name, scope, "completed", {"output": []}, [said], 1, f"resp_{number}", f"conv_{number}")
    if not is_free(world.responses, name):
        return
    assert await database.responses.finish(response, conversation_items=[said])
    context = await database.responses.context(scope, name)
    owned = world.responses.get((scope, f"resp_{number}"))
    assert context == (None if owned is None else [*owned, said])
    assert await database.responses.delete(scope, name)
    items = world.conversations.get((scope, f"conv_{number}"))
    if items is not None:
        items[:] = [said if body["id"] == said["id"] else body for body in items]
        if said not in items:
            items.append(said)


async def delete(database: Database, world: World, scope: str, number: int, text: str) -> None:
    key = (scope, f"resp_{number}")
    assert await database.responses.delete(*key) == (world.responses.pop(key, None) is not None)
    key = (scope, f"pmpt_{number}")
    assert await database.prompts.delete(*key) == (world.prompts.pop(key, None) is not None)
    key = (scope, f"conv_{number}")
    items = world.conversations.get(key, [])
    owned = any(body["id"] == f"msg_{text}" for body in items)
    assert await database.conversations.delete_item(*key, f"msg_{text}") == owned
    items[:] = [body for body in items if body["id"] != f"msg_{text}"]
    if text == "x":
        assert await database.conversations.delete(*key) == (world.conversations.pop(key, None) is not None)


async def check(database: Database, world: World, scope: str) -> None:
    """Everything that a caller can read is what the caller should see, and nothing else."""
    seen: dict[str, list[JsonObject]] = {}
    for number in NUMBERS:
        owned = world.responses.get((scope, f"resp_{number}"))
        response = await database.responses.get(scope, f"resp_{number}")
        assert (None if response is None else response.input_items) == owned
        assert await database.responses.context(scope, f"resp_{number}") == owned
        assert await database.responses.events(scope, f"resp_{number}") == []
        await check_conversation(database, world, scope, f"conv_{number}")
        versions = world.prompts.get((scope, f"pmpt_{number}"), [])
        for version, body in enumerate([*versions, None], start=1):
            prompt = await database.prompts.get(scope, f"pmpt_{number}", version)
            assert (prompt and prompt.body) == body
    for (owner, _), bodies in [*world.responses.items(), *world.conversations.items()]:
        for body in bodies if owner == scope else []:
            seen.setdefault(body["id"], []).append(body)
    found = await database.responses.find_items(scope, [f"msg_{name}" for name in [*NUMBERS, "x", "y"]])
    assert set(found) == set(seen)
    assert all(body in seen[item_id] for item_id, body in found.items())
    page = await database.prompts.page(scope, order="asc")
    assert page is not None
    expected = sorted((name, len(versions)) for (owner, name), versions in world.prompts.items() if owner == scope)
    assert [(prompt.id, prompt.version) for prompt in page.items] == expected


async def check_conversation(database: Database, world: World, scope: str, name: str) -> None:
    items = world.conversations.get((scope, name))
    conversation = await database.conversations.get(scope, name)
    assert conversation == (None if items is None else StoredConversation(name, scope, 1, {"by": scope}))
    assert await database.conversations.items(scope, name) == (items or [])
    page = await database.conversations.page(scope, name, order="asc")
    assert (page and page.items) == items
    for number in NUMBERS:
        expected = next((body for body in items or [] if body["id"] == f"msg_{number}"), None)
        assert await database.conversations.item(scope, name, f"msg_{number}") == expected


steps = st.tuples(st.sampled_from([create, change, smuggle, delete]), scopes, numbers, st.sampled_from("xy"))


async def clear(database: Database) -> None:
    for scope in SCOPES:
        for number in NUMBERS:
            await database.responses.delete(scope, f"resp_{number}")
            await database.conversations.delete(scope, f"conv_{number}")
            await database.prompts.delete(scope, f"pmpt_{number}")


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, min_size=4, max_size=12))
async def test_each_caller_sees_a_world_of_their_own(database: Database, plan: list[Any]) -> None:
    await clear(database)
    world = World()
    for scope in SCOPES:
        await create(database, world, scope, SCOPES.index(scope), "x")
    for step, scope, number, text in plan:
        await step(database, world, scope, number, text)
    for scope in SCOPES:
        await check(database, world, scope)
