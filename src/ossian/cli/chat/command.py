"""The `ossian chat` command."""

import asyncio
import math
import os
from collections.abc import Callable
from typing import Annotated, TypeAlias

import typer
from rich.console import Console

from ossian.cli.chat.partner import ChatOptions, Partner
from ossian.cli.chat.session import Session
from ossian.cli.text import valid_unicode
from ossian.errors import ConfigurationError
from ossian.harmony.messages import ReasoningEffort

NewSession: TypeAlias = Callable[[Partner], Session]


def chat(
    model: Annotated[
        str | None,
        typer.Argument(help="A name, a folder or a pulled repository; with --url, the name to ask the server for."),
    ] = None,
    url: Annotated[str | None, typer.Option(help="Talk to this server instead of loading the model here.")] = None,
    instructions: Annotated[str | None, typer.Option(help="What the model is to be and do.")] = None,
    reasoning_effort: Annotated[
        ReasoningEffort, typer.Option("--effort", help="How long the model thinks.")
    ] = ReasoningEffort.MEDIUM,
    temperature: Annotated[
        float | None,
        typer.Option(min=0.0, max=2.0, help="0 always takes the likeliest token; without, the model's own."),
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option(min=1, help="The most tokens of an answer, reasoning included.")
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither use nor write the file of repacked weights.")
    ] = False,
    hide_reasoning: Annotated[bool, typer.Option("--hide-reasoning", help="Show only the answers.")] = False,
    demo_tools: Annotated[
        bool, typer.Option("--demo-tools", help="Offer the model four harmless tools, and run what it calls.")
    ] = False,
) -> None:
    """Talk to a model in the terminal.

    The key for a server that wants one is read from OSSIAN_API_KEY. The weather of --demo-tools is made up.
    """
    from ossian.cli.chat.demo_tools import DEMO_TOOLS
    from ossian.cli.chat.toolbox import Toolbox

    if temperature is not None and not math.isfinite(temperature):
        raise ConfigurationError(f"--temperature cannot be {temperature}; give a number from 0 to 2.")
    toolbox = Toolbox(DEMO_TOOLS if demo_tools else ())
    options = ChatOptions(
        valid_unicode(instructions or ""), reasoning_effort, temperature, max_tokens, toolbox.definitions
    )
    console = Console(emoji=False)
    new_session = lambda partner: Session(partner, console, toolbox, show_reasoning=not hide_reasoning)
    if url is None:
        chat_in_process(model, options, console, new_session, is_cached=not no_cache)
    else:
        chat_over_http(url, model, options, new_session)


def chat_in_process(
    model: str | None, options: ChatOptions, console: Console, new_session: NewSession, *, is_cached: bool
) -> None:
    """Load a model and talk to it."""
    from ossian.cli.chat.in_process import InProcessPartner
    from ossian.cli.configuration import load_settings
    from ossian.cli.loading import load_model
    from ossian.cli.logs import configure_logs

    flags = {"models.model": model, "engine.max_num_seqs": 1, "log.level": "warning"}
    settings = load_settings({**flags, "engine.weight_cache": None if is_cached else False})
    configure_logs(settings.log)
    with console.status("Loading the model …"):
        loaded = load_model(settings)
    partner = InProcessPartner(loaded.generation, loaded.model.id, options)
    engine = loaded.generation.engine
    with asyncio.Runner() as runner:
        runner.run(engine.start())
        try:
            new_session(partner).run(runner)
        finally:
            runner.run(engine.stop())


def chat_over_http(url: str, model: str | None, options: ChatOptions, new_session: NewSession) -> None:
    """Talk to a server."""
    from ossian.cli.chat.over_http import HttpPartner

    partner = HttpPartner(url, model or "gpt-oss-20b", os.environ.get("OSSIAN_API_KEY"), options)
    with asyncio.Runner() as runner:
        new_session(partner).run(runner)
