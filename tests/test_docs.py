"""The documentation: every setting is in it, every link in it leads somewhere, every command of it exists."""

import re
from pathlib import Path

import pytest
from typer.main import get_group
from typer.testing import CliRunner

from ossian.cli.configuration import default_of, names_of
from ossian.cli.main import app
from ossian.settings import Settings
from tests.repository import ROOT, name

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/README.md")])
SETTINGS_PAGE = ROOT / "docs" / "reference" / "settings.md"
LINK = re.compile(r"\]\(([^)\s]+)\)")
SETTING_ROW = re.compile(r"^\| `([a-z0-9_.]+)` \| `(.*?)` \| (.+) \|$", re.MULTILINE)


def links(page: Path) -> list[str]:
    return [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link
        assert target.is_relative_to(ROOT), link


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_pages_have_one_title_and_fit_the_screen(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    prose = [line for line in lines if not line.startswith("|")]
    assert [line for line in prose if len(line) > 130] == []


def test_every_setting_is_documented_with_its_default() -> None:
    documented = {setting: default for setting, default, _ in SETTING_ROW.findall(SETTINGS_PAGE.read_text())}
    home = str(Path.home())
    actual = {setting: default_of(setting).replace(home, "~") for setting in names_of(Settings)}
    assert documented == actual


def test_the_architecture_page_names_every_package() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    packages = {path.parent.name for path in (ROOT / "src" / "ossian").glob("*/__init__.py")}
    assert {package for package in packages if f"{package}/" not in page} == set()


def test_every_decision_record_has_its_four_parts_and_a_number_of_its_own() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    numbers = [path.name.split("-")[0] for path in records]
    assert len(set(numbers)) == len(numbers)
    for path in records:
        text = path.read_text()
        assert re.match(rf"# {int(path.name[:4])}\. ", text), path.name
        assert "Status: " in text, path.name
        assert all(f"## {part}\n" in text for part in ("Context", "Decision", "Consequences")), path.name


def documented_commands() -> set[str]:
    pages = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    groups = "|".join({command.split()[0] for command in existing_commands() if " " in command})
    single = "|".join(command for command in existing_commands() if " " not in command)
    return set(re.findall(rf"\bossian ((?:{groups})(?: [a-z-]+)?|{single})\b", pages))


def existing_commands() -> set[str]:
    names = set()
    for first, command in get_group(app).commands.items():
        inner = getattr(command, "commands", {})
        names |= {f"{first} {second}" for second in inner} if inner else {first}
    return names


def test_every_command_is_documented_and_exists() -> None:
    documented = documented_commands()
    assert existing_commands() <= documented
    for command in documented:
        assert CliRunner().invoke(app, [*command.split(), "--help"]).exit_code == 0, command


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_every_make_target_in_the_docs_exists() -> None:
    pages = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    documented = set(re.findall(r"`make ([a-z-]+)[ `]", pages))
    assert documented <= make_targets()
    assert {"serve", "check", "test", "test-slow", "test-native", "test-parity", "format", "lock"} <= documented
