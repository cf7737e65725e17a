"""`python -m ossian` is the `ossian` command."""

from ossian.cli.main import app

app()
