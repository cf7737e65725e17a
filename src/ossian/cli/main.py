"""The `ossian` command. Each command is a module of this package and imports what it runs when it runs."""

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup

import ossian
from ossian.cli import debug, keys, limits, models, projects
from ossian.cli.bench.command import bench
from ossian.cli.chat.command import chat
from ossian.cli.doctor import doctor
from ossian.cli.serve import serve
from ossian.cli.text import printable
from ossian.cli.usage import usage
from ossian.errors import OssianError

USAGE_ERROR = 2


class Commands(TyperGroup):
    """Shows an error that Ossian raised on purpose as one line, without a traceback."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]  # typer brings its own copy of click
        """Run the command."""
        try:
            return super().invoke(ctx)
        except OssianError as error:
            Console(stderr=True, emoji=False).print(
                f"[bold red]ossian:[/] {escape(printable(str(error)))}", highlight=False, soft_wrap=True
            )
            raise typer.Exit(USAGE_ERROR) from error


app = typer.Typer(
    cls=Commands,
    help="Run OpenAI's gpt-oss models yourself, behind the whole OpenAI HTTP API.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_show_locals=False,
)
app.command()(serve)
app.command()(chat)
app.add_typer(models.app, name="models")
app.command()(doctor)
app.command()(bench)
app.add_typer(keys.app, name="keys")
app.add_typer(projects.app, name="projects")
app.add_typer(limits.app, name="limits")
app.command()(usage)
app.add_typer(debug.app, name="debug")


@app.command()
def version() -> None:
    """Print the version."""
    print(ossian.__version__)
