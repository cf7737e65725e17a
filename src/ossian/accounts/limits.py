"""Limits: how much at a time. Those of projects count each model by itself, those of keys all models together."""

from dataclasses import dataclass, fields, replace
from typing import Any, Final, Self

from ossian.errors import InvalidRequestError
from ossian.settings import LimitFigures, LimitSettings

MAX_LIMIT: Final = 10**12  # what a counter can hold, with room for what runs over


@dataclass(frozen=True, slots=True)
class Limits:
    """How many requests and tokens may begin in a minute of the clock, and how many requests may run at once.

    None: without a limit. 0: nothing.
    """

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrent_requests: int | None = None

    @property
    def is_closed(self) -> bool:
        """Whether one of them is 0, so that nothing is let in."""
        return 0 in (self.requests_per_minute, self.tokens_per_minute, self.concurrent_requests)

    def to_json(self) -> dict[str, int | None]:
        """Return the limits as they are stored and shown."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @classmethod
    def from_json(cls, body: Any, param: str = "limits") -> Self:
        """Read what `to_json` returns, or what an administrator wrote; what is left out has no limit.

        Raises InvalidRequestError that names the field and what it may be.
        """
        names = [each.name for each in fields(cls)]
        listed = ", ".join(f"'{name}'" for name in names)
        if not isinstance(body, dict):
            raise InvalidRequestError(f"'{param}' must be an object with any of {listed}.", param=param)
        for name, number in body.items():
            if name not in names:
                raise InvalidRequestError(f"There is no limit '{name}'. There are: {listed}.", param=f"{param}.{name}")
            if number is not None and not _is_limit(number):
                message = f"'{param}.{name}' must be a whole number from 0 to 10^12, or null for no limit."
                raise InvalidRequestError(message, param=f"{param}.{name}")
        return cls(**body)


@dataclass(frozen=True, slots=True)
class LimitProfile:
    """The limits of who has none of his own: a project and model, a key, an anonymous address and model."""

    project: Limits
    key: Limits
    anonymous: Limits


UNLIMITED: Final = Limits()

PROFILES: Final = {
    "unlimited": LimitProfile(UNLIMITED, UNLIMITED, UNLIMITED),
    "hosted": LimitProfile(  # what hosted services of these models allow
        project=Limits(requests_per_minute=400), key=UNLIMITED, anonymous=Limits(requests_per_minute=2)
    ),
}


def profile_of(settings: LimitSettings) -> LimitProfile:
    """Return the limits that the settings ask for: a profile's, with the figures that are set over them."""
    profile = PROFILES[settings.profile]
    return LimitProfile(
        project=_over(profile.project, settings.project),
        key=_over(profile.key, settings.key),
        anonymous=_over(profile.anonymous, settings.anonymous),
    )


def _over(limits: Limits, figures: LimitFigures) -> Limits:
    return replace(limits, **{name: getattr(figures, name) for name in figures.model_fields_set})


def _is_limit(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= MAX_LIMIT
