"""Files: whole or not there, in chunks, until they expire."""

import pytest
from sqlalchemy import text

from ossian.storage import Database
from ossian.storage.file_rows import MAX_NUM_ERASED, FileInUseError
from ossian.storage.files import UNFINISHED_SECONDS
from tests.storage.file_samples import NOW, file, moving, store, store_batch


async def content(database: Database, file_id: str = "file-1") -> list[bytes]:
    return [chunk async for chunk in database.files.chunks(file_id)]


async def num_rows(database: Database, table: str) -> int:
    counted = text(f"SELECT count(*) FROM {table}")
    return await database._transactions.read(lambda sql: int(sql.scalar(counted) or 0))


async def test_a_file_comes_back_as_it_was_stored(database: Database) -> None:
    stored = await store(database, file(filename="\x00\ud800 lines.jsonl"), b"\x00\xff", b"rest")
    assert await database.files.get("a", "file-1", NOW) == stored
    assert await content(database) == [b"\x00\xff", b"rest"]


async def test_nobody_sees_a_file_before_it_is_whole(database: Database) -> None:
    await database.files.begin(file())
    await database.files.append("file-1", 0, b"half")
    assert await database.files.get("a", "file-1", NOW) is None
    page = await database.files.page("a", NOW)
    assert page is not None
    assert page.items == []


async def test_what_is_reserved_for_a_file_counts_until_it_is_discarded(database: Database) -> None:
    await database.files.begin(file(num_bytes=7))
    await store(database, file("file-2", num_bytes=5))
    assert await database.files.num_bytes("a") == 12
    await database.files.discard("file-1")
    assert await database.files.num_bytes("a") == 5


async def test_completing_says_what_the_file_turned_out_to_be(database: Database) -> None:
    await database.files.begin(file(num_bytes=0, filename="", purpose=""))
    whole = file(num_bytes=9, filename="a.txt", purpose="user_data", expires_at=NOW + 3600)
    await database.files.complete(whole)
    assert await database.files.get("a", "file-1", NOW) == whole


async def test_an_expired_file_is_not_there_any_more(database: Database) -> None:
    await store(database, file(expires_at=NOW + 10))
    assert await database.files.get("a", "file-1", NOW + 9.9) is not None
    assert await database.files.get("a", "file-1", NOW + 10) is None
    page = await database.files.page("a", NOW + 10)
    assert page is not None
    assert page.items == []
    assert not await database.files.delete("a", "file-1", NOW + 10)


async def test_files_are_listed_in_pages(database: Database) -> None:
    for number in range(5):
        purpose = "batch" if number % 2 else "user_data"
        await store(database, file(f"file-{number}", created_at=NOW + number // 2, purpose=purpose))
    await store(database, file("file-x", "b"))

    async def ids(**query: str | int) -> tuple[list[str], bool]:
        page = await database.files.page("a", NOW, **query)  # type: ignore[arg-type]
        assert page is not None
        return [found.id[-1] for found in page.items], page.has_more

    assert await ids() == (["4", "3", "2", "1", "0"], False)
    assert await ids(limit=2) == (["4", "3"], True)
    assert await ids(after="file-3", limit=2) == (["2", "1"], True)
    assert await ids(after="file-1", order="asc") == (["2", "3", "4"], False)
    assert await ids(purpose="batch") == (["3", "1"], False)
    for missing in ("file-9", "file-x"):
        assert await database.files.page("a", NOW, after=missing) is None


async def test_a_deleted_file_is_erased(database: Database) -> None:
    await store(database, file(), *[b"chunk"] * (2 * MAX_NUM_ERASED + 1))
    assert not await database.files.delete("b", "file-1", NOW)
    assert await database.files.delete("a", "file-1", NOW)
    assert not await database.files.delete("a", "file-1", NOW)
    assert await num_rows(database, "file_chunks") == 0
    await database.files.purge(NOW)
    assert await num_rows(database, "files") == 0


async def test_who_deletes_as_he_lists_finds_the_next_ones(database: Database) -> None:
    for number in range(5):
        await store(database, file(f"file-{number}", created_at=NOW + number), b"x")
    found, after = list[str](), None
    while (page := await database.files.page("a", NOW, after=after, limit=2)) and page.items:
        for each in page.items:
            assert await database.files.delete("a", each.id, NOW)
            found.append(each.id)
        after = found[-1]
    assert found == [f"file-{number}" for number in reversed(range(5))]


async def test_a_file_stays_while_a_batch_needs_it(database: Database) -> None:
    await store_batch(database)
    with pytest.raises(FileInUseError) as caught:
        await database.files.delete("a", "file-1", NOW)
    assert caught.value.batch_id == "batch_1"
    await database.batches.claim("me", NOW, NOW + 10)
    await database.batches.finish("me", "batch_1", ["validating"], moving("failed"))
    assert await database.files.delete("a", "file-1", NOW)


async def test_purging_erases_what_has_expired_and_what_broke_off(database: Database) -> None:
    await store(database, file("file-old", expires_at=NOW + 10), b"old")
    await store(database, file("file-new", expires_at=NOW + 10**6), b"new")
    await store(database, file("file-for-ever"), b"stays")
    await database.files.begin(file("file-half"))
    await database.files.append("file-half", 0, b"half")
    await database.files.begin(file("file-coming", created_at=NOW + 100))
    assert await database.files.purge(NOW + 9) == 0
    assert await database.files.purge(NOW + UNFINISHED_SECONDS) == 2
    assert await num_rows(database, "files") == 3
    assert await num_rows(database, "file_chunks") == 2


async def test_purging_spares_what_a_batch_still_reads(database: Database) -> None:
    await store(database, file(expires_at=NOW + 10), b"lines")
    await store_batch(database)
    assert await database.files.purge(NOW + 20) == 0
    assert await content(database) == [b"lines"]
    await database.batches.claim("me", NOW, NOW + 10)
    await database.batches.finish("me", "batch_1", ["validating"], moving("failed"))
    assert await database.files.purge(NOW + 20) == 1


async def test_the_files_of_a_scope_are_added_up(database: Database) -> None:
    assert await database.files.num_bytes("a") == 0
    await store(database, file("file-1", num_bytes=10))
    await store(database, file("file-2", num_bytes=2**40))
    await store(database, file("file-3", "b", num_bytes=5))
    assert await database.files.num_bytes("a") == 2**40 + 10


async def test_a_discarded_file_leaves_nothing(database: Database) -> None:
    await database.files.begin(file())
    await database.files.append("file-1", 0, b"half")
    await database.files.discard("file-1")
    assert await num_rows(database, "file_chunks") == await num_rows(database, "files") == 0


async def test_a_file_that_was_completed_meanwhile_is_not_discarded(database: Database) -> None:
    """As when the answer to its completion was lost."""
    await store(database, file("file-1"), b"whole")
    chunks = await num_rows(database, "file_chunks")
    await database.files.discard("file-1")
    assert await num_rows(database, "file_chunks") == chunks > 0
    assert await num_rows(database, "files") == 1
