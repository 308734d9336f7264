"""What the ledger's program says of a host that is only told of."""

from __future__ import annotations

import json
import pwd
import stat
from typing import TYPE_CHECKING, Any

import pytest

from tests.ansible.standins import ROLES, StandIn

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = ROLES / "ledger/files"
OURS = "weather-1a2b3c"
UNLABELLED = {"Id": "sha256:1", "RepoTags": ["mine:1"], "RepoDigests": [], "Config": {"Labels": None}}
PULLED = {**UNLABELLED, "RepoDigests": ["mine@sha256:1"]}
BUILT = {**UNLABELLED, "Config": {"Labels": {"cynthus-deployment": OURS}}}
VOLUME = "a" * 64


class Lab:
    """A host on which docker.io and containerd were noted; apt would remove both."""

    def __init__(self, place: Path) -> None:
        self.host = StandIn(place)
        self.file = place / "lib/installed.json"
        self.data = place / "docker-data"
        self.data.mkdir()
        self.there("docker.io", "containerd")
        self.engine()
        self.host.program("ctr", ("*", "moby", 0))
        self.host.program("pgrep", otherwise=1)
        self.noted()

    def there(self, *names: str, config: tuple[str, ...] = ()) -> None:
        """The packages that are installed, and those that have left their settings; apt would remove the former."""
        cases = [f"{name}) echo 'installed {name}';;" for name in names]
        cases += [f"{name}) echo 'config-files {name}';;" for name in config]
        self.host.script("dpkg-query", "for name; do case $name in " + " ".join(cases) + " esac; done\n")
        self.host.program("apt-get", ("*purge*", "\n".join(f"Purg {name} [1]" for name in names), 0))

    def engine(
        self, *images: dict[str, Any], containers: str = "", volumes: str = "", mounts: str = "", status: str = "[]"
    ) -> None:
        self.host.program(
            "docker",
            ("*--filter*", mounts, 0),
            ("'ps '*", containers, 0),
            ("'volume ls'*", volumes, 0),
            ("'volume inspect'*", str(self.data / "volume"), 0),
            ("'info '*", status, 0),
            ("'image ls'*", " ".join(image["Id"] for image in images), 0),
            ("'image inspect'*", "\n".join(map(json.dumps, images)), 0),
        )

    def noted(self, **changed: Any) -> None:
        self.file.parent.mkdir(exist_ok=True)
        usual = {
            "schema": 1, "asked": ["docker.io"], "packages": ["containerd", "docker.io"],
            "data": {str(self.data): "absent"},
        }  # fmt: skip
        self.file.write_text(json.dumps({**usual, **changed}))

    @property
    def record(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.file.read_text())
        return found

    def do(self, verb: str, **wish: Any) -> dict[str, Any]:
        asked = {"verb": verb, "file": str(self.file), "root": str(self.host.folder / "root"), **wish}
        done = self.host.python("ledger", PROGRAM, wish=asked)
        assert done.returncode == 0, done.stderr.decode()
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def look(self) -> dict[str, Any]:
        return self.do("look", deployment=OURS)

    def problems(self) -> str:
        return " | ".join(each["message"] for each in self.look()["problems"])


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_what_is_ours_goes_with_its_data(lab: Lab) -> None:
    found = lab.look()
    assert (found["removes"], found["problems"]) == (["docker.io", "containerd", str(lab.data)], [])


# Data


def test_data_whose_engine_somebody_else_has_removed_stay(lab: Lab) -> None:
    lab.there("containerd")
    found = lab.look()
    assert (found["data"], found["kept"]) == ([], [f"{lab.data}: another engine may use it"])


def test_a_containerd_whose_docker_somebody_else_has_removed_stays_while_it_keeps_something(lab: Lab) -> None:
    lab.there("containerd")
    assert lab.problems() == "containerd keeps something of others: moby"
    lab.host.program("ctr", ("*", "", 0))
    assert lab.problems() == ""


def test_data_whose_engine_went_in_a_removal_that_was_cut_off_go(lab: Lab) -> None:
    lab.there()
    lab.noted(removing=True)
    assert lab.look()["data"] == [str(lab.data)]


@pytest.mark.parametrize("program", ["dockerd", "pgrep"])
def test_data_on_which_another_engine_runs_stay(lab: Lab, program: str) -> None:
    lab.there()
    lab.noted(removing=True)
    lab.host.program(program, ("*", "1", 0))
    assert lab.look()["data"] == []


def test_only_a_removal_of_the_engine_is_marked(lab: Lab) -> None:
    seal = lab.look()["seal"]
    lab.do("begin", seal=seal, ends=False)
    assert "removing" not in lab.record
    lab.do("begin", seal=seal, ends=True)
    assert lab.record["removing"] is True


def test_what_is_installed_again_is_not_being_removed(lab: Lab) -> None:
    lab.noted(removing=True)
    lab.do("note")
    assert lab.record["removing"] is False


def test_who_else_uses_containerd_keeps_it(lab: Lab) -> None:
    lab.host.program("ctr", ("*", "k8s.io\nmoby", 0))
    assert lab.problems() == "containerd keeps something of others: k8s.io"
    lab.host.program("ctr", otherwise=1)
    assert "containerd does not answer" in lab.problems()


