"""How batches end, and what becomes of the lines that were not made."""

from dataclasses import dataclass, field, replace
from typing import Final

from ossian.api.batches.input_check import fault
from ossian.api.fields import JsonObject
from ossian.errors import RequestError


@dataclass(frozen=True, slots=True)
class Ending:
    """An end: the state it comes to, from which ones it can, and the code and message of lines that were not made."""

    status: str
    from_statuses: tuple[str, ...]
    code: str
    message: str
    faults: list[JsonObject] = field(default_factory=list)


COMPLETED: Final = Ending("completed", ("finalizing",), "batch_completed", "This request was not made.")
EXPIRED: Final = Ending(
    "expired",
    ("validating", "in_progress"),
    "batch_expired",
    "This request could not be executed before the completion window expired.",
)
CANCELLED: Final = Ending(
    "cancelled", ("cancelling",), "batch_cancelled", "This request was not executed: the batch was cancelled."
)


def failed(faults: list[JsonObject]) -> Ending:
    """Return the end of a batch that cannot go on."""
    message = f"This request was not executed, since the batch failed: {faults[0]['message']}"
    return Ending("failed", ("validating", "in_progress"), "batch_failed", message, faults)


def refused(error: RequestError) -> Ending:
    """Return the end of a batch in whose caller's name nothing can be done any more."""
    return failed([fault(error.code, error.message, error.param)])


def broken() -> Ending:
    """Return the end of a batch that we are to blame for, even while its results were written."""
    text = "The server had an error while running this batch. Its log has the details."
    ending = failed([fault("server_error", text)])
    return replace(ending, from_statuses=(*ending.from_statuses, "finalizing"))
