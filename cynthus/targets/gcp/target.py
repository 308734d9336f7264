"""The target `gcp`: machines of Google Cloud, made for a deployment and removed after it."""

from __future__ import annotations

import getpass
import re
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.clock import as_label
from cynthus.core.finding import Finding
from cynthus.core.gcp import Gcp
from cynthus.core.kept import Kept
from cynthus.core.leftover import Leftovers
from cynthus.core.placement import Instead, Placement
from cynthus.core.plan import Offer
from cynthus.core.refusal import Refusal
from cynthus.credentials.google import IMPERSONATED, how_to_log_in, key_file
from cynthus.errors import CynthusError, PlacementRefused
from cynthus.settings import google
from cynthus.targets.gcp import instances, names
from cynthus.targets.gcp.adoption import existing
from cynthus.targets.gcp.api import Api
from cynthus.targets.gcp.buckets import empty_bucket, insist_on_state, own_buckets
from cynthus.targets.gcp.catalog import catalog
from cynthus.targets.gcp.choice import bought
from cynthus.targets.gcp.explained import considered
from cynthus.targets.gcp.failover import instead
from cynthus.targets.gcp.history import history
from cynthus.targets.gcp.itinerary import itinerary, told
from cynthus.targets.gcp.life import lifetime, most_of_all, offered, per_hour
from cynthus.targets.gcp.lifespan import lifespan
from cynthus.targets.gcp.machine import DRIVER, has_driver, machine_values
from cynthus.targets.gcp.os_login import OsLogin, by_role
from cynthus.targets.gcp.place import cloud_project, region_of, rendered_bucket, rendered_values, settled
from cynthus.targets.gcp.public import besides, open_to
from cynthus.targets.gcp.refusals import is_nobody, understood
from cynthus.targets.gcp.ssh_key import USUAL, public_half
from cynthus.targets.gcp.stays import stays
from cynthus.targets.gcp.unknown import remove_unknown
from cynthus.targets.gcp.whereabouts import home_of, of_what_lasts, whereabouts
from cynthus.targets.ssh.connection import SshConnection
from cynthus.targets.ssh.target import KNOWN_HOSTS, ssh_environment
from cynthus.targets.ssh.way import Way

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from cynthus.core.bill import Machine
    from cynthus.core.deployment import Host
    from cynthus.core.leftover import Leftover, Removal, Sweep
    from cynthus.core.lifespan import Lifespan, WhyGone
    from cynthus.core.placement import Runtime
    from cynthus.core.renewal import Renewal
    from cynthus.core.spec import AppSpec
    from cynthus.core.supply import Supply
    from cynthus.settings import Settings
    from cynthus.targets.preflight import Preflight

USER = "cynthus"
"""Who logs in: Google's own program on the machine makes the user of whom the key is told."""
LINGER = 1800
"""Seconds for which a machine stays after its run, so that the next one, or a look at the last, finds it there."""
METADATA = "http://metadata.google.internal"


