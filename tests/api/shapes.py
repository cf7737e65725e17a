"""OpenAI's own description of what servers answer, to hold our answers to."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SHAPES = json.loads((Path(__file__).parent / "openai_shapes.json").read_text(encoding="utf-8"))


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({**SHAPES, "$ref": f"#/$defs/{name}"})


def faults(body: Any, name: str) -> list[str]:
    """What is wrong with a body, by OpenAI's schema of that name."""
    return [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(body)]
