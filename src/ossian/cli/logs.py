"""Logs: one stream, on standard error, for Ossian's events and those of the libraries."""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import Processor

from ossian.accounts.keys import without_secrets
from ossian.settings import LogSettings

SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure_logs(settings: LogSettings) -> None:
    """Send the events of structlog and of the standard library to standard error, as text or as JSON lines."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    structlog.configure(
        processors=[*SHARED, structlog.processors.StackInfoRenderer(), *renderers(settings)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=SHARED, processors=foreign(settings)))
    # Libraries tell at INFO what Ossian tells itself, such as every request.
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)


def renderers(settings: LogSettings) -> list[Processor]:
    """Return the last processors: what makes a line of an event, and takes secrets out of it."""
    is_text = settings.format == "text" or (settings.format == "auto" and sys.stderr.isatty())
    if is_text:
        # not the default, which shows the variables of every frame: keys and what callers said
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain), hide_secrets]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(), hide_secrets]


def hide_secrets(_logger: object, _method: str, line: Any) -> str:
    """Leave of API keys only their beginning, wherever in a line they are: in a path, say, or an exception."""
    return without_secrets(str(line))


def foreign(settings: LogSettings) -> list[Processor]:
    """Return the processors for the standard library's records."""
    return [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers(settings)]