class GcpTarget:
    """Machines in one zone of one cloud project."""

    name = "gcp"
    roots = ("base", "compute")
    installs = True
    makes = True
    stage = "cynthus.testing.gcp.stage"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connections: dict[tuple[Host, Path], SshConnection] = {}
        self._api = Api(settings.environment)
        self._glance = Api(settings.environment, tries=1)
        self._logins = OsLogin(Api(settings.environment, tries=2), settings.environment)

    def place(self, spec: AppSpec, root: Path) -> Placement:
        environment = self._settings.environment
        zone, choice = settled(spec, environment, root, catalog())
        project, machine = cloud_project(spec, environment, root), choice.machine
        doubts = (choice.doubt,) if choice.doubt else ()
        reasons = [f"{machine} in {zone}, cloud project {project}", *doubts, *_lasting_key(environment)]
        if spec.runtime == "venv" and spec.image.python not in (None, "3.12"):
            raise PlacementRefused(
                f"the machines have Python 3.12, and the app asks for {spec.image.python}",
                hint="leave `python:` out, or use `runtime: container`",
            )
        runtime: Runtime = "venv" if spec.runtime == "venv" else "container"
        lacking: tuple[str, ...] = ("Docker Engine",) if runtime == "container" else ()
        with_driver = has_driver(machine)
        if machine.gpus and not with_driver:
            lacking += ("a driver for the GPUs",)
        life = lifetime(spec, per_hour(spec, choice), f"{machine.type} in {zone}")
        return Placement(
            self.name, runtime, nodes=spec.resources.nodes or 1, gpus=machine.gpus, reasons=tuple(reasons),
            unready=lacking, driver=DRIVER if with_driver else None, lifetime=life, metadata=METADATA,
            linger=LINGER, considered=considered(choice),
            where=whereabouts(spec, project, zone, machine, root),
        )

    def named(self, spec: AppSpec) -> Sequence[Host]:  # noqa: ARG002 - they are made
        return ()

    def equipped(self, spec: AppSpec, deployment: str, placement: Placement) -> AppSpec:
        names.insist_on_a_name(deployment)
        registry = spec.image.registry
        if registry is None and placement.runtime == "container":
            registry = names.repository(deployment, placement.where["project"], home_of(placement.where))
        bucket = spec.bucket or f"gs://{names.bucket_of_outputs(deployment)}"
        return replace(spec, bucket=bucket, image=replace(spec.image, registry=registry))

    def inputs(self, deployment: str) -> str:
        return f"gs://{names.bucket_of_inputs(deployment)}"

    def keep_secrets(self, deployment: str, root: Path, values: Mapping[str, str]) -> Kept:
        from cynthus.targets.gcp.secrets import keep

        project = str(rendered_values(root).get("project", ""))
        versions = {
            name: keep(self._api, project, f"{deployment}-{name}", value) for name, value in values.items()
        }
        return Kept("google", versions, METADATA, self._api.simulated("secretmanager"))

    def offer(self, spec: AppSpec, placement: Placement) -> Offer:
        stops = offered(spec, itinerary(spec.resources, catalog(), placement.where), placement)
        count = f"{placement.nodes} of " if placement.nodes > 1 else ""
        how = bought(spec.resources).strip(" ()")
        return Offer(
            machine=f"{count}{told(stops, how)}{besides(spec)}",
            per_hour=stops[0].price,
            maximum=most_of_all(spec, stops, placement),
            deletes_itself_at=None,
        )

    def variables(self, deployment: str, spec: AppSpec, placement: Placement, root: str) -> Mapping[str, object]:
        gcp, zone = spec.gcp or Gcp(), placement.where["zone"]
        common: dict[str, object] = {
            "deployment": deployment, "project": placement.where["project"], "region": region_of(zone),
            "network": gcp.network, "subnetwork": gcp.subnetwork, "access": gcp.access,
        }
        if root == "base":
            return {**common, **of_what_lasts(placement.where), "ssh_from": gcp.source, "secrets": list(spec.secrets)}
        entry = {"login": gcp.login, "user": USER, "key": gcp.key or USUAL}
        return {**common, **machine_values(spec, placement), "zone": zone, **entry}

    def backend(self, deployment: str, spec: AppSpec, root: str) -> Mapping[str, object] | None:
        if spec.gcp is None or spec.gcp.state is None:
            return None
        bucket, _, folder = spec.gcp.state.removeprefix("gs://").rstrip("/").partition("/")
        return {"bucket": bucket, "prefix": "/".join(filter(None, (folder, deployment, root)))}

    def insist_on_state(self, root: Path) -> None:
        insist_on_state(self._api, rendered_bucket(root))

    def runtime_variables(
        self, spec: AppSpec, placement: Placement, root: str, now: datetime
    ) -> Mapping[str, object]:
        if root == "base":
            return {"owner": _owner()}
        gcp = spec.gcp or Gcp()
        # Made here where it is missing, also where the machine is told of none.
        public = public_half(gcp.key or USUAL)
        expires = as_label(now + timedelta(seconds=placement.stands)) if placement.stands is not None else None
        keys = [f"{USER}:{public}"] if gcp.login == "metadata" else []
        values = {"owner": _owner(), "expires": expires, "ssh_keys": keys}
        # Not in the folder's own values: those are of the spec, and this is of one attempt.
        return values if placement.remaining is None else {**values, "max_run_duration": placement.remaining}

    def connect(self, host: Host, root: Path) -> SshConnection:
        if (host, root) not in self._connections:
            who = partial(self._logins.user, host, root) if by_role(host) else None
            way = Way(host, root / KNOWN_HOSTS, self._settings.tmpfs / "ssh", self._ssh_environment(host), who)
            self._connections[host, root] = SshConnection(way)
        return self._connections[host, root]

    def open_to(self, deployment: str, spec: AppSpec, root: Path) -> str:
        return open_to(self._api, deployment, spec, root)

    def entered(self, hosts: Sequence[Host], root: Path, *, as_root: bool) -> Sequence[Host]:
        for host in filter(by_role, hosts if as_root else ()):
            self._logins.insist_on_root(host)
        return [replace(each, user=self._logins.user(each, root)) if by_role(each) else each for each in hosts]

    def console(self, host: Host) -> tuple[str, ...]:
        return instances.console(self._api, host)

    def understood(self, said: str, root: Path) -> Refusal | None:
        if is_nobody(said):
            hint = how_to_log_in(self._settings.environment)
            return Refusal("Google Cloud does not take these credentials, or not any more", hint)
        return understood(said, str(rendered_values(root).get("project") or ""))

    def instead(self, spec: AppSpec, tried: Sequence[Placement], said: str) -> Instead | None:
        return instead(spec, catalog(), tried, said)

    def existing(
        self, deployment: str, root: str, values: Mapping[str, object], known: Collection[str]
    ) -> Mapping[str, str]:
        return existing(self._api, deployment, root, values, known)

    def remove_unknown(
        self, deployment: str, root: str, values: Mapping[str, object], known: Collection[str]
    ) -> tuple[str, ...]:
        return remove_unknown(self._api, deployment, root, values, known)

    def stays(self, deployment: str, root: Path) -> tuple[str, ...]:
        return tuple(stays(self._glance, deployment, rendered_values(root)))

    def gone(self, hosts: Sequence[Host], *, entirely: bool = False) -> frozenset[str]:
        return frozenset(host.name for host in hosts if instances.is_gone(self._glance, host, entirely=entirely))

    def why_gone(self, host: Host) -> WhyGone:
        end = history(self._glance, host.connection).end
        return "" if end is None else end.why

    def lifespan(self, machine: Machine) -> Lifespan:
        return lifespan(self._glance, machine)

    def empty(self, deployment: str, root: Path, activity: Callable[[str], None]) -> None:  # noqa: ARG002 - by their names
        for bucket in own_buckets(self._api, deployment):
            activity(f"gs://{bucket}")
            empty_bucket(bucket, self._settings.environment, self._api)

    def leftovers(self, sweep: Sweep, spec: AppSpec | None, root: Path) -> Leftovers:
        from cynthus.targets.gcp.leftovers import Search

        project = sweep.project or cloud_project(spec, self._settings.environment, root)
        return Leftovers(f"cloud project {project}", Search(self._api, project, _owner(), sweep).each())

    def remove_leftovers(self, going: Iterable[Leftover], sweep: Sweep) -> Iterator[Removal]:
        from cynthus.targets.gcp.removing import Remover

        environment = self._settings.environment
        return Remover(self._api, sweep, lambda bucket: empty_bucket(bucket, environment, self._api)).each(going)

    def asking(self, hosts: Sequence[Host], root: Path) -> tuple[str, ...]:  # noqa: ARG002 - the user may use sudo
        return ()

    def supply(self) -> Supply:
        from cynthus.targets.gcp.selling import supply

        return supply(catalog())

    def renew(self, day: date, project: str, *, keep: bool) -> Renewal:
        from cynthus.targets.gcp.refresh.renewing import renew

        return renew(self._settings.environment, day, project, keep=keep)

    def check(self, spec: AppSpec | None, root: Path) -> Sequence[Finding]:
        from cynthus.targets.gcp.checkup import checkup

        if spec is None:
            return ()
        try:
            placement = self.place(spec, root)
        except CynthusError as error:
            return (Finding("gcp", "error", error.message, error.hint),)
        lasting = _lasting_key(self._settings.environment)
        fine = (Finding("gcp", "ok", reason) for reason in placement.reasons if reason not in lasting)
        warned = (Finding("gcp", "warning", each) for each in lasting)
        return (*fine, *warned, *checkup(self.preflight(spec, placement, self.roots).questions))

    def preflight(self, spec: AppSpec, placement: Placement, roots: Collection[str]) -> Preflight:
        from cynthus.targets.gcp.checkup import Checkup
        from cynthus.targets.gcp.wanted import wanted_of

        return Checkup(self._glance, wanted_of(spec, placement, roots))

    def _ssh_environment(self, host: Host) -> dict[str, str]:
        user = self._settings.environment
        return ssh_environment(user) | (google(user) if host.connection.kind == "iap" else {})


def _lasting_key(environment: Mapping[str, str]) -> tuple[str, ...]:
    """That credentials are used which nobody has to renew."""
    key = key_file(environment)
    if key is None:
        return ()
    login = f"`gcloud auth application-default login` with {IMPERSONATED}"
    return (f"{key} is the key of a service account, good until somebody deletes it: {login} needs no such file",)


def _owner() -> str:
    """The user, as a label may say it."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        return "nobody"
    return re.sub(r"[^a-z0-9_-]", "-", name.lower())[:63]