# apt and dpkg


@pytest.mark.parametrize("code", [100, 127])
def test_where_apt_cannot_tell_nothing_is_removed(lab: Lab, code: int) -> None:
    lab.host.program("apt-get", otherwise=code)
    found = lab.look()
    assert ("apt cannot tell" in found["problems"][0]["message"], found["removes"]) == (True, [])
    assert "apt --fix-broken install" in found["problems"][0]["hint"]


@pytest.mark.parametrize("verb", ["look", "note"])
def test_where_dpkg_cannot_tell_nothing_is_removed_or_noted(lab: Lab, verb: str) -> None:
    lab.host.program("dpkg-query", otherwise=2)
    before = lab.record
    assert "dpkg cannot tell" in lab.do(verb, packages=["vim"])["problems"][0]["message"]
    assert lab.record == before


def test_the_ledger_stays_while_a_package_of_ours_does(lab: Lab) -> None:
    seal = lab.look()["seal"]
    assert "still installed: docker.io, containerd" in lab.do("forget", seal=seal)["problems"][0]["message"]
    lab.host.program("apt-get", otherwise=100)
    assert "apt cannot tell" in lab.do("forget", seal=seal)["problems"][0]["message"]
    lab.there()
    assert (lab.do("forget", seal=seal)["changed"], lab.file.parent.exists()) == (True, False)


@pytest.mark.parametrize("verb", ["begin", "forget"])
def test_a_ledger_that_was_changed_since_the_look_stays(lab: Lab, verb: str) -> None:
    seal = lab.look()["seal"]
    lab.noted(members=["new"])
    assert "was changed meanwhile" in lab.do(verb, seal=seal, ends=True)["problems"][0]["message"]
    assert lab.record["members"] == ["new"]


def test_settings_that_somebody_has_left_are_never_purged(lab: Lab) -> None:
    lab.file.unlink()
    lab.there(config=("docker.io",))
    lab.do("note", packages=["docker.io", "vim"])
    lab.there("docker.io", "vim")
    assert (lab.look()["packages"], lab.look()["purged"]) == (["docker.io", "vim"], ["vim"])


def test_what_others_need_without_saying_so_is_not_ours(lab: Lab) -> None:
    lab.noted(asked=["ca-certificates"], packages=["ca-certificates"])
    lab.there("ca-certificates")
    assert lab.look()["packages"] == []
    lab.there()
    lab.do("note", packages=["ca-certificates", "linux-headers-amd64", "vim"])
    assert lab.record["asked"] == ["ca-certificates", "vim"]


# Drivers


@pytest.fixture
def driven(lab: Lab) -> Lab:
    """The driver is ours, the engine is not."""
    lab.noted(asked=["nvidia-driver"], packages=["nvidia-driver", "libnvidia-ml1"], data={})
    lab.there("nvidia-driver", "libnvidia-ml1")
    return lab


def test_a_driver_that_computes_stays(driven: Lab) -> None:
    driven.host.program("nvidia-smi", ("--query-compute-apps*", "4711\n", 0))
    assert driven.problems() == "the GPUs are in use, by the processes 4711"
    driven.host.program("nvidia-smi", ("*", "", 0))
    assert driven.problems() == ""


def test_a_driver_that_containers_of_others_may_need_stays(driven: Lab) -> None:
    driven.engine(containers="web\t")
    assert driven.problems() == "containers that are not of Cynthus are there: web"


def test_images_and_volumes_do_not_keep_a_driver(driven: Lab) -> None:
    driven.engine(UNLABELLED, volumes="precious")
    assert driven.problems() == ""


# What others have in Docker


@pytest.mark.parametrize(
    ("image", "status", "said"),
    [
        (UNLABELLED, "[]", "mine:1"),
        ({**UNLABELLED, "RepoTags": []}, "[]", "sha256:1"),
        (PULLED, "[]", ""),
        (PULLED, '[["driver-type","io.containerd.snapshotter.v1"]]', "mine:1"),
        (BUILT, "[]", ""),
    ],
)
def test_images_that_no_registry_may_have_keep_docker(lab: Lab, image: dict[str, Any], status: str, said: str) -> None:
    lab.engine(image, status=status)
    assert lab.problems() == (f"images are there that no registry may have, and would be lost: {said}" if said else "")


def test_an_unnamed_volume_keeps_docker_if_something_is_in_it(lab: Lab) -> None:
    lab.engine(volumes=VOLUME)
    (lab.data / "volume").mkdir()
    assert lab.problems() == ""
    (lab.data / "volume/precious").touch()
    assert lab.problems() == f"volumes are there, which would be lost: {VOLUME}"
    lab.engine(volumes=VOLUME, mounts=f"{VOLUME},other")
    assert lab.problems() == ""


