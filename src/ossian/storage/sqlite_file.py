"""The file of an SQLite database, made ready before anybody connects."""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from ossian.storage.urls import unusable

MAX_NUM_TRIES = 600
PAUSE_SECONDS = 0.05


def prepare_file(path: Path) -> None:
    """Make the file when it is missing, for its owner's eyes only, and let readers work beside the writer (WAL).

    Raises ConfigurationError when it cannot be used.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite's other files get its mode
        mode = _write_ahead(path)
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise unusable(path, reason or str(error)) from error
    if mode != "wal":
        raise unusable(path, "its file system has no shared memory, as network folders have none")


def _write_ahead(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        for _ in range(MAX_NUM_TRIES):
            try:
                return str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
            time.sleep(PAUSE_SECONDS)  # another process is doing the same, and SQLite does not wait for that
        return str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])
