"""Who may import whom: the contracts of pyproject.toml, and the ones an import graph cannot see."""

import ast
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from tests.repository import PACKAGE, ROOT, name, python_files


def test_the_import_contracts_hold(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    status = lint_imports(cache_dir=None)
    assert status == 0, capsys.readouterr().out


def imported_names(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_only_kernels_imports_the_native_module() -> None:
    importers = {
        name(path)
        for path in python_files(PACKAGE)
        if any(imported.startswith("ossian._native") for imported in imported_names(path))
    }
    assert importers == {"src/ossian/engine/embedded/kernels.py"}


def test_nothing_imports_the_command_line() -> None:
    for path in python_files(PACKAGE):
        if "cli" not in path.relative_to(PACKAGE).parts and path.name != "__main__.py":
            assert not any(f"{imported}.".startswith("ossian.cli.") for imported in imported_names(path)), name(path)
