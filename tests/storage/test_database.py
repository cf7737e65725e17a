"""Opening, closing and secrets."""

import asyncio
import socket
import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url, text

from ossian.errors import ConfigurationError
from ossian.storage import Database, StoredConversation
from tests.databases import postgresql_url, sqlite_url
from tests.storage.samples import item, stored


async def test_a_secret_is_made_once(database: Database, database_url: str) -> None:
    made = await asyncio.gather(*(database.secret("reasoning") for _ in range(5)))
    assert len(set(made)) == 1
    assert len(made[0]) == 32
    assert await database.secret("other") != made[0]
    again = await Database.open(database_url)
    assert await again.secret("reasoning") == made[0]
    await again.close()


async def test_closing_waits_for_what_is_being_written(database_url: str) -> None:
    database = await Database.open(database_url)
    writes = [asyncio.create_task(database.responses.finish(stored(f"resp_{number}"))) for number in range(10)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*writes) == [True] * 10
    again = await Database.open(database_url)
    assert await again.responses.get("a", "resp_9") == stored("resp_9")
    await again.close()


async def test_the_file_is_its_owners_alone_and_survives_readers(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    database = await Database.open(sqlite_url(folder))
    await database.responses.finish(stored())
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == dict.fromkeys(["ossian.sqlite3", "ossian.sqlite3-shm", "ossian.sqlite3-wal"], 384)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    await database.close()
    assert [path.name for path in folder.iterdir()] == ["ossian.sqlite3"], "closing leaves one file, fit to be copied"


async def test_commits_go_to_the_disk(database: Database) -> None:
    def durability(sql: Connection) -> str:
        is_sqlite = sql.dialect.name == "sqlite"
        return str(sql.scalar(text("PRAGMA synchronous" if is_sqlite else "SHOW synchronous_commit")))

    assert await database._transactions.write(durability) in ("2", "on")


@pytest.mark.postgres
async def test_a_server_that_does_not_wait_for_its_disk_is_told_to() -> None:
    url = f"{postgresql_url()}?options=-csynchronous_commit%3Doff"
    database = await Database.open(url)
    for run in (database._transactions.read, database._transactions.write):
        assert await run(lambda sql: sql.scalar(text("SHOW synchronous_commit"))) == "on"
    await database.close()


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ossian.sqlite3").write_text("Dear diary, this is not a database. " * 100)
    with pytest.raises(ConfigurationError, match=r"ossian\.sqlite3 cannot be used: file is not a database\. Choose"):
        await Database.open(sqlite_url(tmp_path))


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"cannot be used: (Not a directory|File exists)\. Choose.*DATA_DIR"):
        await Database.open(sqlite_url(tmp_path / "file"))
    with pytest.raises(ConfigurationError, match=r"cannot be used: Is a directory\. Choose"):
        await Database.open(f"sqlite:///{tmp_path}")


async def test_a_file_system_without_shared_memory_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ossian.storage.sqlite_file._write_ahead", lambda path: "delete")
    with pytest.raises(ConfigurationError, match="its file system has no shared memory"):
        await Database.open(sqlite_url(tmp_path))


async def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"postgresql://ossian:hunter2@127.0.0.1:{taken.getsockname()[1]}/ossian"
        with pytest.raises(ConfigurationError, match="ossian cannot be used: connection failed") as caught:
            await Database.open(url)
    assert "hunter2" not in str(caught.value)
    assert "postgresql://ossian:***@127.0.0.1" in str(caught.value)


@pytest.mark.postgres
async def test_a_wrong_password_is_told_and_not_shown() -> None:
    url = make_url(postgresql_url()).set(password="hunter2").render_as_string(hide_password=False)
    with pytest.raises(ConfigurationError, match="password authentication failed") as caught:
        await Database.open(url)
    assert "hunter2" not in str(caught.value)


async def test_a_database_that_another_program_reads_can_be_written(tmp_path: Path) -> None:
    database = await Database.open(sqlite_url(tmp_path))
    await database.responses.finish(stored("resp_1"))
    reader = sqlite3.connect(tmp_path / "ossian.sqlite3", isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM responses").fetchone() == (1,)
    assert await database.responses.finish(stored("resp_2"))
    assert reader.execute("SELECT count(*) FROM responses").fetchone() == (1,), "it still sees its own moment"
    reader.close()
    await database.close()


async def test_what_is_erased_is_in_no_file_after_the_next_purge(tmp_path: Path) -> None:
    database = await Database.open(sqlite_url(tmp_path))
    secret = item("secret", "heliotrope " * 2000)
    await database.responses.finish(stored("resp_1", input_items=[secret]))
    await database.responses.finish(stored("resp_2", input_items=[secret], expires_at=10.0))
    await database.conversations.create(StoredConversation("conv_1", "a", 1), [secret])
    await database.responses.purge(0.0)
    assert b"heliotrope" in (tmp_path / "ossian.sqlite3").read_bytes()
    await database.responses.delete("a", "resp_1")
    await database.conversations.delete("a", "conv_1")
    assert await database.responses.purge(11.0) == 1
    assert [path.name for path in tmp_path.iterdir() if b"heliotrope" in path.read_bytes()] == []
    await database.close()
