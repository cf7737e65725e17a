"""kill -9 at any moment: what was said to be stored is there, and nothing is there by half."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ossian.storage import Database, StoredConversation
from tests.repository import ROOT
from tests.storage import account_writing
from tests.storage.samples import ids
from tests.storage.writing_process import NUM_AT_ONCE, NUM_EVENTS, all_items, conversation_of, response, started

pytestmark = pytest.mark.slow

MAX_NUM_READ = 12  # responses that a process may say it stored before it is killed


class Writers:
    """The process that forks writers, and what they say."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def hear(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().rstrip("\n")
        assert line, "the process that forks the writers has ended"
        assert not line.startswith("failed"), line
        return line


@contextmanager
def writers(url: str) -> Iterator[Writers]:
    command = [sys.executable, "-m", "tests.storage.writing_process", url]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Writers(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def killed_in_the_act(writers: Writers, run: str, chance: random.Random, kind: str = "") -> list[str]:
    """Start a writer, kill it, and return the ids of what it said it had stored."""
    writers.say(f"{run} 0 {kind}")
    pid = int(writers.hear().removeprefix("pid "))
    said = [writers.hear() for _ in range(chance.randint(1, MAX_NUM_READ))]
    time.sleep(chance.uniform(0, 0.02))  # or each would die just after it has said something, at its most harmless
    os.kill(pid, signal.SIGKILL)
    writers.say("wait")
    while (line := writers.hear()) != f"ended {run}":
        said.append(line)
    return said


async def check(database: Database, run: str, said: list[str]) -> None:
    """What was said is there; what is there is whole, in the response and in the conversation alike."""
    in_conversation = ids(await database.conversations.items("a", conversation_of(run)))
    finished = [response(run, int(name.split("_")[-1])) for name in in_conversation if name.startswith("in_")]
    assert in_conversation == [name for each in finished for name in ids(all_items(each))]
    assert {each.id for each in finished} >= set(said)
    last = max(int(name.split("_")[-1]) for name in said)
    for number in range(last + 1 + NUM_AT_ONCE):
        expected = response(run, number)
        found = await database.responses.get("a", expected.id)
        if expected in finished:
            assert found == expected
        else:  # a background response may have been started, and no more
            assert found is None or found == started(expected)
        assert len(await database.responses.events("a", expected.id)) in (0, NUM_EVENTS)


async def restart(url: str, run: str, said: list[str], next_run: str) -> None:
    """Look at what a killed process left behind, and make the next one's conversation."""
    database = await Database.open(url)
    try:
        if said:
            await check(database, run, said)
        await database.conversations.create(StoredConversation(conversation_of(next_run), "a", 1))
    finally:
        await database.close()


@pytest.mark.parametrize("num_kills", [10, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
def test_what_was_finished_survives_a_kill_and_nothing_is_there_by_half(database_url: str, num_kills: int) -> None:
    chance = random.Random(num_kills)
    said: list[str] = []
    with writers(database_url) as forked:
        for kill in range(num_kills):
            asyncio.run(restart(database_url, f"run{kill - 1}", said, f"run{kill}"))
            said = killed_in_the_act(forked, f"run{kill}", chance)
        asyncio.run(restart(database_url, f"run{num_kills - 1}", said, "none"))


@pytest.mark.parametrize("num_kills", [4, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
def test_accounts_survive_a_kill_with_their_audit_log_and_their_spending(database_url: str, num_kills: int) -> None:
    chance = random.Random(num_kills)
    said: list[str] = []
    with writers(database_url) as forked:
        for kill in range(num_kills):
            said += killed_in_the_act(forked, f"run{kill}", chance, "accounts")
            asyncio.run(check_accounts(database_url, said))


async def check_accounts(url: str, said: list[str]) -> None:
    database = await Database.open(url)
    try:
        await account_writing.check(database, said)
    finally:
        await database.close()


def test_processes_that_start_and_write_at_once_wait_for_each_other(bare_database_url: str) -> None:
    """The tables are made by one of them."""
    runs, num_responses = ["one", "two", "three", "four"], 15
    with writers(bare_database_url) as forked:
        for run in runs:
            forked.say(f"{run} {num_responses}")
        for _ in runs:
            forked.say("wait")
        said: list[str] = []
        while sum(line.startswith("ended") for line in said) < len(runs):
            said.append(forked.hear())
    expected = {response(run, number).id for run in runs for number in range(num_responses)}
    assert expected <= set(said)
