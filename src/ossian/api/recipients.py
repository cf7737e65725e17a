"""Whom the model addresses: one of the caller's tools, or nobody in particular."""

import re
from typing import Final

from ossian.harmony.messages import FUNCTIONS

_NOT_TOOLS: Final = {"assistant", "user", "all"}  # recipients that are nobody's function


def is_tool(recipient: str | None) -> bool:
    """Whether a message to this recipient is a call."""
    return recipient is not None and recipient not in _NOT_TOOLS


def function_name(recipient: str) -> str:
    """Return the function a call goes to, as a name OpenAI's API allows: clients send it back."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", recipient.removeprefix(f"{FUNCTIONS}."))[:64] or "_"
