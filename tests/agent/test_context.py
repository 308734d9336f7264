"""What a build with the user's own Dockerfile sees."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import context, environment, spec
from tests.agent.host import document

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.agent.spec import Spec

FILES = ("main.py", "app/a.py", "app/b c.py", "app/deep/c.txt", "tools/run.sh", "requirements.txt", "data/large.bin")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return tmp_path


def described(dockerfile: str = "Dockerfile") -> Spec:
    data = [{"name": None, "from": "data", "mode": "mount"}]
    return spec.parse(document(runtime="container", dockerfile=dockerfile, data=data))


def seen(folder: Path, *lines: str) -> list[str]:
    (folder / "Dockerfile").write_text("\n".join(("FROM base", *lines)) + "\n")
    return list(context.of(described(), folder).files)


@pytest.mark.parametrize(
    ("line", "files"),
    [
        ("RUN pip install numpy", []),
        ("COPY requirements.txt /tmp/", ["requirements.txt"]),
        ("copy ./requirements.txt tools/run.sh /tmp/", ["requirements.txt", "tools/run.sh"]),
        ("COPY --chown=1:1 app /app", ["app/a.py", "app/b c.py", "app/deep/c.txt"]),
        ('COPY ["app/b c.py", "/app/"]', ["app/b c.py"]),
        ("COPY app/*.py /app/", ["app/a.py", "app/b c.py", "app/deep/c.txt"]),
        ("COPY \\\n  # why\n  requirements.txt \\\n  /tmp/", ["requirements.txt"]),
        ("COPY --from=other /x /y", []),
        ("COPY\trequirements.txt /tmp/", ["requirements.txt"]),
        ("ADD https://example.org/x.tar.gz /x/", []),
        ("ENV A=$B", []),
        ("RUN --mount=type=cache,target=/c echo $HOME", []),
        ("# COPY app /app", []),
    ],
)
def test_a_build_sees_what_the_dockerfile_takes(folder: Path, line: str, files: list[str]) -> None:
    assert seen(folder, line) == files


@pytest.mark.parametrize(
    "line", ["COPY . /app", "COPY / /app", "COPY $WHAT /app", "ONBUILD COPY app /app", "COPY <<EOF /x\nhello\nEOF"]
)
def test_where_nobody_can_tell_it_sees_all_that_is_source(folder: Path, line: str) -> None:
    found = seen(folder, line)
    assert set(found) == {*FILES, "Dockerfile"} - {"data/large.bin"}


def test_a_folder_that_a_command_mounts_is_seen(folder: Path) -> None:
    assert "main.py" in seen(folder, "RUN --mount=type=bind,target=/src ls /src")


def test_what_dockerignore_leaves_out_is_not_seen(folder: Path) -> None:
    (folder / ".dockerignore").write_text("app/deep\n")
    assert seen(folder, "COPY app /app") == ["app/a.py", "app/b c.py"]


def test_what_dockerignore_beside_a_dockerfile_leaves_out_is_not_seen(folder: Path) -> None:
    (folder / "app/Dockerfile").write_text("FROM base\nCOPY . /app\n")
    (folder / "app/.dockerignore").write_text("deep\n")
    files = context.of(described("app/Dockerfile"), folder).files
    assert files == (".dockerignore", "Dockerfile", "a.py", "b c.py")


def test_a_link_to_a_folder_counts_as_what_is_in_it(folder: Path) -> None:
    (folder / "current").symlink_to("app/deep")
    assert seen(folder, "COPY current /x") == ["current/c.txt"]


def test_a_changed_main_py_that_is_not_taken_makes_no_other_environment(folder: Path) -> None:
    seen(folder, "COPY requirements.txt /tmp/")
    before = environment.identify(described(), folder)
    (folder / "main.py").write_text("other")
    assert environment.identify(described(), folder) == before


@pytest.mark.parametrize("name", ["requirements.txt", "Dockerfile"])
def test_a_changed_file_that_is_taken_makes_another(folder: Path, name: str) -> None:
    seen(folder, "COPY requirements.txt /tmp/")
    before = environment.identify(described(), folder)
    with open(folder / name, "a") as stream:
        stream.write("# more\n")
    assert environment.identify(described(), folder) != before


def test_a_file_that_can_be_run_now_makes_another(folder: Path) -> None:
    seen(folder, "COPY tools /tools")
    before = environment.identify(described(), folder)
    (folder / "tools/run.sh").chmod(0o755)
    assert environment.identify(described(), folder) != before


def test_a_version_that_was_kept_is_the_same_environment(folder: Path) -> None:
    files = seen(folder, "COPY app requirements.txt /app/")
    kept = folder / ".cynthus/a-beef/recipes/1/files"
    for name in ("Dockerfile", *files):
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / name, kept / name)
    (folder / ".cynthus/.gitignore").write_text("*\n")
    place = ".cynthus/a-beef/recipes/1/files/Dockerfile"
    assert environment.identify(described(place), folder) == environment.identify(described(), folder)
