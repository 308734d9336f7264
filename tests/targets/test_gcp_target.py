"""What the target `gcp` decides, and what it tells Terraform."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from cynthus.core.clock import parse_label
from cynthus.core.names import mint_deployment_id
from cynthus.targets.gcp import names
from cynthus.targets.gcp.life import LONGEST, USUAL_LIFETIME
from cynthus.targets.gcp.machine import DRIVER, PLAIN, WITH_DRIVER
from cynthus.targets.gcp.wanted import wanted_of
from tests.targets.gcp_user import place, refusal, spec, target
from tests.terraform.hcl import parse

if TYPE_CHECKING:
    from cynthus.core.placement import Placement
    from cynthus.core.spec import AppSpec

TEMPLATES = Path(__file__).parents[2] / "templates/terraform/gcp"
ID = "weather-0a1b2c"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("alone")


def variables(folder: Path, root: str, app: AppSpec | None = None) -> dict[str, Any]:
    app = app or spec()
    return dict(target(folder).variables(ID, app, place(folder, app), root))


def at_run_time(folder: Path, root: str, placement: Placement | None = None) -> dict[str, Any]:
    (folder / "lab.pub").write_text("ssh-ed25519 AAAA ann@desk\n")
    app = spec(gcp={"key": str(folder / "lab")})
    return dict(target(folder).runtime_variables(app, placement or place(folder, app), root, NOW))


# what


def test_a_machine_deletes_itself_after_its_run_as_its_own_server_names_it(tmp_path: Path) -> None:
    found = place(tmp_path)
    assert (found.linger, found.metadata) == (1800, "http://metadata.google.internal")


def test_an_app_runs_in_a_container_where_nothing_is_said(tmp_path: Path) -> None:
    found = place(tmp_path)
    assert (found.runtime, found.unready, found.gpus, found.driver) == ("container", ("Docker Engine",), 0, None)


def test_a_virtual_environment_needs_no_engine(tmp_path: Path) -> None:
    assert place(tmp_path, spec(runtime="venv")).unready == ()


def test_a_virtual_environment_has_the_python_of_the_machines(tmp_path: Path) -> None:
    assert place(tmp_path, spec(runtime="venv", image={"python": "3.12"})).runtime == "venv"
    found = refusal(tmp_path, spec(runtime="venv", image={"python": "3.11"}))
    assert "runtime: container" in found.hint


def test_a_machine_with_a_gpu_has_its_driver_from_the_start(tmp_path: Path) -> None:
    app = spec(resources={"gpu": "L4:2"})
    found = place(tmp_path, app)
    assert (found.gpus, found.driver, found.unready) == (2, DRIVER, ("Docker Engine",))
    assert variables(tmp_path, "compute", app)["image"] == WITH_DRIVER


def test_one_with_an_old_gpu_gets_another_driver(tmp_path: Path) -> None:
    app = spec(resources={"gpu": "V100:1"})
    found = place(tmp_path, app)
    assert (found.driver, "a driver for the GPUs" in found.unready) == (None, True)
    assert variables(tmp_path, "compute", app)["image"] == PLAIN


def test_there_are_as_many_machines_as_are_asked_for(tmp_path: Path) -> None:
    assert [place(tmp_path, spec(resources={"nodes": count})).nodes for count in (None, 3)] == [1, 3]


LIFETIMES = [
    (None, USUAL_LIFETIME), ("4h", 4 * 3600 + 1800), ("1s", 1801), ("200d", LONGEST), ("119d", 119 * 86400 + 1800),
]  # fmt: skip


@pytest.mark.parametrize(("limit", "seconds"), LIFETIMES)
def test_a_machine_lasts_a_little_longer_than_the_run_may(tmp_path: Path, limit: str | None, seconds: int) -> None:
    assert place(tmp_path, spec(limits={"max_duration": limit})).lifetime == seconds


# what it costs

DISK = 100 * 0.1 / 730
"""Dollars an hour for the 100 GB of a machine with a GPU, in us-central1."""


def test_the_price_is_that_of_the_table_where_it_holds(tmp_path: Path) -> None:
    app = spec(resources={"gpu": "A100:1", "nodes": 2, "zone": "us-central1-a"})
    offer = target(tmp_path).offer(app, place(tmp_path, app))
    assert offer.machine == "2 of a2-highgpu-1g in us-central1-a"
    assert offer.per_hour == pytest.approx(2 * (3.673385 + DISK))
    assert offer.maximum == pytest.approx(2 * (3.673385 + DISK) * 24)


def test_a_price_is_that_of_the_region(tmp_path: Path) -> None:
    app = spec(resources={"gpu": "A100:1", "zone": "europe-west4-a"})
    assert target(tmp_path).offer(app, place(tmp_path, app)).per_hour == pytest.approx(3.747972 + 0.11 * DISK / 0.1)


def test_a_spot_machine_costs_less_and_is_called_so(tmp_path: Path) -> None:
    app = spec(resources={"gpu": "A100:1", "spot": True, "zone": "us-central1-a"})
    offer = target(tmp_path).offer(app, place(tmp_path, app))
    assert offer.machine == "a2-highgpu-1g in us-central1-a (spot)"
    assert offer.per_hour == pytest.approx(2.12081 + DISK)


@pytest.mark.parametrize(
    ("way", "said"),
    [({"flex_start": True}, " (flex-start)"), ({"reservation": "lab"}, " (reservation lab)"), ({}, "")],
)
def test_an_offer_says_how_a_machine_is_bought(tmp_path: Path, way: dict[str, Any], said: str) -> None:
    app = spec(resources={"gpu": "L4:1", "zone": "us-central1-a", **way})
    assert target(tmp_path).offer(app, place(tmp_path, app)).machine == f"g2-standard-4 in us-central1-a{said}"


def test_what_is_reserved_is_looked_for_nowhere_else(tmp_path: Path) -> None:
    app = spec(resources={"gpu": ["L4:1", "A100:1"], "reservation": "lab"})
    machine = target(tmp_path).offer(app, place(tmp_path, app)).machine
    assert machine == "g2-standard-4 in us-central1-a (reservation lab)"


@pytest.mark.parametrize(
    "resources", [{"gpu": "T4:1", "zone": "europe-west4-a"}, {"gpu": "P100:4"}, {"gpu": "H200:8", "spot": True}]
)
def test_a_price_that_nobody_knows_is_not_guessed(tmp_path: Path, resources: dict[str, Any]) -> None:
    app = spec(resources=resources)
    offer = target(tmp_path).offer(app, place(tmp_path, app))
    assert (offer.per_hour, offer.maximum) == (None, None)


def test_a_machine_that_nobody_removes_costs_who_knows_how_much(tmp_path: Path) -> None:
    app = spec(resources={"gpu": "A100:1"})
    offer = target(tmp_path).offer(app, replace(place(tmp_path, app), lifetime=None))
    assert (offer.per_hour is None, offer.maximum) == (False, None)


# what Terraform is told


@pytest.mark.parametrize("root", ["base", "compute"])
@pytest.mark.parametrize(
    "keys",
    [{}, {"resources": {"gpu": "T4:1", "spot": True, "disk": "100GB"}, "secrets": ["TOKEN"]},
     {"gcp": {"network": "net", "subnetwork": "sub", "access": "internal", "key": "~/.ssh/lab"}},
     {"gcp": {"access": "public", "from": "203.0.113.7", "login": "oslogin"}}],
)  # fmt: skip
def test_every_variable_is_declared_and_every_one_without_a_default_is_given(
    tmp_path: Path, root: str, keys: dict[str, Any]
) -> None:
    file = parse((TEMPLATES / root / "variables.tf").read_text())
    declared = {each.labels[0]: each for each in file.each("variable")}
    given = variables(tmp_path, root, spec(**keys))
    later = at_run_time(tmp_path, root)
    assert set(given) | set(later) <= set(declared)
    assert {name for name, each in declared.items() if "default" not in each.arguments} <= set(given)
    assert all("default" in declared[name].arguments for name in later)
    assert not set(given) & set(later)


@pytest.mark.parametrize(
    ("resources", "reservation"),
    [
        ({"gpu": "L4:1"}, None),
        ({"gpu": "L4:1", "reservation": "lab"}, {"name": "lab", "bound": False}),
        ({"gpu": "B200:8", "zone": "us-central1-b", "reservation": "lab"}, {"name": "lab", "bound": True}),
    ],
)
def test_what_google_sells_in_reservations_alone_is_bound_to_one(
    tmp_path: Path, resources: dict[str, Any], reservation: dict[str, Any] | None
) -> None:
    assert variables(tmp_path, "compute", spec(resources=resources))["reservation"] == reservation


@pytest.mark.parametrize(("way", "counted"), [({"flex_start": True}, True), ({"spot": True}, True), ({}, False)])
def test_what_is_lent_is_looked_for_in_the_quotas_of_what_is(
    tmp_path: Path, *, way: dict[str, Any], counted: bool
) -> None:
    app = spec(resources={"gpu": "L4:1", **way})
    assert wanted_of(app, place(tmp_path, app), ("base", "compute")).spot is counted


def test_a_machine_whose_cost_has_a_limit_is_not_started_again(tmp_path: Path) -> None:
    apps = spec(), spec(limits={"max_cost": 10})
    assert [variables(tmp_path, "compute", app)["restart"] for app in apps] == [True, False]
def test_a_machine_that_lets_people_in_by_role_is_told_of_no_key(tmp_path: Path) -> None:
    (tmp_path / "lab.pub").write_text("ssh-ed25519 AAAA ann@desk\n")
    app = spec(gcp={"key": str(tmp_path / "lab"), "login": "oslogin"})
    found = target(tmp_path).runtime_variables(app, place(tmp_path, app), "compute", NOW)
    assert found["ssh_keys"] == []


def test_a_public_address_is_said_to_cost_what_the_price_does_not_hold(tmp_path: Path) -> None:
    app = spec(gcp={"access": "public", "from": "203.0.113.7"}, resources={"zone": "us-central1-a"})
    offer = target(tmp_path).offer(app, place(tmp_path, app))
    assert offer.machine.endswith("in us-central1-a, and a public address each at a price of its own")


def test_gpus_are_asked_for_beside_a_machine_that_does_not_come_with_them(tmp_path: Path) -> None:
    found = [variables(tmp_path, "compute", spec(resources={"gpu": gpu})) for gpu in ("T4:2", "L4:2")]
    assert [each["accelerator"] for each in found] == [{"type": "nvidia-tesla-t4", "count": 2}, None]
    assert [each["gpus"] for each in found] == [2, 2]


@pytest.mark.parametrize(
    ("resources", "size"), [({}, 50), ({"gpu": "L4:1"}, 100), ({"disk": "100GiB"}, 150), ({"disk": "1MB"}, 51)]
)
def test_the_disk_has_room_for_the_system_beside_what_is_asked_for(
    tmp_path: Path, resources: dict[str, Any], size: int
) -> None:
    assert variables(tmp_path, "compute", spec(resources=resources))["disk"] == {"type": "pd-balanced", "size": size}


def test_a_machine_that_refuses_the_usual_disk_gets_another(tmp_path: Path) -> None:
    found = variables(tmp_path, "compute", spec(resources={"gpu": "RTX-PRO-6000:1"}))
    assert (found["disk"]["type"], found["nic_type"]) == ("hyperdisk-balanced", "GVNIC")


def test_the_clouds_own_clock_is_set_unless_somebody_typed_that_it_is_not(tmp_path: Path) -> None:
    found = place(tmp_path)
    told = [
        target(tmp_path).variables(ID, spec(), each, "compute")["max_run_duration"]
        for each in (found, replace(found, lifetime=None))
    ]
    assert told == [USUAL_LIFETIME, None]


def test_nothing_that_only_this_moment_knows_is_in_what_is_committed(tmp_path: Path) -> None:
    assert variables(tmp_path, "compute") == variables(tmp_path, "compute")
    assert not {"owner", "expires", "ssh_keys"} & set(variables(tmp_path, "compute"))


def test_the_moment_of_the_end_is_known_when_the_machine_is_made(tmp_path: Path) -> None:
    told = at_run_time(tmp_path, "compute")
    assert (parse_label(told["expires"]) - NOW).total_seconds() == USUAL_LIFETIME
    assert told["ssh_keys"] == ["cynthus:ssh-ed25519 AAAA ann@desk"]


def test_a_machine_that_nobody_removes_has_no_such_moment(tmp_path: Path) -> None:
    assert at_run_time(tmp_path, "compute", replace(place(tmp_path), lifetime=None))["expires"] is None


@pytest.mark.parametrize(
    ("user", "label"), [("ann", "ann"), ("Ann.Lee@Lab", "ann-lee-lab"), ("ü", "-"), ("x" * 80, "x" * 63)]
)
def test_whose_it_is_is_a_label(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: str, label: str) -> None:
    monkeypatch.setenv("LOGNAME", user)
    assert at_run_time(tmp_path, "base") == {"owner": label}


def test_the_state_lies_here_unless_the_spec_says_where(tmp_path: Path) -> None:
    assert target(tmp_path).backend(ID, spec(), "base") is None
    assert target(tmp_path).backend(ID, spec(gcp={"project": "my-lab-1"}), "base") is None


@pytest.mark.parametrize(
    ("state", "prefix"), [("gs://lab", f"{ID}/base"), ("gs://lab/", f"{ID}/base"), ("gs://lab/a/b/", f"a/b/{ID}/base")]
)
def test_each_root_has_a_place_of_its_own_in_the_bucket(tmp_path: Path, state: str, prefix: str) -> None:
    found = target(tmp_path).backend(ID, spec(gcp={"state": state}), "base")
    assert found == {"bucket": "lab", "prefix": prefix}


# what it brings


def test_runs_are_saved_and_images_kept_where_base_makes_room_for_them(tmp_path: Path) -> None:
    found = target(tmp_path).equipped(spec(), ID, place(tmp_path))
    assert found.bucket == f"gs://cynthus-{ID}-out"
    assert found.image.registry == f"us-central1-docker.pkg.dev/of-the-environment/{ID}"


def test_what_the_spec_says_counts_more(tmp_path: Path) -> None:
    app = spec(bucket="gs://lab/runs", image={"registry": "ghcr.io/lab"})
    found = target(tmp_path).equipped(app, ID, place(tmp_path, app))
    assert (found.bucket, found.image.registry) == ("gs://lab/runs", "ghcr.io/lab")


def test_a_virtual_environment_has_no_image(tmp_path: Path) -> None:
    app = spec(runtime="venv")
    assert target(tmp_path).equipped(app, ID, place(tmp_path, app)).image.registry is None


def test_the_longest_names_fit_googles_rules() -> None:
    longest = mint_deployment_id("a" * 63, Random(0))
    assert len(longest) == 23
    assert len(f"{longest}-vm") <= 30
    assert max(len(name(longest)) for name in (names.bucket_of_inputs, names.bucket_of_outputs)) <= 63


def test_the_repository_of_an_organisations_project_has_its_domain_as_a_folder() -> None:
    assert names.repository(ID, "example.com:lab", "us-east1") == f"us-east1-docker.pkg.dev/example.com/lab/{ID}"


# doctor


def test_doctor_says_what_would_be_made(tmp_path: Path) -> None:
    found, _ = target(tmp_path).check(spec(), tmp_path / "infra")
    assert (found.level, "e2-standard-4" in found.message) == ("ok", True)


def test_doctor_says_that_nobody_is_logged_in(tmp_path: Path) -> None:
    _, found = target(tmp_path).check(spec(), tmp_path / "infra")
    assert (found.check, found.level) == ("credentials", "error")


def test_doctor_says_what_is_missing(tmp_path: Path) -> None:
    (found,) = target(tmp_path, GOOGLE_CLOUD_PROJECT="my-lab-1").check(spec(), tmp_path / "infra")
    assert (found.level, "zone" in found.message) == ("error", True)
