from __future__ import annotations

import re
import shlex
import stat
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest

from cynthus.cli.main import PLUMBING, VERBS, cli
from cynthus.core.load import check_data, find_main, find_requirements, load
from tests.readme import readme_block

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted(
    path
    for place in ("*.md", "docs/**/*.md", "examples/*.md", "examples/*/*.md")
    for path in REPOSITORY.glob(place)
)
DECISIONS = sorted((REPOSITORY / "docs/decisions").glob("0*.md"))
EXAMPLES = sorted(path.parent for path in (REPOSITORY / "examples").glob("*/README.md"))


def name(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def links(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", page.read_text())


def commands(page: Path) -> list[str]:
    """Each `cynthus ...` that a reader may type: in a block of code or between backticks."""
    text = page.read_text()
    lines = re.findall(r"^(?: {4})?(cynthus [^\n]*)", text, re.MULTILINE) + re.findall(r"`(cynthus [^`\n]+)`", text)
    return [re.split(r" {2,}|#|&&|\|", line)[0] for line in lines]


def complaint(line: str) -> str:
    """What is wrong with a command line; '' if nothing."""
    words = [word for word in shlex.split(line, comments=True)[1:] if word != "..."]
    if not words or words[0] in ("--help", "--version", "COMMAND"):
        return ""
    known: set[str] = {*VERBS, *PLUMBING}
    command = cli.get_command(cli.make_context("cynthus", ["version"]), words[0]) if words[0] in known else None
    if command is None:
        return f"there is no command {words[0]!r}"
    commands = [command]
    if isinstance(command, click.Group) and len(words) > 1:
        if words[1] not in command.commands:
            return f"{words[0]} has no {words[1]!r}"
        commands.append(command.commands[words[1]])
    options = {option for each in commands for parameter in each.params for option in parameter.opts} | {"--help"}
    own = words[: words.index("--")] if "--" in words else words
    unknown = [word for word in own[1:] if word.startswith("-") and word.partition("=")[0] not in options]
    return f"{words[0]} has no {unknown[0]}" if unknown else ""


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    local = [link.partition("#")[0] for link in links(page) if not urlsplit(link).scheme and not link.startswith("#")]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_in_the_manual_exists(page: Path) -> None:
    assert [(line, said) for line in commands(page) if (said := complaint(line))] == []


def test_a_command_that_does_not_exist_is_noticed() -> None:
    assert complaint("cynthus fly") == "there is no command 'fly'"


def test_an_option_that_does_not_exist_is_noticed() -> None:
    assert complaint("cynthus up --fast") == "up has no --fast"


def test_every_page_of_the_manual_can_be_reached() -> None:
    seen, waiting = set[Path](), [REPOSITORY / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        waiting += [(page.parent / link.partition("#")[0]).resolve() for link in links(page) if "://" not in link]
    manual = {page for page in PAGES if page.is_relative_to(REPOSITORY / "docs")}
    assert manual - seen == set()


@pytest.mark.parametrize("page", DECISIONS, ids=name)
def test_a_decision_tells_context_decision_cost_and_alternatives(page: Path) -> None:
    assert re.findall(r"^## (.*)$", page.read_text(), re.MULTILINE) == ["Context", "Decision", "Cost", "Alternatives"]


@pytest.mark.parametrize("page", DECISIONS, ids=name)
def test_a_decision_is_short(page: Path) -> None:
    assert 20 <= len(page.read_text().splitlines()) <= 40


@pytest.mark.parametrize("page", DECISIONS, ids=name)
def test_a_decision_is_in_the_list(page: Path) -> None:
    assert page.name in links(REPOSITORY / "docs/decisions/README.md")


@pytest.mark.parametrize("marker", ["transcript", "by-hand", "install-for-development", "tests"])
def test_the_readme_has_what_others_read_from_it(marker: str) -> None:
    assert readme_block(marker).strip()


def test_the_readme_s_test_command_leaves_out_slow_tests_only() -> None:
    assert '-m "not slow"' in readme_block("tests")


@pytest.mark.parametrize("script", ["install", "run"])
def test_the_scripts_of_the_pipeline_can_be_executed(script: str) -> None:
    assert (REPOSITORY / ".ci" / script).stat().st_mode & stat.S_IXUSR


@pytest.mark.parametrize("folder", EXAMPLES, ids=name)
def test_an_example_can_be_loaded(folder: Path) -> None:
    spec = load(folder, known_targets=["local", "ssh", "gcp"])
    source = find_main(folder, spec)
    find_requirements(folder, spec, source)
    check_data(folder, spec)


@pytest.mark.parametrize("folder", EXAMPLES, ids=name)
def test_an_example_is_in_the_list(folder: Path) -> None:
    assert f"| `{folder.name}` |" in (REPOSITORY / "examples/README.md").read_text()
