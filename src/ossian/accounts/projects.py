"""Projects: whose keys, limits, budgets, usage and stored objects are whose."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ossian.accounts.budgets import Budget
from ossian.accounts.limits import Limits


@dataclass(frozen=True, slots=True)
class Project:
    """A project. Times are in seconds since 1970. An archived one is kept for its usage, and its keys are refused.

    `limits` count each model by itself; None are those of the server's profile. `model_limits` are for the models, by
    id, that have others. A field that is None in either is without a limit.
    """

    id: str
    name: str
    created_at: int
    archived_at: int | None = None
    limits: Limits | None = None
    model_limits: Mapping[str, Limits] = field(default_factory=dict)
    budget: Budget | None = None

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    def limits_for(self, model_id: str, profile: Limits) -> Limits:
        """Return the limits of one model in this project; `profile` are those of projects without their own."""
        return self.model_limits.get(model_id, profile if self.limits is None else self.limits)
