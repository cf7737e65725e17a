"""`ossian models`: which checkpoints this machine has, fetching one, checking one."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(help="List, fetch and check models.", no_args_is_help=True)

GIGABYTE = 1e9


@app.command("list")
def list_models() -> None:
    """Show the models of this machine, and OpenAI's that could be fetched."""
    from ossian.catalog import hub
    from ossian.settings import DEMONSTRATION_MODEL

    table = Table("model", "size", "where", box=None, pad_edge=False)
    table.add_row(DEMONSTRATION_MODEL, "", "ships with Ossian: a demonstration, not a capable model")
    cached = hub.cached()
    for repository in cached:
        where = str(repository.path) if repository.is_complete else f"partly here; ossian models pull {repository.name}"
        table.add_row(repository.name, f"{repository.num_bytes / GIGABYTE:.1f} GB", where)
    for repository_name in set(hub.OFFICIAL_REPOSITORIES.values()) - {repository.name for repository in cached}:
        table.add_row(repository_name, "", f"not here; ossian models pull {repository_name}")
    Console(soft_wrap=True, markup=False, emoji=False).print(table)
    show_cached_weights()


def show_cached_weights() -> None:
    """Show the files of repacked weights, if there are any."""
    from ossian.cli.configuration import load_settings
    from ossian.engine.embedded.weight_cache import cached_weights

    cached = list(cached_weights(load_settings({}).models.cache_dir))
    for each in cached:
        state = f"of {each.checkpoint}" if each.checkpoint else "unfinished, or of another version"
        print(f"\nrepacked weights, {each.num_bytes / GIGABYTE:.1f} GB, {state}:\n  {each.path}")
    if cached:
        print("\nossian models clear-cache deletes repacked weights; they are made again when needed.")


@app.command("clear-cache")
def clear_cache() -> None:
    """Delete the files of repacked weights. A running server keeps what it has loaded."""
    from ossian.cli.configuration import load_settings
    from ossian.engine.embedded.weight_cache import cached_weights

    deleted = list(cached_weights(load_settings({}).models.cache_dir))
    for each in deleted:
        each.path.unlink(missing_ok=True)
    print(f"{len(deleted)} files deleted, {sum(each.num_bytes for each in deleted) / GIGABYTE:.1f} GB")


@app.command()
def pull(model: Annotated[str, typer.Argument(help="gpt-oss-20b, gpt-oss-120b, or a Hub repository.")]) -> None:
    """Fetch a model from the Hugging Face Hub; what is already here is kept."""
    from ossian.catalog import hub

    folder = hub.pull(hub.repository_name(model))
    print(f"{model} is in {folder}\nServe it with: ossian serve {model}")


@app.command()
def verify(
    model: Annotated[str, typer.Argument(help="A folder, a repository that was pulled, or ossian-nano.")],
) -> None:
    """Check every tensor of a checkpoint: present, of the right type and shape, and not truncated."""
    from ossian.catalog.serving_profile import serving_profile
    from ossian.cli.configuration import load_settings
    from ossian.engine.embedded import checkpoint

    folder = serving_profile(load_settings({"models.model": model}).models).checkpoint
    report = checkpoint.verify(folder)
    for problem in report.problems:
        print(problem)
    found = f"{report.num_tensors} tensors, {report.num_bytes / GIGABYTE:.2f} GB"
    if report.problems:
        print(f"{folder}: {len(report.problems)} problems in {found}")
        raise typer.Exit(1)
    print(f"{folder}: {found}, all as they must be")
