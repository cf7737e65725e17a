"""Texts with the repetitions that real ones have, as token ids: this package's own code, and the prose in it."""

import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Final

import ossian.engine.embedded
from ossian.cli.bench.cases import Output
from ossian.engine.embedded import loop, scheduler
from ossian.harmony.encoding import load_encoding

OLD_NAME: Final = "sequence"
NEW_NAME: Final = "request"


def prompt_and_output(case: Output) -> tuple[list[int], list[int]]:
    """Return code, and what an answer to it may be: the code with a name changed, or prose that is not in it.

    Copied text begins with the prompt's, so that all of it can be found there.
    """
    code = inspect.getsource(scheduler) + inspect.getsource(loop)
    text = code.replace(OLD_NAME, NEW_NAME) if case.text == "copied" else prose()
    encode = load_encoding().encode
    return encode(code)[: case.num_prompt_tokens], encode(text)[: case.num_tokens]


@cache
def prose() -> str:
    """Return what the engine's modules say of themselves, and their classes: some thousand words."""
    return "\n\n".join(_docstrings())


def _docstrings() -> Iterator[str]:
    for module_info in pkgutil.iter_modules(ossian.engine.embedded.__path__):
        module = import_module(f"{ossian.engine.embedded.__name__}.{module_info.name}")
        if module not in (loop, scheduler):
            yield inspect.getdoc(module) or ""
