"""The throw-away Redis of `make services`, of which each process that runs tests has a database of its own."""

import os
from functools import cache
from urllib.parse import urlsplit

from redis import Redis

SERVER = os.environ.get("TEST_REDIS_URL", "")  # without one, tests marked `redis` do not run


@cache
def redis_url() -> str:
    """The URL of this process's database. They are numbered, and dealt out in turn; number 0 has whose turn it is."""
    with Redis.from_url(SERVER) as redis:
        num_databases = int(redis.config_get("databases")["databases"])
        turn = int(redis.incr("tests"))
    return urlsplit(SERVER)._replace(path=f"/{1 + turn % (num_databases - 1)}").geturl()


def drop_counters() -> None:
    """Empty the database, if it was used."""
    if redis_url.cache_info().currsize:
        with Redis.from_url(redis_url()) as redis:
            redis.flushdb()
