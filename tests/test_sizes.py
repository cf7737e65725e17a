"""Small enough to read: the sizes the project promises itself (CONTRIBUTING.md, "Sizes")."""

import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.repository import PACKAGE, ROOT, functions, name, native_files, num_lines, python_files

MAX_FUNCTION_LINES = 60
MAX_FILE_LINES = 400
MAX_MEDIAN_FUNCTION_LINES = 9

# Path or path:function -> the reason why it is better long. An entry that is no longer needed fails a test below.
EXCEPTIONS: dict[str, str] = {}

NATIVE = ROOT / "native"
NATIVE_SOURCES = native_files(NATIVE / "src", NATIVE / "bindings")
PYTHON_SOURCES = python_files(PACKAGE)


def too_long_files() -> Iterator[tuple[str, int]]:
    for path in [*PYTHON_SOURCES, *NATIVE_SOURCES]:
        length = len(path.read_text(encoding="utf-8").splitlines())
        if length > MAX_FILE_LINES:
            yield name(path), length


def too_long_python_functions() -> Iterator[tuple[str, int]]:
    for path in python_files(PACKAGE, ROOT / "training", ROOT / "benchmarks"):
        for function in functions(path):
            if num_lines(function) > MAX_FUNCTION_LINES:
                yield f"{name(path)}:{function.name}", num_lines(function)


def native_functions(path: Path) -> Iterator[tuple[str, int]]:
    """Find the top-level functions of a clang-formatted file: from an unindented line with `(` to `}` in column 0."""
    head, start, has_body = "", 0, False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not head and re.match(r"[A-Za-z].*\(", line):
            head, start, has_body = line.split("(")[0].split()[-1], number, False
        if head and line.startswith("}"):
            yield head, number - start + 1
            head = ""
        has_body = has_body or line.endswith("{")
        if head and not has_body and line.endswith((";", "}")):
            head = ""  # a declaration, or all in one line


def too_long_native_functions() -> Iterator[tuple[str, int]]:
    for path in NATIVE_SOURCES:
        for function, length in native_functions(path):
            if length > MAX_FUNCTION_LINES:
                yield f"{name(path)}:{function}", length


def too_long() -> dict[str, int]:
    return dict([*too_long_files(), *too_long_python_functions(), *too_long_native_functions()])


def test_files_and_functions_are_short() -> None:
    assert {place: length for place, length in too_long().items() if place not in EXCEPTIONS} == {}


def test_every_exception_is_needed_and_has_a_reason() -> None:
    for place, reason in EXCEPTIONS.items():
        assert place in too_long(), f"{place} is short enough now: delete its exception"
        assert len(reason) > 20


def test_the_median_function_is_short() -> None:
    lengths = [num_lines(function) for path in PYTHON_SOURCES for function in functions(path)]
    assert median(lengths) <= MAX_MEDIAN_FUNCTION_LINES


def num_code_lines(paths: list[Path]) -> int:
    return sum(bool(line.strip()) for path in paths for line in path.read_text(encoding="utf-8").splitlines())


def test_there_are_more_test_lines_than_source_lines() -> None:
    tests = num_code_lines([*python_files(ROOT / "tests"), *native_files(NATIVE / "tests")])
    assert tests > num_code_lines([*PYTHON_SOURCES, *NATIVE_SOURCES])


KERNEL = """namespace ossian {
int declared(int x,
             int y);
int one_line(int x) { return x; }

int three(int x) {
  return x;
}

int five(int x,
         int y) {
  return
      x + y;
}
}  // namespace ossian
"""


def test_native_functions_are_found_with_their_lengths(tmp_path: Path) -> None:
    source = tmp_path / "kernel.cc"
    source.write_text(KERNEL)
    assert list(native_functions(source)) == [("three", 3), ("five", 5)]
