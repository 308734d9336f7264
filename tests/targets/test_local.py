"""What the target `local` decides and says."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.core.deployment import ConnectionInfo, Host
from cynthus.core.placement import Placement
from cynthus.errors import PlacementRefused, PythonMissing, RuntimeUnavailable
from cynthus.targets.local.target import LocalTarget
from tests.specs import spec
from tests.targets.places import engine, script, settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.finding import Finding
    from cynthus.core.spec import AppSpec


def place(folder: Path, environment: dict[str, str] | None = None, **keys: Any) -> Placement:
    return LocalTarget(settings_of(folder, **(environment or {}))).place(spec(**keys), folder)


def with_gpus(folder: Path, *names: str) -> Path:
    """Give the machine GPUs."""
    script(folder, "nvidia-smi", "\n".join(f"echo '{name}'" for name in names))
    return folder


def test_the_plainest_app_is_placed_without_gpus(tmp_path: Path) -> None:
    placement = place(tmp_path)
    assert (placement.target, placement.nodes, placement.gpus) == ("local", 1, 0)


# the runtime


def test_without_an_engine_the_runtime_is_venv_and_says_why(tmp_path: Path) -> None:
    script(tmp_path, "docker", "")
    placement = place(tmp_path)
    assert placement.runtime == "venv"
    assert placement.reasons == (f"no Docker engine: there is no {tmp_path}/no.sock",)


def test_where_an_engine_answers_the_runtime_is_a_container(tmp_path: Path) -> None:
    script(tmp_path, "docker", "")
    with engine() as address:
        placement = place(tmp_path, {"DOCKER_HOST": address})
    assert (placement.runtime, placement.reasons) == ("container", ("Docker Engine 99.1 answers",))


def test_an_engine_whose_command_line_is_missing_is_not_chosen(tmp_path: Path) -> None:
    with engine() as address:
        placement = place(tmp_path, {"DOCKER_HOST": address})
    assert placement.runtime == "venv"
    assert placement.reasons == ("no Docker engine: the `docker` command is not on PATH",)


def test_who_asks_for_venv_gets_it_although_an_engine_answers(tmp_path: Path) -> None:
    script(tmp_path, "docker", "")
    with engine() as address:
        placement = place(tmp_path, {"DOCKER_HOST": address}, runtime="venv")
    assert (placement.runtime, placement.reasons) == ("venv", ())


def test_who_asks_for_a_container_is_told_no_reason(tmp_path: Path) -> None:
    script(tmp_path, "docker", "")
    with engine() as address:
        placement = place(tmp_path, {"DOCKER_HOST": address}, runtime="container")
    assert (placement.runtime, placement.reasons) == ("container", ())


def test_a_container_without_an_engine_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match="not on PATH") as caught:
        place(tmp_path, runtime="container")
    assert "runtime: venv" in caught.value.hint


@pytest.mark.parametrize("runtime", ["venv", "auto"])
def test_a_python_that_is_not_there_is_refused(tmp_path: Path, runtime: str) -> None:
    with pytest.raises(PythonMissing, match=r"python3\.99") as caught:
        place(tmp_path, runtime=runtime, image={"python": "3.99"})
    assert "runtime: container" in caught.value.hint


def test_a_python_on_the_path_of_the_user_is_taken(tmp_path: Path) -> None:
    script(tmp_path, "python3.99", "")
    assert place(tmp_path, runtime="venv", image={"python": "3.99"}).runtime == "venv"


def test_in_a_container_any_python_will_do(tmp_path: Path) -> None:
    script(tmp_path, "docker", "")
    with engine() as address:
        assert place(tmp_path, {"DOCKER_HOST": address}, image={"python": "3.99"}).runtime == "container"


# what the machine has


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        ("L4", "NVIDIA L4"),
        ("T4", "Tesla T4"),
        ("A100", "NVIDIA A100-SXM4-80GB"),
        ("A100-80GB", "NVIDIA A100-SXM4-80GB"),
        ("H100-80GB", "NVIDIA H100 80GB HBM3"),
        ("RTX-4090", "NVIDIA GeForce RTX 4090"),
        ("RTX-6000-Ada", "NVIDIA RTX 6000 Ada Generation"),
    ],
)
def test_a_gpu_is_known_by_the_name_that_its_driver_gives(tmp_path: Path, wish: str, name: str) -> None:
    assert place(with_gpus(tmp_path, name), resources={"gpu": wish}).gpus == 1


@pytest.mark.parametrize(
    ("wish", "name"), [("L4", "NVIDIA L40"), ("A100-80GB", "NVIDIA A100-SXM4-40GB"), ("A10", "NVIDIA A10G")]
)
def test_a_gpu_with_a_similar_name_is_another_one(tmp_path: Path, wish: str, name: str) -> None:
    with pytest.raises(PlacementRefused, match=name):
        place(with_gpus(tmp_path, name), resources={"gpu": wish})


def test_a_gpu_on_a_machine_without_any_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlacementRefused, match=r"L4:1.*this machine has no GPU") as caught:
        place(tmp_path, resources={"gpu": "L4:1"})
    assert "target" in caught.value.hint


def test_one_gpu_is_not_two(tmp_path: Path) -> None:
    with pytest.raises(PlacementRefused, match="L4:2"):
        place(with_gpus(tmp_path, "NVIDIA L4"), resources={"gpu": "L4:2"})


def test_gpus_of_two_models_are_not_added_up(tmp_path: Path) -> None:
    with pytest.raises(PlacementRefused, match="NVIDIA L4, Tesla T4"):
        place(with_gpus(tmp_path, "NVIDIA L4", "Tesla T4"), resources={"gpu": "L4:2"})


def test_the_first_wish_that_can_be_had_is_taken_and_said(tmp_path: Path) -> None:
    folder = with_gpus(tmp_path, "NVIDIA L4", "NVIDIA L4")
    placement = place(folder, resources={"gpu": ["A100:1", "L4:2", "L4:1"]}, runtime="venv")
    assert (placement.gpus, placement.reasons) == (2, ("this machine has L4:2",))


def test_wishes_that_cannot_be_had_are_all_named(tmp_path: Path) -> None:
    with pytest.raises(PlacementRefused, match="A100:1 or L4:2"):
        place(tmp_path, resources={"gpu": ["A100:1", "L4:2"]})


@pytest.mark.parametrize(
    ("resources", "word"),
    [
        ({"cpus": "4000"}, "cpus: 4000"),
        ({"memory": "999TB"}, "memory: 999TB"),
        ({"disk": "99999TB"}, "disk: 99999TB"),
        ({"nodes": "2"}, "nodes: 2"),
    ],
)
def test_more_than_the_machine_has_is_refused(tmp_path: Path, resources: dict[str, str], word: str) -> None:
    with pytest.raises(PlacementRefused, match=word):
        place(tmp_path, resources=resources)


def test_what_the_machine_has_is_granted(tmp_path: Path) -> None:
    assert place(tmp_path, resources={"cpus": "1+", "memory": "1MB+", "disk": "1MB"}).target == "local"


# what is told to the others


def test_it_costs_nothing(tmp_path: Path) -> None:
    offer = LocalTarget(settings_of(tmp_path)).offer(spec(), Placement("local", "venv"))
    assert (offer.machine, offer.per_hour, offer.maximum) == ("this machine", 0.0, 0.0)


@pytest.mark.parametrize(("gpus", "words"), [(1, "this machine with 1 GPU"), (2, "this machine with 2 GPUs")])
def test_the_offer_names_the_gpus(tmp_path: Path, gpus: int, words: str) -> None:
    offer = LocalTarget(settings_of(tmp_path)).offer(spec(), Placement("local", "venv", gpus=gpus))
    assert offer.machine == words


def test_terraform_is_told_the_deployment_and_the_gpus(tmp_path: Path) -> None:
    target = LocalTarget(settings_of(tmp_path))
    values = target.variables("app-123abc", spec(), Placement("local", "venv", gpus=2), target.roots[-1])
    assert values == {"deployment": "app-123abc", "gpus": 2}


def test_a_deployment_lies_in_the_data_folder_of_the_user(tmp_path: Path) -> None:
    host = Host("local", "localhost", "localhost", None, 22, 0, ConnectionInfo("local"))
    connection = LocalTarget(settings_of(tmp_path, XDG_DATA_HOME="/big")).connect(host, tmp_path)
    assert connection.home("app-123abc") == PurePosixPath("/big/cynthus/app-123abc")


def test_its_host_is_reached_with_the_environment_of_the_user(tmp_path: Path) -> None:
    script(tmp_path, "hello", "echo hello")
    host = Host("local", "localhost", "localhost", None, 22, 0, ConnectionInfo("local"))
    connection = LocalTarget(settings_of(tmp_path)).connect(host, tmp_path)
    assert connection.run((str(tmp_path / "bin/hello"),)).stdout == b"hello\n"


def test_a_secret_that_the_shell_exports_does_not_go_along_to_the_host(tmp_path: Path) -> None:
    host = Host("local", "localhost", "localhost", None, 22, 0, ConnectionInfo("local"))
    connection = LocalTarget(settings_of(tmp_path, TOKEN_OF_A_TEST="geheim")).connect(host, tmp_path)
    assert b"geheim" not in connection.run(("/usr/bin/env",)).stdout


# doctor


def findings(folder: Path, app: AppSpec | None = None, **environment: str) -> dict[str, Finding]:
    return {found.check: found for found in LocalTarget(settings_of(folder, **environment)).check(app, folder)}


def test_doctor_looks_at_disk_gpus_and_docker(tmp_path: Path) -> None:
    assert list(findings(tmp_path)) == ["disk", "gpu", "docker"]


def test_doctor_names_the_gpus(tmp_path: Path) -> None:
    assert findings(with_gpus(tmp_path, "NVIDIA L4", "Tesla T4"))["gpu"].message == "NVIDIA L4, Tesla T4"


def test_doctor_minds_no_machine_without_gpus(tmp_path: Path) -> None:
    assert findings(tmp_path)["gpu"].level == "ok"


def test_doctor_names_the_engine(tmp_path: Path) -> None:
    script(tmp_path, "docker", "")
    with engine() as address:
        found = findings(tmp_path, DOCKER_HOST=address)["docker"]
    assert (found.level, found.message) == ("ok", "Docker Engine 99.1 answers")


def test_no_engine_is_fine_for_who_needs_none(tmp_path: Path) -> None:
    found = findings(tmp_path, spec())["docker"]
    assert (found.level, found.fix) == ("ok", "")


def test_no_engine_is_an_error_for_an_app_that_asks_for_a_container(tmp_path: Path) -> None:
    found = findings(tmp_path, spec(runtime="container"))["docker"]
    assert (found.level, "runtime: venv" in found.fix) == ("error", True)


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ({"zone": "us-central1-a"}, "`zone: us-central1-a` below `resources:` says how a machine is to be made"),
        ({"spot": True}, "`spot: true` below `resources:` says"),
        ({"flex_start": True}, "`flex_start: true` below `resources:` says"),
        ({"reservation": "lab"}, "`reservation: lab` below `resources:` says"),
        ({"zone": "us-central1-a", "spot": True}, "`zone: us-central1-a` and `spot: true` below `resources:` say how"),
    ],
)
def test_where_no_machine_is_made_it_is_refused_to_say_how(
    tmp_path: Path, resources: dict[str, Any], message: str
) -> None:
    with pytest.raises(PlacementRefused) as caught:
        place(tmp_path, resources=resources)
    assert message in caught.value.message
    assert "`target: local` none is" in caught.value.message
    assert caught.value.hint == "leave that out, or choose a `target:` that makes machines: gcp"
