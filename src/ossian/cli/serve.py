"""The `ossian serve` command: makes every part, joins them, and runs the server."""

import asyncio
from typing import Annotated

import typer

from ossian.cli.configuration import assignments, default_of


def option(setting: str, explanation: str, *names: str) -> typer.models.OptionInfo:
    """Return the option for a setting; its help shows the setting's default, which is written in settings.py only."""
    made: typer.models.OptionInfo = typer.Option(*names, help=explanation, show_default=default_of(setting))
    return made


def serve(
    model: Annotated[
        str | None,
        typer.Argument(help="A name, a folder or a pulled repository; none is the demonstration model."),
    ] = None,
    host: Annotated[str | None, option("server.host", "The address to listen on.")] = None,
    port: Annotated[int | None, option("server.port", "The port; 0 takes a free one.")] = None,
    served_name: Annotated[str | None, option("models.served_name", "The model's name in the API.")] = None,
    alias: Annotated[
        list[str] | None, typer.Option(help="NAME=MODEL: answer to NAME as well. May be repeated.", metavar="A=B")
    ] = None,
    max_model_len: Annotated[int | None, option("engine.max_model_len", "The context, in tokens.")] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither use nor write the file of repacked weights.")
    ] = False,
    log_level: Annotated[str | None, option("log.level", "debug, info, warning or error.")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Any other setting, as engine.num_threads=4. May be repeated.", metavar="NAME=VALUE"
        ),
    ] = None,
) -> None:
    """Serve a model over OpenAI's HTTP API.

    Settings come from these options, else from OSSIAN_… variables, else from the file that OSSIAN_CONFIG names;
    docs/reference/settings.md lists them.
    """
    flags: dict[str, object] = {
        "models.model": model,
        "server.host": host,
        "server.port": port,
        "models.served_name": served_name,
        "models.aliases": assignments(alias, "--alias") if alias else None,
        "engine.max_model_len": max_model_len,
        "engine.weight_cache": False if no_cache else None,
        "log.level": log_level,
        **assignments(setting or [], "--set"),
    }
    run(flags)


def run(flags: dict[str, object]) -> None:
    """Load the model and serve it until the process is told to stop."""
    from rich.console import Console

    from ossian.cli.banner import banner
    from ossian.cli.configuration import load_settings
    from ossian.cli.loading import load_models, parts_of
    from ossian.cli.logs import configure_logs
    from ossian.server import run as http_server
    from ossian.server.anonymity import Anonymity
    from ossian.server.app import check_database, create_app

    settings = load_settings(flags)
    configure_logs(settings.log)
    console = Console(soft_wrap=True, highlight=False, markup=False, emoji=False)
    with http_server.bind(settings.server) as bound:
        has_keys = asyncio.run(check_database(settings))  # what is wrong with it is told before a large model is loaded
        console.print(f"Loading {settings.models.model or 'the demonstration model'} …")
        loaded = load_models(settings)
        anonymity = Anonymity(settings.server, settings.access)
        lines = banner(
            loaded[0].model,
            http_server.url_of(bound),
            is_demonstration=loaded[0].is_demonstration,
            needs_key=anonymity.needs_key,
            has_keys=has_keys or bool(settings.server.api_keys),
            is_local_allowed=anonymity.is_local_allowed,
        )
        app = create_app(parts_of(loaded, settings))
        http_server.serve(app, settings.server, bound, announce=lambda: console.print("\n".join(lines)))
