"""The parity suite needs torch; where it is absent its tests are not collected. The figures are printed at the end."""

from importlib.util import find_spec

import pytest

from tests.parity.figures import TABLE

collect_ignore_glob = [] if find_spec("torch") else ["test_*.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TABLE:
        terminalreporter.section("parity with transformers")
        for line in TABLE:
            terminalreporter.write_line(line)
