"""A process that stores responses as fast as it can, to be killed at any moment.

Run as `python -m tests.storage.writing_process URL`. A line on its input, `RUN NUM`, forks a process that finishes NUM
responses (0: for ever), several at once, and prints the id of each after `finish` has returned; `RUN NUM accounts` is
for accounts instead. The line `wait` waits for one of them to end, and prints `ended RUN`. Forking makes fifty kills
quick: the imports are done once.
"""

import asyncio
import os
import sys
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import count, islice

from ossian.storage import Database, JsonObject, StoredResponse
from tests.storage import account_writing

NUM_AT_ONCE = 6
NUM_EVENTS = 20
TEXT = "All work and no play makes Jack a dull boy. " * 50  # so that a transaction has many pages to write


def conversation_of(run: str) -> str:
    return f"conv_{run}"


def response(run: str, number: int) -> StoredResponse:
    """Every third one runs in the background first."""
    name = f"{run}_{number}"
    output: list[JsonObject] = [{"id": f"out_{name}_{part}", "text": TEXT} for part in range(3)]
    return StoredResponse(
        id=f"resp_{name}",
        scope="a",
        status="completed",
        body={"id": f"resp_{name}", "number": number, "output": output},
        input_items=[{"id": f"in_{name}", "text": TEXT}],
        created_at=number,
        conversation_id=conversation_of(run),
        is_background=number % 3 == 2,
    )


def started(finished: StoredResponse) -> StoredResponse:
    """A background response before there is anything of it."""
    assert finished.is_background
    return replace(finished, status="in_progress", body={"id": finished.id, "output": []})


def all_items(finished: StoredResponse) -> list[JsonObject]:
    return [*finished.input_items, *finished.body["output"]]


async def store(database: Database, run: str, number: int) -> None:
    finished = response(run, number)
    if finished.is_background:
        await database.responses.start(started(finished), f"server {run}", 1.0)
        await database.responses.append_events(finished.id, 0, [{"number": index} for index in range(NUM_EVENTS)])
    assert await database.responses.finish(finished, conversation_items=all_items(finished))
    os.write(1, f"{finished.id}\n".encode())


Store = Callable[[Database, str, int], Awaitable[None]]


async def work(url: str, run: str, num: int, store: Store) -> None:
    database = await Database.open(url)
    numbers = iter(islice(count(), num or None))

    async def one_after_the_other() -> None:
        for number in numbers:
            await store(database, run, number)

    await asyncio.gather(*(one_after_the_other() for _ in range(NUM_AT_ONCE)))
    await database.close()


def be_a_process(url: str, run: str, num: int, store: Store) -> None:
    status = 1
    try:
        os.write(1, f"pid {os.getpid()}\n".encode())
        asyncio.run(work(url, run, num, store))
        status = 0
    except BaseException:
        os.write(1, f"failed: {traceback.format_exc()[-1000:]!r}\n".encode())
    os._exit(status)


def main(url: str) -> None:
    running: dict[int, str] = {}
    for line in sys.stdin:
        if line.strip() == "wait":
            pid, _ = os.wait()
            os.write(1, f"ended {running.pop(pid)}\n".encode())
            continue
        run, num, *kind = line.split()
        if pid := os.fork():
            running[pid] = run
        else:
            be_a_process(url, run, int(num), account_writing.store if kind else store)


if __name__ == "__main__":
    main(sys.argv[1])
