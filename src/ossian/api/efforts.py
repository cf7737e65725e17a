"""How long the model is asked to think, as OpenAI's clients write it."""

from typing import Literal, TypeAlias

from ossian.harmony.messages import ReasoningEffort

Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]

# gpt-oss knows three efforts and cannot switch reasoning off; the nearest one it knows is used.
EFFORTS: dict[Effort, ReasoningEffort] = {
    "none": ReasoningEffort.LOW,
    "minimal": ReasoningEffort.LOW,
    "low": ReasoningEffort.LOW,
    "medium": ReasoningEffort.MEDIUM,
    "high": ReasoningEffort.HIGH,
    "xhigh": ReasoningEffort.HIGH,
    "max": ReasoningEffort.HIGH,
}
