"""Where the server is and which keys it is shown; what is said when none answers."""

import os
from typing import Any, Final

from openai import APIConnectionError, APITimeoutError

DEFAULT_URL: Final = "http://127.0.0.1:8000/v1"


def options_of(base_url: str | None, api_key: str | None, admin_api_key: str | None) -> dict[str, Any]:
    """Return OpenAI's options: what was given, else what the environment says; a key that is empty is not sent.

    It is never None, for which OpenAI's client would take a secret that is meant for OpenAI.
    """
    return {
        "base_url": base_url or os.environ.get("OSSIAN_BASE_URL") or DEFAULT_URL,
        "api_key": api_key or os.environ.get("OSSIAN_API_KEY") or "",
        "admin_api_key": admin_api_key or os.environ.get("OSSIAN_ADMIN_KEY") or "",
    }


def explained(error: APIConnectionError, base_url: object) -> APIConnectionError:
    """Return the error that says which server did not answer, and the way out."""
    if isinstance(error, APITimeoutError):
        return error
    reason = error.__cause__ or error
    return APIConnectionError(
        message=f"No server answers at {base_url} ({reason}). Start one with `ossian serve`, or set OSSIAN_BASE_URL.",
        request=error.request,
    )
