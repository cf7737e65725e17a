"""The `ossian bench` command."""

from pathlib import Path
from typing import Annotated

import typer


def bench(
    model: Annotated[
        str | None,
        typer.Argument(help="A name, a folder or a pulled repository; none is the demonstration model."),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Only some of load, prefill, decode, turns, speculation, profile, peer."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Short cases, once: does it work?")] = False,
    repeats: Annotated[int | None, typer.Option(min=1, help="Of each case; 3 without, 1 with --quick.")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there, as JSON.")
    ] = None,
    peer: Annotated[
        str | None, typer.Option(metavar="NAME", help="Also measure llama.cpp, in turn with ours; in a clone only.")
    ] = None,
    peer_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The same model in the peer's format: a GGUF file.")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting, as engine.num_threads=4. May be repeated.", metavar="NAME=VALUE"),
    ] = None,
) -> None:
    """Measure how fast a model runs here, beside what the machine's memory and int8 units allow."""
    from ossian.cli.bench.cases import sections_of
    from ossian.cli.bench.run import Wishes, report_of
    from ossian.cli.configuration import assignments, load_settings

    wishes = Wishes(sections_of(only), quick, repeats or (1 if quick else 3), peer, peer_file)
    settings = load_settings({"models.model": model, **assignments(setting or [], "--set")})
    check_place(json_file)
    report = report_of(settings, wishes)
    print(report.text())
    if json_file is not None:
        json_file.write_text(report.json(), encoding="utf-8")


def check_place(json_file: Path | None) -> None:
    """Raise ConfigurationError when the file could not be written, before the minutes that measuring takes."""
    from ossian.errors import ConfigurationError

    if json_file is None:
        return
    try:
        json_file.open("a", encoding="utf-8").close()
    except OSError as error:
        raise ConfigurationError(f"--json {json_file} cannot be written: {error.strerror}.") from error
