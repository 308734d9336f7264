from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.core.program import check_engine, find_main, find_requirements, named_script
from cynthus.errors import MissingProgram, PackageMissing, RequirementsMissing
from tests.specs import spec

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.spec import AppSpec


def fill(folder: Path, *files: str) -> Path:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    return folder


def missing(folder: Path, wanted: AppSpec) -> MissingProgram:
    with pytest.raises(MissingProgram) as caught:
        find_main(folder, wanted)
    return caught.value


@pytest.mark.parametrize(
    ("files", "source"),
    [
        (("src/main.py",), "src"),
        (("main.py",), "."),
        (("main.py", "src/main.py"), "src"),
        (("main.py", "src/other.py"), "."),
    ],
)
def test_the_usual_places_are_found(tmp_path: Path, files: tuple[str, ...], source: str) -> None:
    assert find_main(fill(tmp_path, *files), spec()) == tmp_path / source


def test_a_named_source_counts_alone(tmp_path: Path) -> None:
    fill(tmp_path, "src/main.py", "code/main.py")
    assert find_main(tmp_path, spec(source="code")) == tmp_path / "code"


def test_a_program_of_another_name_is_found_where_it_lies(tmp_path: Path) -> None:
    fill(tmp_path, "main.py", "src/train.py")
    assert find_main(tmp_path, spec(run=["python", "-u", "train.py", "main.py"])) == tmp_path / "src"


def test_a_program_named_with_its_folder_starts_in_the_whole_folder(tmp_path: Path) -> None:
    fill(tmp_path, "src/train.py")
    assert find_main(tmp_path, spec(run=["python", "src/train.py"])) == tmp_path / "."


@pytest.mark.parametrize("command", [["bash", "train.sh"], ["./train.sh"], ["nice", "-n", "5", "bash", "train.sh"]])
def test_a_script_of_another_language_is_found_too(tmp_path: Path, command: list[str]) -> None:
    fill(tmp_path, "src/train.sh")
    assert find_main(tmp_path, spec(run=command)) == tmp_path / "src"


@pytest.mark.parametrize(
    "command", [["nvidia-smi"], ["python", "-m", "http.server"], ["python", "/opt/tool.py"], ["python"]]
)
def test_a_command_that_names_no_file_needs_none(tmp_path: Path, command: list[str]) -> None:
    assert find_main(tmp_path, spec(run=command)) == tmp_path / "."


def test_an_empty_folder_is_told_to_begin(tmp_path: Path) -> None:
    error = missing(tmp_path, spec())
    assert f"{tmp_path}/src/main.py or {tmp_path}/main.py" in error.message
    assert "cynthus init" in error.hint


@pytest.mark.parametrize(
    ("files", "best"),
    [
        (("a.py", "train.py", "z.py"), "train.py"),
        (("a.py", "mian.py", "train.py"), "mian.py"),
        (("src/b.py", "c.py"), "b.py"),
        (("Main.py",), "Main.py"),
        (("my script.py",), "'my script.py'"),
    ],
)
def test_the_likeliest_program_is_named(tmp_path: Path, files: tuple[str, ...], best: str) -> None:
    error = missing(fill(tmp_path, *files), spec())
    assert error.hint.endswith(f"`run: [python, {best}]`")


def test_a_folder_called_main_py_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "main.py").mkdir()
    assert "there is no" in missing(tmp_path, spec()).message


def test_a_missing_source_folder_is_named(tmp_path: Path) -> None:
    fill(tmp_path, "main.py")
    assert "`source: code`" in missing(tmp_path, spec(source="code")).message


def test_a_program_outside_the_source_folder_is_refused(tmp_path: Path) -> None:
    fill(tmp_path, "main.py", "src/x.py")
    assert "leads out" in missing(tmp_path, spec(source="src", run=["python", "../main.py"])).message


def test_a_name_longer_than_any_file_is_just_missing(tmp_path: Path) -> None:
    assert "there is no" in missing(tmp_path, spec(run=["python", "x" * 300])).message


@pytest.mark.parametrize(
    ("command", "script"),
    [
        (("python", "main.py"), "main.py"),
        (("python3.12", "-u", "a/b.py", "c"), "a/b.py"),
        (("python", "-m", "app"), None),
        (("python", "-X", "dev", "main.py"), None),
        (("bash", "main.py"), None),
        (("pythonic", "main.py"), None),
        (("python",), None),
    ],
)
def test_the_script_is_what_python_is_given(command: tuple[str, ...], script: str | None) -> None:
    assert named_script(command) == script


@pytest.mark.parametrize(
    ("files", "source", "found"),
    [
        ((), "src", None),
        (("requirements.txt",), "src", "requirements.txt"),
        (("src/requirements.txt",), "src", "src/requirements.txt"),
        (("requirements.txt", "src/requirements.txt"), "src", "src/requirements.txt"),
        (("requirements.txt",), ".", "requirements.txt"),
    ],
)
def test_requirements_are_found_beside_the_program_first(
    tmp_path: Path, files: tuple[str, ...], source: str, found: str | None
) -> None:
    fill(tmp_path, "src/main.py", *files)
    assert find_requirements(tmp_path, spec(), tmp_path / source) == found


def test_none_installs_nothing_although_there_is_a_file(tmp_path: Path) -> None:
    fill(tmp_path, "requirements.txt")
    assert find_requirements(tmp_path, spec(requirements="none"), tmp_path) is None


def test_a_named_file_counts_alone(tmp_path: Path) -> None:
    fill(tmp_path, "requirements.txt", "deps/gpu.txt")
    assert find_requirements(tmp_path, spec(requirements="deps/gpu.txt"), tmp_path) == "deps/gpu.txt"


def test_a_named_file_that_is_not_there_is_missed(tmp_path: Path) -> None:
    fill(tmp_path, "requirements.txt")
    with pytest.raises(RequirementsMissing, match=r"deps\.txt"):
        find_requirements(tmp_path, spec(requirements="deps.txt"), tmp_path)


def engine_refused(folder: Path, wanted: AppSpec, requirements: str | None, *named: str) -> PackageMissing:
    with pytest.raises(PackageMissing) as caught:
        check_engine(folder, wanted, requirements, named)
    return caught.value


def test_ray_that_no_requirement_names_is_refused_with_the_line_to_add(tmp_path: Path) -> None:
    refused = engine_refused(tmp_path, spec(engine="ray"), "src/requirements.txt", "numpy")
    assert refused.hint == "add to src/requirements.txt a line `ray`, or `ray[default]`"


def test_ray_without_any_requirements_is_refused_with_the_file_to_create(tmp_path: Path) -> None:
    refused = engine_refused(tmp_path, spec(engine="ray"), None)
    assert f"there is no requirements.txt in {tmp_path}" in refused.message
    assert "create it" in refused.hint


def test_ray_with_no_requirements_wanted_is_refused(tmp_path: Path) -> None:
    refused = engine_refused(tmp_path, spec(engine="ray", requirements="none"), None)
    assert "`requirements: none`" in refused.message


@pytest.mark.parametrize("keys", [{"engine": "none"}, {}, {"engine": "ray", "image": {"base": "with-ray:1"}}])
def test_without_ray_or_with_a_base_that_may_have_it_nothing_is_asked(tmp_path: Path, keys: dict[str, object]) -> None:
    check_engine(tmp_path, spec(**keys), None, ())
