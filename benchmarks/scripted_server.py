"""Our server with a scripted engine, which costs next to nothing: what is left is the server's own work.

    python -m benchmarks.scripted_server FOLDER plain|guarded [REDIS_URL]

`guarded` wants a key, counts limits that are never reached, and knows prices. Prints one line: its port, and the key
if it wants one.
"""

import asyncio
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any, Final

from ossian.accounts.administration import PEPPER, Administration
from ossian.accounts.audit import Actor, ActorKind
from ossian.catalog.catalog import Catalog, Model
from ossian.cli.logs import configure_logs
from ossian.engine.scripted import ScriptedEngine
from ossian.generation import Generation
from ossian.harmony.encoding import load_encoding
from ossian.harmony.vocabulary import special_tokens
from ossian.server import run
from ossian.server.app import create_app
from ossian.server.parts import Parts, new_id
from ossian.settings import Settings
from ossian.storage.database import Database
from ossian.storage.urls import database_url

MODEL: Final = "ossian-nano"
ANSWER: Final = "It is a small answer, of some twenty tokens, as short ones of a chat are."
NEVER_REACHED: Final = {"requests_per_minute": 10**9, "tokens_per_minute": 10**12, "concurrent_requests": 10**6}

NEVER_SPENT: Final = {"amount": "1000000", "period": "month"}


def main() -> None:
    folder, kind, *redis = sys.argv[1:]
    is_guarded = kind == "guarded"
    settings = settings_of(Path(folder), is_guarded=is_guarded, redis_url=redis[0] if redis else None)
    configure_logs(settings.log)
    secret = asyncio.run(new_key(settings)) if is_guarded else ""
    with run.bind(settings.server) as bound:
        port = bound.getsockname()[1]
        app = create_app(parts_of(settings))
        run.serve(app, settings.server, bound, announce=lambda: print(port, secret, flush=True))


def settings_of(folder: Path, *, is_guarded: bool, redis_url: str | None) -> Settings:
    sections: dict[str, Any] = {"server": {"port": 0}, "data_dir": folder, "engine": {"max_num_seqs": 256}}
    if is_guarded:
        sections["access"] = {"anonymous": "never"}
        sections["limits"] = {"project": NEVER_REACHED, "key": NEVER_REACHED, "counters_url": redis_url}
        sections["catalog"] = {"models": [{"id": MODEL, "prices": {"input": "0.05", "output": "0.20"}}]}
    return Settings.model_validate(sections)


async def new_key(settings: Settings) -> str:
    """Make a project with a budget that is never spent, and return its key's secret."""
    database = await Database.open(database_url(settings))
    try:
        administration = Administration(database, await database.secret(PEPPER), time.time, new_id)
        actor = Actor(ActorKind.CLI, "benchmark")
        project = await administration.create_project(actor, "benchmark", budget=NEVER_SPENT)
        _, secret = await administration.create_key(actor, project.id, "benchmark")
    finally:
        await database.close()
    return secret


def parts_of(settings: Settings) -> Parts:
    engine = ScriptedEngine(turn(), requests=deque(maxlen=1))  # type: ignore[arg-type]  # it would keep them all
    model = Model(MODEL, created=0, max_model_len=engine.info.max_model_len)
    generation = Generation(engine, load_encoding())
    return Parts(Catalog([model], settings.catalog.models), {MODEL: generation}, settings)


def turn() -> list[int]:
    """Return the engine's answer to everything."""
    special = special_tokens()
    encode = load_encoding().encode
    channel, message, last = (special[name] for name in ("<|channel|>", "<|message|>", "<|return|>"))
    return [channel, *encode("final"), message, *encode(ANSWER), last]


if __name__ == "__main__":
    main()
