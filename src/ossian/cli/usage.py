"""`ossian usage`: what was used, by whom, and what it cost."""

import asyncio
from typing import Annotated

import typer

from ossian.cli.account_options import ProjectOption
from ossian.errors import ConfigurationError


def usage(
    by: Annotated[str, typer.Option(metavar="PERIOD", help="hour, day, week or month of UTC, or all in one.")] = "day",
    group: Annotated[
        str | None, typer.Option(metavar="A,B", help="Also by any of model, key, project and endpoint.")
    ] = None,
    since: Annotated[
        str, typer.Option("--from", metavar="WHEN", help="A date of UTC, or so long ago: 12h, 30d.")
    ] = "30d",
    until: Annotated[
        str | None, typer.Option("--to", metavar="WHEN", help="Likewise; what begins then counts no more.")
    ] = None,
    project: ProjectOption = None,
    key: Annotated[str | None, typer.Option("--key", "-k", help="Only of this key.")] = None,
    model: Annotated[str | None, typer.Option("--model", "-m", help="Only of this model, by its id.")] = None,
    csv: Annotated[str | None, typer.Option(metavar="FILE", help="Write CSV to a file; - is standard output.")] = None,
    requests: Annotated[bool, typer.Option("--requests", help="With --csv: a line for each request, no sums.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what requests used and cost. Those that failed cost nothing."""
    from ossian.cli import usage_report

    if requests and csv is None:
        raise ConfigurationError("--requests writes CSV: give --csv FILE, or --csv - for standard output.")
    if csv is not None and as_json:
        raise ConfigurationError("Give --csv or --json, not both.")
    query = usage_report.UsageQuestion(by, group, since, until, project, key, model)
    if requests and csv is not None:
        asyncio.run(usage_report.write_requests(query, csv))
    elif csv is not None:
        asyncio.run(usage_report.write_totals(query, csv))
    else:
        asyncio.run(usage_report.show_totals(query, as_json=as_json))
