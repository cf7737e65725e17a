"""Names: modules are nouns that say something, and what a package offers exists."""

import importlib
import sys
from pathlib import Path

import pytest

from tests.repository import PACKAGE, name, python_files

EMPTY_WORDS = {"utils", "util", "helpers", "helper", "manager", "handler", "handlers", "common", "data", "info", "misc"}

MODULES = python_files(PACKAGE)
PACKAGES = [path.parent for path in MODULES if path.name == "__init__.py"]


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_module_names_say_something(path: Path) -> None:
    term = path.stem == "block_manager"
    assert term or not EMPTY_WORDS & set(path.stem.split("_"))


def test_no_module_hides_one_of_the_standard_library() -> None:
    hidden = {name(path) for path in MODULES if path.stem in sys.stdlib_module_names - {"__init__", "__main__"}}
    assert hidden == set()


@pytest.mark.parametrize("package", PACKAGES, ids=name)
def test_exported_names_exist_and_are_sorted(package: Path) -> None:
    module = importlib.import_module(".".join(["ossian", *package.relative_to(PACKAGE).parts]))
    exported = list(getattr(module, "__all__", []))
    assert exported == sorted(exported)
    assert [each for each in exported if not hasattr(module, each)] == []
