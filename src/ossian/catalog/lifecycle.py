"""How models leave: active, then deprecated with a warning, then retired in favour of a successor or of nothing."""

from datetime import date
from enum import StrEnum

from ossian.settings import ModelLifecycle


class Stage(StrEnum):
    """How far a model is on its way out."""

    ACTIVE = "active"
    DEPRECATED = "deprecated"  # it answers, with a warning
    RETIRED = "retired"  # it answers no more


def stage_of(lifecycle: ModelLifecycle, today: date) -> Stage:
    """Return a model's stage on a day. Both dates are the first day of their stage."""
    if lifecycle.retired is not None and lifecycle.retired <= today:
        return Stage.RETIRED
    if lifecycle.deprecated is not None and lifecycle.deprecated <= today:
        return Stage.DEPRECATED
    return Stage.ACTIVE


def deprecation(model_id: str, lifecycle: ModelLifecycle) -> str:
    """Return what a deprecated model's answers warn of."""
    end = f" and will be retired on {lifecycle.retired}" if lifecycle.retired else ""
    return f"The model '{model_id}' is deprecated{end}.{advice(lifecycle)}"


def redirection(model_id: str, lifecycle: ModelLifecycle, successor_id: str) -> str:
    """Return what the answers of a retired model's successor warn of."""
    return f"The model '{model_id}' was retired on {lifecycle.retired}; '{successor_id}' answers instead."


def retirement(model_id: str, lifecycle: ModelLifecycle) -> str:
    """Return why a retired model does not answer."""
    return f"The model '{model_id}' was retired on {lifecycle.retired}.{advice(lifecycle)}"


def advice(lifecycle: ModelLifecycle) -> str:
    """Return a sentence on what to use instead, with a space before it, or nothing."""
    return f" Use '{lifecycle.successor}' instead." if lifecycle.successor else ""
