from __future__ import annotations

import ast
import io
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from cynthus.agent.zipapp import content
from cynthus.process import Command, run

REPOSITORY = Path(__file__).parents[1]
SOURCES = sorted((REPOSITORY / "cynthus").rglob("*.py"))
LAST_LINES = [
    REPOSITORY / "cynthus" / name
    for name in ("agent/detached.py", "cli/failure.py", "operations/side_by_side.py", "storage/crowd.py")
]
"""Where a process or a thread ends, and nobody is left to raise to. (The last two hand it to who wants the result.)"""
NEWER_THAN_3_10 = {
    ("enum", "StrEnum"), ("datetime", "UTC"), ("typing", "Self"), ("typing", "assert_never"), ("typing", "override"),
    ("hashlib", "file_digest"), ("contextlib", "chdir"), ("itertools", "batched"), ("builtins", "ExceptionGroup"),
}  # fmt: skip


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def imported(module: ast.AST) -> set[str]:
    """The modules that are imported anywhere in a module, by their full names."""
    names: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def used(module: ast.AST) -> set[tuple[str, str]]:
    """Every `name.attribute`, and every `from name import attribute`."""
    pairs: set[tuple[str, str]] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            pairs.add((node.value.id, node.attr))
        elif isinstance(node, ast.ImportFrom):
            pairs |= {(node.module or "", alias.name) for alias in node.names}
    return pairs


def loaded(statement: str) -> set[str]:
    """The modules that a fresh Python loads for a statement, beyond what it starts with."""
    program = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    answer = run(Command((sys.executable, "-c", program), cwd=REPOSITORY))
    assert answer.returncode == 0, answer.stderr.decode()
    return set(answer.stdout.decode().split())


def in_type_checking(module: ast.Module) -> set[ast.stmt]:
    """The statements that are there for type checkers only."""
    blocks = [node for node in ast.walk(module) if isinstance(node, ast.If)]
    return {one for block in blocks if ast.unparse(block.test) == "TYPE_CHECKING" for one in block.body}


def test_importing_cynthus_imports_nothing_else() -> None:
    assert loaded("import cynthus") - {"__future__"} == {"cynthus"}


LIGHT = ["files", "process", "settings", "errors", "credentials.secrets", "core.clock"]
VALUES = ["state.index", "state.runs", "state.locks", "state.journal", "core.run", "core.deployment"]


@pytest.mark.parametrize("name", LIGHT)
def test_what_every_command_needs_loads_no_package_of_others(name: str) -> None:
    tops = {module.partition(".")[0] for module in loaded(f"import cynthus.{name}")}
    assert tops - set(sys.stdlib_module_names) == {"cynthus"}


@pytest.mark.parametrize("name", LIGHT)
def test_what_every_command_needs_loads_no_module_that_is_slow_to_load(name: str) -> None:
    assert not loaded(f"import cynthus.{name}") & {"dataclasses", "inspect"}


@pytest.mark.parametrize("name", VALUES)
def test_values_load_no_package_of_others_but_the_one_that_they_are_made_of(name: str) -> None:
    tops = {module.partition(".")[0] for module in loaded(f"import cynthus.{name}")}
    # The second one is looked at by the first, where it is there.
    assert tops - set(sys.stdlib_module_names) - {"typing_extensions"} == {"cynthus", "msgspec"}


def test_imports_go_down_the_staircase() -> None:
    command = Command((str(Path(sys.executable).with_name("lint-imports")), "--no-cache"), cwd=REPOSITORY)
    answer = run(command)
    assert answer.returncode == 0, (answer.stdout + answer.stderr).decode()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_only_process_starts_processes(path: Path) -> None:
    if path == REPOSITORY / "cynthus" / "process.py":
        assert "subprocess" in imported(tree(path))
        return
    if path == REPOSITORY / "cynthus/targets/ssh/reader.py":
        return  # it is sent to a host and runs there, alone
    module = tree(path)
    for_types = ast.Module(list(in_type_checking(module)), [])
    assert "subprocess" not in imported(module) - imported(for_types)
    starters = ("system", "popen", "posix_spawn", "posix_spawnp", "spawnv", "spawnvp", "spawnvpe", "spawnl", "spawnlp")
    assert not used(module) & {("os", name) for name in starters}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_no_error_is_swallowed_whatever_it_is(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"line {node.lineno}"
            caught = ast.unparse(node.type)
            assert "Exception" not in caught.replace("BaseException", "").split(), f"line {node.lineno}"
            if caught == "BaseException" and path not in LAST_LINES:
                assert isinstance(node.body[-1], ast.Raise), f"line {node.lineno}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_only_the_command_line_and_programs_of_their_own_print(path: Path) -> None:
    place = path.relative_to(REPOSITORY / "cynthus").parts[0]
    calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    printed = [call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]
    assert place == "cli" or not printed


def carried() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


CARRIED = carried()


def module_name(path: str) -> str:
    return ".".join(PurePosixPath(path).with_suffix("").parts).removesuffix(".__init__")


WITH_A_LIBRARY = {
    "cynthus/agent/huggingface.py": {"huggingface_hub"},
    "cynthus/agent/kaggle.py": {"kaggle", "kagglesdk"},
    "cynthus/agent/gcs.py": {"google_crc32c"},
    "cynthus/agent/gcs_failure.py": {"google", "requests", "urllib3"},
    "cynthus/agent/gcs_session.py": {"google", "requests"},
}
"""What runs in a Python that has a library, and imports that only when it is called."""


@pytest.mark.parametrize("path", sorted(WITH_A_LIBRARY))
def test_what_needs_a_library_imports_it_late(path: str) -> None:
    at_once = [node for node in ast.parse(CARRIED[path]).body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not {name for node in at_once for name in imported(node)} & WITH_A_LIBRARY[path]


@pytest.mark.parametrize("path", sorted(CARRIED))
def test_what_a_host_is_sent_needs_the_standard_library_only(path: str) -> None:
    modules = {module_name(name) for name in CARRIED}
    libraries = WITH_A_LIBRARY.get(path, set())
    for name in imported(ast.parse(CARRIED[path])):
        top = name.partition(".")[0]
        # `from a.b import c`: c is a module or a name in one.
        ours = name in modules or name.rpartition(".")[0] in modules
        assert ours if top == "cynthus" else top in (sys.stdlib_module_names | libraries), name


@pytest.mark.parametrize("path", sorted(CARRIED))
def test_what_a_host_is_sent_runs_on_python_3_10(path: str) -> None:
    module = ast.parse(CARRIED[path], feature_version=(3, 10))
    assert not used(module) & NEWER_THAN_3_10
    assert "tomllib" not in imported(module)
    assert not any(isinstance(node, ast.TryStar) for node in ast.walk(module))