@pytest.mark.parametrize("place", ["opt/cynthus", "home/ann/.local/share/cynthus", "root/.local/share/cynthus"])
def test_another_deployment_is_seen_by_its_folder(lab: Lab, place: str) -> None:
    lab.host.file(f"{place}/{OURS}/spec.json", "")
    lab.host.file(f"{place}/.lock-other", "")
    assert lab.problems() == ""
    lab.host.file(f"{place}/other-1a2b3c/spec.json", "")
    other = lab.host.folder / "root" / place / "other-1a2b3c"
    assert lab.problems() == f"another deployment lies on this host: {other}"


def test_a_docker_that_nobody_can_ask_stays(lab: Lab) -> None:
    lab.host.program("docker", otherwise=1)
    assert "Docker does not answer" in lab.problems()
    (lab.host.programs / "docker").unlink()
    assert "Docker has no command" in lab.problems()


def test_an_engine_that_replaced_ours_keeps_what_it_uses(lab: Lab) -> None:
    lab.there("docker-ce")
    lab.host.program("apt-get", ("*purge*", "", 0))
    found = lab.look()
    assert (found["removes"], found["groups"], found["problems"]) == ([], [], [])


# Users whose units run without a session


def test_lingering_that_was_on_before_is_not_ours(lab: Lab) -> None:
    lab.host.file("var/lib/systemd/linger/ann", "")
    lab.do("note", lingering=["ann", "bob"])
    assert lab.record["lingering"] == ["bob"]


def test_lingering_that_somebody_has_switched_off_is_left_off(lab: Lab) -> None:
    lab.noted(lingering=["nobody"])
    assert lab.look()["lingering"] == []
    lab.host.file("var/lib/systemd/linger/nobody", "")
    found = lab.look()
    assert (found["lingering"], "lingering for nobody" in found["removes"]) == (["nobody"], True)


def test_a_user_whose_own_units_need_it_keeps_lingering(lab: Lab) -> None:
    home = pwd.getpwnam("nobody").pw_dir.lstrip("/")
    lab.noted(lingering=["nobody"])
    lab.host.file("var/lib/systemd/linger/nobody", "")
    lab.host.file(f"{home}/.config/systemd/user/default.target.wants/cynthus-{OURS}.service", "")
    assert lab.look()["lingering"] == ["nobody"]
    lab.host.file(f"{home}/.config/systemd/user/default.target.wants/own.service", "")
    found = lab.look()
    assert (found["lingering"], found["kept"]) == (
        [], ["lingering for nobody: own.service is enabled, and not of Cynthus"]
    )  # fmt: skip


def test_another_deployment_keeps_lingering(lab: Lab) -> None:
    lab.there()
    lab.noted(packages=[], asked=[], data={}, lingering=["nobody"])
    lab.host.file("opt/cynthus/other-1a2b3c/spec.json", "")
    assert lab.problems() == ""
    lab.host.file("var/lib/systemd/linger/nobody", "")
    assert "another deployment lies on this host" in lab.problems()


# The file


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ("\udcff", "is damaged"),
        ('{"schema": 1, "packages": {}}', "'packages' makes no sense"),
        ('{"schema": 1, "files": {"/x": "1"}}', "'files' makes no sense"),
        ('{"schema": 1, "lingering": {}}', "'lingering' makes no sense"),
        ('{"schema": 1, "removing": 1}', "'removing' makes no sense"),
        ('{"schema": 2}', "the schema 2"),
        ("{}", "the schema None"),
    ],
)
@pytest.mark.parametrize("verb", ["look", "note", "begin", "forget"])
def test_a_ledger_that_cannot_be_read_is_named_and_left_alone(lab: Lab, text: str, said: str, verb: str) -> None:
    lab.file.write_bytes(text.encode(errors="surrogateescape"))
    (problem,) = lab.do(verb, packages=["vim"], seal="", ends=True)["problems"]
    assert (str(lab.file) in problem["message"], said in problem["message"]) == (True, True), problem
    assert problem["hint"]
    assert lab.file.read_bytes() == text.encode(errors="surrogateescape")


def test_a_file_of_which_nobody_knows_stays_and_is_named(lab: Lab, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("theirs")
    lab.noted(files={str(key): [""]})
    found = lab.look()
    assert (found["files"], found["kept"]) == ([], [f"{key}: nobody knows whether it was edited since"])
    # Nor does a later installation make it ours.
    lab.do("note", files={str(key): ""})
    lab.do("note", written=[str(key)])
    assert lab.look()["files"] == []


def test_a_file_that_was_written_is_known(lab: Lab, tmp_path: Path) -> None:
    key = tmp_path / "key"
    lab.do("note", files={str(key): ""})
    key.write_text("ours")
    lab.do("note", written=[str(key)])
    assert lab.look()["files"] == [str(key)]
    key.write_text("edited")
    assert lab.look()["kept"] == [f"{key} was edited since"]


def test_every_user_may_read_in_the_folder_whatever_the_umask(lab: Lab) -> None:
    lab.file.parent.chmod(0o700)
    lab.do("note", packages=["vim"])
    assert [stat.S_IMODE(path.stat().st_mode) for path in (lab.file.parent, lab.file)] == [0o755, 0o644]


def test_where_nothing_is_noted_nothing_is_left(lab: Lab) -> None:
    lab.file.unlink()
    lab.do("note")
    assert not lab.file.parent.exists()
