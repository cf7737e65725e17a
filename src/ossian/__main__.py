"""`python -m ossian` is the `ossian` command."""

from ossian.cli.main import app

if __name__ == "__main__":  # processes that it starts import it as well
    app()
