"""The target `local`: the app runs on the machine that Cynthus runs on."""

from __future__ import annotations

import sys
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cynthus.core.finding import Finding
from cynthus.core.placement import Placement, Runtime
from cynthus.core.plan import Offer
from cynthus.errors import PlacementRefused, PythonMissing, RuntimeUnavailable
from cynthus.settings import handed_on
from cynthus.targets.fit import GIB, choose_gpus, refuse_to_make, refuse_too_little
from cynthus.targets.local import engine, machine
from cynthus.targets.local.connection import LocalConnection
from cynthus.targets.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cynthus.core.deployment import Host
    from cynthus.core.spec import AppSpec
    from cynthus.settings import Settings

HERE = "this machine"
WITHOUT_ENGINE = "start Docker, or set `runtime: venv`"


class LocalTarget(Standing):
    """This machine, as a target. It costs nothing, so there is nothing to fail over to."""

    name = "local"
    roots = ("compute",)
    installs = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def place(self, spec: AppSpec, root: Path) -> Placement:  # noqa: ARG002 - this machine is reached without
        refuse_to_make(spec)
        here = machine.inspect(self._settings.data_dir, self._settings.environment)
        refuse_too_little(spec, here, HERE)
        if (spec.resources.nodes or 1) > 1:
            hint = "name them below `ssh:` and set `target: ssh`"
            raise PlacementRefused(f"`nodes: {spec.resources.nodes}` asks for more machines than this one", hint=hint)
        gpus, why = choose_gpus(spec.resources.gpu, here.gpus, HERE)
        runtime, because = self._choose_runtime(spec)
        reasons = tuple(filter(None, (because, why)))
        driver = machine.driver(self._settings.environment) if gpus else None
        return Placement(self.name, runtime, gpus=gpus, reasons=reasons, driver=driver)

    def named(self, spec: AppSpec) -> Sequence[Host]:  # noqa: ARG002 - it is this machine, whatever the spec says
        return ()

    def offer(self, spec: AppSpec, placement: Placement) -> Offer:  # noqa: ARG002 - one price for everything here
        with_gpus = f" with {placement.gpus} GPU" + ("s" if placement.gpus > 1 else "") if placement.gpus else ""
        return Offer(machine=f"this machine{with_gpus}", per_hour=0.0, maximum=0.0, deletes_itself_at=None)

    def variables(self, deployment: str, spec: AppSpec, placement: Placement, root: str) -> Mapping[str, object]:  # noqa: ARG002 - local has one root
        return {"deployment": deployment, "gpus": placement.gpus}

    def connect(self, host: Host, root: Path) -> LocalConnection:  # noqa: ARG002 - every host of it is this machine
        return LocalConnection(handed_on(self._settings.environment), PurePosixPath(self._settings.data_dir))

    def asking(self, hosts: Sequence[Host], root: Path) -> tuple[str, ...]:  # noqa: ARG002 - nothing here needs root
        return ()

    def check(self, spec: AppSpec | None, root: Path) -> Sequence[Finding]:  # noqa: ARG002 - as above
        here = machine.inspect(self._settings.data_dir, self._settings.environment)
        free = here.disk_free / GIB
        disk = Finding("disk", "ok", f"{free:.1f} GiB free for deployments")
        if free < 1:
            disk = Finding("disk", "warning", f"only {free:.1f} GiB free for deployments", "make room")
        gpus = ", ".join(here.gpus) or "none that an NVIDIA driver shows"
        return (disk, Finding("gpu", "ok", gpus), self._check_engine(spec))

    def _check_engine(self, spec: AppSpec | None) -> Finding:
        found = engine.probe(self._settings.environment)
        if found.answers:
            return Finding("docker", "ok", f"Docker Engine {found.version} answers")
        if spec is not None and spec.runtime == "container":
            return Finding("docker", "error", f"no engine answers: {found.problem}", WITHOUT_ENGINE)
        return Finding("docker", "ok", f"no engine answers ({found.problem}); apps run in `venv`")

    def _choose_runtime(self, spec: AppSpec) -> tuple[Runtime, str]:
        if spec.runtime == "venv":
            self._refuse_missing_python(spec)
            return "venv", ""
        found = engine.probe(self._settings.environment)
        if found.answers:
            return "container", f"Docker Engine {found.version} answers" if spec.runtime == "auto" else ""
        if spec.runtime == "container":
            raise RuntimeUnavailable(
                f"cynthus.yaml asks for `runtime: container`, but no engine answers: {found.problem}",
                hint=WITHOUT_ENGINE,
            )
        self._refuse_missing_python(spec)
        return "venv", f"no Docker engine: {found.problem}"

    def _refuse_missing_python(self, spec: AppSpec) -> None:
        version = spec.image.python
        if version is not None and not machine.has_python(version, self._settings.environment):
            own = f"{sys.version_info.major}.{sys.version_info.minor}"
            raise PythonMissing(
                f"the app asks for Python {version}, and there is no python{version} on PATH",
                hint=f'install Python {version}, take `python: "{own}"`, or use `runtime: container`',
            )
