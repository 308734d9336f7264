"""The same journey with `runtime: container`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.agent.index import private_index
from tests.agent.wheels import wheel
from tests.journeys.user import COUNT, WAIT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker_engine import DockerEngine
    from tests.journeys.user import User

pytestmark = pytest.mark.engine
WHO = "import os; print('root' if os.getuid() == 0 else 'somebody', os.getcwd())\n"


@pytest.fixture
def owner(user: User, docker_engine: DockerEngine) -> User:
    """A user whose Docker engine answers."""
    user.environment.update({key: docker_engine.environment[key] for key in ("DOCKER_HOST", "DOCKER_CONFIG")})
    return user


def folder(owner: User, engine: DockerEngine, main: str = COUNT, spec: str = "", **files: str) -> Path:
    return owner.folder(main=main, cynthus_yaml=f"image: {{base: '{engine.base}'}}\n{spec}", **files)


def test_where_an_engine_answers_it_is_a_container(owner: User, docker_engine: DockerEngine) -> None:
    app = folder(owner, docker_engine)
    up = owner.cynthus("up", app, "-y")
    assert (up.code, up.out) == (0, "counting\n3 words\n"), up
    assert owner.status(app)["runtime"] == "container"


def test_outputs_come_home_from_a_container(owner: User, docker_engine: DockerEngine) -> None:
    app = folder(owner, docker_engine)
    owner.cynthus("up", app, "-y")
    assert (app / "outputs/latest/count.txt").read_text() == "3"


def test_main_py_is_not_root_in_its_container(owner: User, docker_engine: DockerEngine) -> None:
    assert owner.cynthus("up", folder(owner, docker_engine, WHO), "-y").out == "somebody /app\n"


def test_venv_can_be_chosen_all_the_same(owner: User, docker_engine: DockerEngine) -> None:
    app = folder(owner, docker_engine, spec="runtime: venv\n")
    owner.cynthus("up", app, "-y")
    assert owner.status(app)["runtime"] == "venv"


def test_a_changed_main_py_does_not_build_an_image(owner: User, docker_engine: DockerEngine) -> None:
    app = folder(owner, docker_engine)
    owner.cynthus("up", app, "-y")
    images = docker_engine.lines("images", "--quiet")
    (app / "main.py").write_text("print('changed')\n")
    again = owner.cynthus("up", app, "-y")
    assert again.out == "changed\n", again
    assert docker_engine.lines("images", "--quiet") == images


def test_a_secret_is_neither_in_the_containers_settings_nor_in_its_image(
    owner: User, docker_engine: DockerEngine
) -> None:
    owner.environment["TOKEN"] = "s3ntinel-in-a-box"
    main = "import os; print(len(os.environ['TOKEN']), flush=True)\n" + WAIT.format(path="/app/outputs/never")
    app = folder(owner, docker_engine, main, "secrets: [TOKEN]\n")
    up = owner.cynthus("up", app, "-y", "--detach")
    assert up.code == 0, up
    containers = docker_engine.lines("ps", "--quiet", "--filter", f"label=cynthus-deployment={owner.status(app)['id']}")
    assert len(containers) == 1
    assert "s3ntinel" not in docker_engine.docker("inspect", *containers).stdout.decode()


def test_a_private_index_is_used_and_its_password_stays_nowhere(owner: User, docker_engine: DockerEngine) -> None:
    app = folder(owner, docker_engine, "import tiny\nprint(tiny.VERSION)\n", requirements_txt="tiny\n")
    with private_index(owner.place.with_name(f"{owner.place.name}-index")) as index:
        wheel(index.folder, "tiny")
        owner.environment["PIP_INDEX_URL"] = index.address
        up = owner.cynthus("up", app, "-y")
    assert (up.code, up.out) == (0, "1.0\n"), up
    files = [each for each in owner.place.rglob("*") if each.is_file() and not each.is_symlink()]
    assert [each for each in files if index.password.encode() in each.read_bytes()] == []
    assert index.password not in up.err


def test_exec_goes_into_the_container(owner: User, docker_engine: DockerEngine) -> None:
    app = folder(owner, docker_engine, WAIT.format(path="/app/outputs/never"))
    owner.cynthus("up", app, "-y", "--detach")
    assert owner.cynthus("exec", app, "--", "python3", "-c", "import os; print(os.getcwd())").out == "/app\n"


def test_down_leaves_neither_container_nor_image(owner: User, docker_engine: DockerEngine) -> None:
    app = folder(owner, docker_engine, WAIT.format(path="/app/outputs/never"))
    before = docker_engine.lines("images", "--quiet")
    owner.cynthus("up", app, "-y", "--detach")
    assert owner.cynthus("down", app, "-y").code == 0
    assert docker_engine.lines("ps", "--all", "--quiet") == []
    assert docker_engine.lines("images", "--quiet") == before


def test_the_runtime_of_a_deployment_does_not_flip_when_the_engine_is_gone(
    owner: User, docker_engine: DockerEngine
) -> None:
    app = folder(owner, docker_engine)
    owner.cynthus("up", app, "-y")
    (app / "main.py").write_text("print('other')\n")
    address, owner.environment["DOCKER_HOST"] = owner.environment["DOCKER_HOST"], "unix:///no/such.sock"
    answer = owner.cynthus("up", app, "-y")
    assert (answer.code, "CYN-136" in answer.err) == (2, True), answer
    owner.environment["DOCKER_HOST"] = address
