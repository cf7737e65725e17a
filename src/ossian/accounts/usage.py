"""Usage records: what each request used, how long it took and what it cost."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import uuid4

from ossian.accounts.scopes import Endpoint
from ossian.harmony.events import Usage

CLIENT_LEFT: Final = 499  # the status of a request whose caller did not wait for its end


class Outcome(StrEnum):
    """How a request ended. One whose caller left before its end is charged for what was made until then."""

    SUCCEEDED = "succeeded"
    ABORTED = "aborted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """One request. `started_at` is in seconds since 1970, `duration` and `time_to_first_token` are in seconds.

    `model_asked` is the name in the request, an alias or a virtual model perhaps; `model` is what served it. Without
    `project_id` the caller was anonymous. `price` is what its tokens cost, in the catalog's currency. `request_id` may
    be of the caller's choice, and not the only one; `id` is the record's own, so that it is not written twice.
    `batch_id` is that of the batch whose line it was, if any.
    """

    request_id: str
    endpoint: Endpoint
    model_asked: str
    model: str
    started_at: float
    duration: float
    status: int
    project_id: str | None = None
    key_id: str | None = None
    time_to_first_token: float | None = None
    usage: Usage = field(default_factory=Usage)
    price: Decimal = Decimal(0)
    id: str = field(default_factory=lambda: uuid4().hex, compare=False)
    batch_id: str | None = None

    @property
    def outcome(self) -> Outcome:
        """How the request ended. The status of a stream that ends badly after its 200 is that of its end."""
        if self.status == CLIENT_LEFT:
            return Outcome.ABORTED
        return Outcome.SUCCEEDED if self.status < 400 else Outcome.FAILED

    @property
    def cost(self) -> Decimal:
        """What is charged: a failed request costs nothing, whatever it used."""
        return Decimal(0) if self.outcome is Outcome.FAILED else self.price
