from __future__ import annotations

import os
import random
import shutil
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import dockerignore, ignore
from cynthus.agent.wildmatch import translate
from cynthus.process import Command, run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*.py", "a.py"), ("a?c", "abc"), ("[abc]", "b"), ("[!abc]", "d"), ("[a-c]x", "bx"), ("a/**/b", "a/b"),
        ("a/**/b", "a/x/y/b"), ("**/b", "b"), ("**/b", "x/y/b"), ("a/**", "a/x/y"), ("\\*", "*"), ("[]]", "]"),
        ("[[:digit:]]", "5"), ("[\\]]", "]"), ("a.b", "a.b"), ("[a-]", "-"), ("**", "a/b"),
    ],
)  # fmt: skip
def test_a_pattern_matches(pattern: str, path: str) -> None:
    expression = translate(pattern.encode())
    assert expression is not None
    assert expression.fullmatch(path.encode())


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*.py", "a/b.py"), ("a?c", "a/c"), ("[!a]", "/"), ("a/**", "a"), ("a.b", "axb"), ("[c-a]", "b"), ("\\*", "x"),
        ("[[:alpha:]]", "5"), ("a/**/b", "ab"), ("a**b", "a/b"),
    ],
)  # fmt: skip
def test_a_pattern_does_not_match(pattern: str, path: str) -> None:
    expression = translate(pattern.encode())
    assert expression is not None
    assert not expression.fullmatch(path.encode())


@pytest.mark.parametrize("pattern", ["[", "[a", "[[:none:]]", "a\\"])
def test_a_pattern_that_is_not_finished_matches_nothing(pattern: str) -> None:
    assert translate(pattern.encode()) is None


@pytest.mark.parametrize("line", ["", "# note", "   ", "!", "/", "\\"])
def test_a_line_that_says_nothing_is_no_rule(line: str) -> None:
    assert ignore.parse(line.encode()) is None


def test_a_space_at_the_end_counts_only_behind_a_backslash() -> None:
    with_one, without = ignore.parse(b"a\\ "), ignore.parse(b"a  ")
    assert with_one is not None
    assert without is not None
    assert with_one.expression.fullmatch(b"a ")
    assert without.expression.fullmatch(b"a")


def test_a_rule_with_a_slash_at_its_end_is_for_folders(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("x/\n")
    rules = ignore.read(tmp_path / ".gitignore", "")
    assert rules is not None
    assert ignore.ignored([rules], "x", is_folder=True)
    assert not ignore.ignored([rules], "x", is_folder=False)


def test_where_there_is_no_gitignore_there_are_no_rules(tmp_path: Path) -> None:
    assert ignore.read(tmp_path / ".gitignore", "") is None


def test_a_file_of_another_system_is_read(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes(b"\xef\xbb\xbfa\r\nb\r\n")
    rules = ignore.read(tmp_path / ".gitignore", "")
    assert rules is not None
    assert [ignore.ignored([rules], name, is_folder=False) for name in "abc"] == [True, True, False]


def left_out(rules: ignore.Rules | None, path: str) -> bool:
    """As the walk through a source does it: from the outermost folder in."""
    parts = path.split("/")
    ways = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    stack = [rules] if rules else []
    return any(ignore.ignored(stack, way, is_folder=way != path) for way in ways)


def random_patterns(chance: random.Random, count: int) -> list[str]:
    pieces = ["a", "b", "ab", "*", "?", "**", "/", "/", "[ab]", "[!a]", "\\a", ".", "!", "[a-b]", "a*", "*b", "**/"]
    return ["".join(chance.choices(pieces, k=chance.randint(1, 5))) for _ in range(count)]


def random_paths(chance: random.Random, count: int) -> list[str]:
    names = ["a", "b", "ab", "ba", "aa", "a.b", ".a", "bb", "!a", "a b"]
    return ["/".join(chance.choices(names, k=chance.randint(1, 4))) for _ in range(count)]


@pytest.mark.parametrize("seed", range(6))
def test_gitignore_means_what_git_says_it_means(tmp_path: Path, seed: int) -> None:
    if shutil.which("git") is None:
        pytest.skip("there is no git to compare with")
    chance = random.Random(seed)
    paths = random_paths(chance, 20)
    cases: list[tuple[str, str, str]] = []
    run(Command(("git", "init", "--quiet", str(tmp_path)), env={"PATH": os.environ["PATH"]}))
    for number, first in enumerate(random_patterns(chance, 150)):
        text = "\n".join([first, *random_patterns(chance, chance.randint(0, 2))]) + "\n"
        folder = tmp_path / f"d{number}"
        folder.mkdir()
        (folder / ".gitignore").write_text(text)
        cases += [(text, f"d{number}/", path) for path in paths]
    asked = "\0".join(folder + path for _, folder, path in cases)
    command = Command(
        ("git", "check-ignore", "--no-index", "--stdin", "-z"), cwd=tmp_path, stdin=asked.encode(),
        env={"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(tmp_path)},
    )  # fmt: skip
    said = set(run(command).stdout.decode().split("\0"))
    wrong = []
    for text, below, path in cases:
        rules = ignore.read(tmp_path / below / ".gitignore", "")
        if left_out(rules, path) != (below + path in said):
            wrong.append((text, path, below + path in said))
    assert not wrong


@pytest.mark.parametrize(
    ("text", "path", "out"),
    [
        ("a\n", "a", True), ("a\n", "a/b", True), ("a\n", "x/a", False), ("**/a\n", "x/a", True),
        ("*.md\n", "x/y.md", False),
        ("*\n!a\n", "a", False), ("*\n!a\n", "b", True), ("a/../b\n", "b", True), ("/a\n", "a", True),
        ("# a\n", "a", False), (" a \n", "a", True), ("!\n", "a", False), (".\n", "a", False),
    ],
)  # fmt: skip
def test_dockerignore_means_what_docker_says_it_means(tmp_path: Path, text: str, path: str, *, out: bool) -> None:
    (tmp_path / ".dockerignore").write_text(text)
    assert dockerignore.read(tmp_path / ".dockerignore").ignored(path) is out


def test_where_there_is_no_dockerignore_nothing_is_left_out(tmp_path: Path) -> None:
    assert not dockerignore.read(tmp_path / ".dockerignore").ignored("a")
