from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import pytest

from cynthus import __version__
from cynthus.cli.main import PLUMBING, VERBS, cli
from cynthus.process import Command, run
from cynthus.state.index import Entry, Index
from tests.cli.terminal import typed

PACKAGES_OF_HELP = {"click", "cynthus"}
PACKAGES_OF_VALUES = {"msgspec", "typing_extensions"}
"""What values are made of, and what that looks at itself where it is there."""


def imported_by(*words: str, home: Path | None = None, shows: str = "") -> set[str]:
    """The top-level packages, but for the standard library's, that a command line of somebody in `home` imports."""
    code = (
        "import sys, json\n"
        "from cynthus.cli import failure\nfrom cynthus.cli.main import cli\n"
        f"sys.argv = ['cynthus', *{list(words)!r}]\n"
        "failure.guarded(cli)\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)\n"
    )
    answer = run(Command((sys.executable, "-I", "-c", code), env={"HOME": str(home)} if home else None))
    assert shows in answer.stdout.decode(), answer
    found = set(json.loads(answer.stderr.splitlines()[-1]))
    # What the interpreter itself loads at its start (an editable install's finder, say) is not our doing.
    before = run(Command((sys.executable, "-I", "-c", "import sys; print(*sys.modules)"))).stdout.decode().split()
    return found - set(sys.stdlib_module_names) - {each.partition(".")[0] for each in before}


@pytest.mark.parametrize("words", [("--help",), ("--version",)])
def test_help_and_version_import_nothing_that_they_do_not_need(words: tuple[str, ...]) -> None:
    assert imported_by(*words) <= PACKAGES_OF_HELP


def test_status_imports_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    now = "2026-01-02T03:04:05Z"
    home = str(tmp_path / ".local/share/cynthus/app-1a2b3c")
    entry = Entry("app-1a2b3c", "app", "local", str(folder), "venv", home, now, "up", (), None, now)
    Index(tmp_path / ".local/state/cynthus/deployments").put(entry)
    assert imported_by("status", "--all", home=tmp_path, shows=entry.id) <= PACKAGES_OF_HELP | PACKAGES_OF_VALUES


@pytest.mark.parametrize("verb", [*VERBS, *PLUMBING])
def test_every_verb_has_help_with_examples(verb: str) -> None:
    answer = typed(verb, "--help")
    assert answer.exit_code == 0
    assert f"cynthus {verb}" in answer.output.partition("Examples:")[2]


def test_help_lists_every_verb_with_what_it_does() -> None:
    output = typed("--help").output
    assert [verb for verb, does in VERBS.items() if f"  {verb} " not in output or does not in output] == []


def test_what_only_programs_type_is_not_listed() -> None:
    assert [verb for verb in PLUMBING if verb in typed("--help").output] == []


def test_a_verb_has_a_file_of_its_own() -> None:
    folder = Path(sys.modules["cynthus.cli.main"].__file__ or "").parent / "commands"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert files == {verb.replace("-", "_") for verb in (*VERBS, *PLUMBING)}


def test_version_is_that_of_the_package() -> None:
    assert typed("--version").output == f"cynthus, version {__version__}\n"


def test_a_misspelt_verb_is_answered_with_the_right_one() -> None:
    answer = typed("stauts")
    assert (answer.exit_code, 'did you mean "status"?' in answer.output) == (2, True)


def test_a_verb_that_resembles_none_is_answered_with_where_they_are_listed() -> None:
    assert "`cynthus --help` lists them" in typed("qqqqqq").output


@pytest.mark.parametrize("verb", [*VERBS, *PLUMBING])
def test_every_option_and_argument_is_described(verb: str) -> None:
    command = cli.get_command(click.Context(cli), verb)
    assert command is not None
    options = [each for each in command.params if isinstance(each, click.Option) and not each.hidden]
    assert [each.name for each in options if not each.help] == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_know_the_program(shell: str) -> None:
    answer = typed("completion", shell)
    assert (answer.exit_code, "_CYNTHUS_COMPLETE" in answer.output) == (0, True)


def test_explain_tells_what_a_code_means() -> None:
    answer = typed("explain", "cyn-610")
    assert answer.output.startswith("CYN-610 (exit code 4)\n\nSomebody else is at work on this deployment.")


def test_explain_without_a_code_lists_them() -> None:
    assert typed("explain").output.splitlines()[0].split() == ["CODE", "EXIT", "MEANING"]


def completed(folder: Path, *words: str) -> list[str]:
    """What a shell is offered for the last of `words`, in `folder`."""
    typed_so_far = {"COMP_WORDS": " ".join(("cynthus", *words)), "COMP_CWORD": str(len(words))}
    shell = {"_CYNTHUS_COMPLETE": "bash_complete", **typed_so_far, "HOME": str(folder)}
    answer = run(Command((sys.executable, "-I", "-m", "cynthus"), env=shell, cwd=folder))
    return [each.partition(",")[2] for each in answer.stdout.decode().splitlines()]


def test_verbs_are_completed(tmp_path: Path) -> None:
    assert completed(tmp_path, "pre") == ["prepare"]


def test_folders_are_completed(tmp_path: Path) -> None:
    for name in ("weather", "west", "other"):
        (tmp_path / name).mkdir()
    assert completed(tmp_path, "up", "we") == ["weather/", "west/"]


def test_codes_are_completed(tmp_path: Path) -> None:
    assert completed(tmp_path, "explain", "CYN-61") == ["CYN-610"]


def test_targets_are_completed(tmp_path: Path) -> None:
    assert completed(tmp_path, "up", "--target", "lo") == ["local"]
