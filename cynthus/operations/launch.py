"""The half that Ansible does: bring environment, data and source to the hosts and start main.py."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.core.clock import stamp
from cynthus.core.names import mint_run_id
from cynthus.core.run import Run, RunState, Version
from cynthus.errors import CloudFailed, CynthusError, Interrupted
from cynthus.files import write_json
from cynthus.operations import image_registry
from cynthus.operations.cluster_token import cluster_token
from cynthus.operations.deadline import in_time
from cynthus.operations.elsewhere import fetched
from cynthus.operations.expiry import expiry
from cynthus.operations.gather import gather
from cynthus.operations.installing import Installing
from cynthus.operations.moving import Moving
from cynthus.operations.observe import keep_together, observe
from cynthus.operations.restored import tell_restored
from cynthus.operations.retry import taken_back
from cynthus.operations.side_by_side import side_by_side
from cynthus.operations.site import entered
from cynthus.operations.versions import ingredients, keep_recipe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cynthus.ansible.client import PlayResult
    from cynthus.core.placement import Placement
    from cynthus.operations.app import App
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.state.journal import Journal


SIMULATED = "CYNTHUS_GOOGLE_API"
"""The variable that names a simulated cloud, as the target `gcp` reads it."""


class Launch(Struct, frozen=True):
    """All that is needed to start a run. `archive` is the packed source; `restore`: hosts that hold nothing yet get
    what those before them have saved."""

    site: Site
    app: App
    placement: Placement
    run: Run
    archive: Path
    restore: bool = False


def new_run(
    tools: Tools, site: Site, fingerprint: str, arguments: tuple[str, ...], *, nodes: int = 1, version: str = ""
) -> Run:
    """A run that is about to be made, on disk before anything of it exists."""
    now = tools.clock.now()
    last = site.runs.newest()
    name = mint_run_id(now, tools.random, after=last.id if last else "")
    run = Run(
        name, site.id, stamp(now), fingerprint=fingerprint, arguments=arguments, nodes=nodes, asked_version=version
    )
    site.runs.save(run)
    return run


def move(tools: Tools, site: Site, run: Run, state: RunState, reason: str) -> Run:
    """Change a run's state, on disk too."""
    moved = run.moved(state, at=stamp(tools.clock.now()), reason=reason)
    site.runs.save(moved)
    return moved


def deploy(tools: Tools, launch: Launch, there: tuple[HostAgent, ...], journal: Journal, *, start: bool) -> Run:
    """Run the play; without `start` it stops short of main.py. Gives the run with its version."""
    site, run = launch.site, launch.run
    extravars = {
        "cynthus_folder": str(launch.app.folder),
        "cynthus_spec": str(_write_spec(tools, launch)),
        "cynthus_home": _home(there),
        "cynthus_source_archive": str(launch.archive),
        "cynthus_run": run.id,
        "cynthus_start": start,
    }
    if run.attempt > 1:
        extravars["cynthus_attempt"] = run.attempt
    document = launch.app.run_document(launch.placement, site.id)
    if fetched(document):
        # Beside the play, which can take no token along.
        extravars["cynthus_elsewhere"] = "later"
    if image_registry.wanted(document):
        extravars |= image_registry.LATER
    made_of = ingredients(document, launch.app.folder)
    if run.state is RunState.QUEUED:
        run = move(tools, site, run, RunState.PROVISIONING, "the hosts stand")
    run = move(tools, site, run, RunState.CONFIGURING, "Ansible at work")
    with journal.step("deploy", run=run.id), tools.progress.step("Configure and deploy") as step:
        with Installing(there, step.activity) as installing, Moving(site.paths.root, step):
            result = tools.ansible.play(
                site.root() / "ansible/playbooks/up.yml",
                inventory=site.root() / "inventory.py",
                hosts=entered(tools, site, as_root=False),
                extravars=extravars,
                activity=installing.activity,
            )
            if image_registry.wanted(document):
                result = image_registry.with_image(
                    tools, site, document, result, extravars, there, installing.activity
                )
        step.result(_what_changed(result))
    image_registry.tell(tools, result)
    tell_restored(tools, result)
    environment, source = answer_of(result, "image").get("environment"), answer_of(result, "app").get("source")
    run = replace(run, version=Version(str(environment or ""), str(source or "")))
    site.runs.save(run)
    if environment:
        keep_recipe(tools, site, launch.app.folder, document, str(environment), made_of)
    gather(tools, document, there, journal)
    return run


def start(tools: Tools, launch: Launch, there: tuple[HostAgent, ...], journal: Journal) -> Run:
    """Take a run from its record to a running main.py. Asking twice for the same run starts it once.

    Secrets go over stdin into memory on the host, so such a run is started beside the play and not by it.
    So is one on several hosts, with data from elsewhere or an image in a registry: it starts once all of them have
    everything.
    """
    values = launch.app.secrets
    document = launch.app.run_document(launch.placement, launch.site.id)
    beside = bool(values or fetched(document)) or image_registry.wanted(document) or len(there) > 1
    try:
        run = deploy(tools, launch, there, journal, start=not beside)
        if beside:
            _start_beside(run, there, launch.site.addresses, _secrets(tools, launch, journal))
    except (KeyboardInterrupt, Interrupted):
        # main.py may have begun in that very moment, and whoever interrupted it is told what exists.
        with suppress(CynthusError):
            launch.site.runs.save(observe(launch.site.runs.load(launch.run.id), there, tools.clock))
        raise
    except CynthusError as error:
        run = _after_failure(tools, launch, there, error)
    run = keep_together(run, there, tools.clock)
    launch.site.runs.save(run)
    return run


def end_leftovers(run: Run, there: Sequence[HostAgent]) -> None:
    """End what goes on of a run that is over: one of its hosts did not answer when it was ended on the others.

    Raises:
        HostError: it does not end.
    """
    for agent in there[: run.nodes]:
        status = agent.status(run.id, run.attempt)
        if status is not None and status.get("state") != "EXITED":
            agent.stop(run.id, "cancelled: another run begins", run.attempt)


def _after_failure(tools: Tools, launch: Launch, there: tuple[HostAgent, ...], error: CynthusError) -> Run:
    """The run, where it was started all the same.

    Raises:
        CynthusError: the error; the run has failed and will not be started later by a play that still goes on, or it
            rests, where its machine was taken back.
    """
    run = launch.site.runs.load(launch.run.id)
    reason = f"{error.code}: {error.message}"
    rested = taken_back(tools, launch.site, run)
    if rested is not run:
        launch.site.runs.save(rested)
        raise error
    with suppress(CynthusError):
        seen = observe(run, there, tools.clock)
        if seen.state.begun:
            tools.progress.warn(f"{error.message}; main.py was started all the same")
            return seen
        for agent in there:
            if agent.present:
                agent.stop(run.id, reason)
    move(tools, launch.site, run, RunState.FAILED, reason)
    raise error


def _start_beside(
    run: Run, there: tuple[HostAgent, ...], addresses: tuple[str, ...], secrets: _Secrets
) -> None:
    """Start on all hosts at once."""
    others = ("--addresses", ",".join(addresses)) if len(there) > 1 else ()

    def begin(agent: HostAgent) -> None:
        if secrets.said:
            agent.call("secrets", "--run", run.id, *secrets.words, stdin=secrets.said)
        spec = str(agent.run_folder(run.id) / "spec.json")
        which = ("--run", run.id, "--attempt", str(run.attempt), "--rank", str(agent.rank))
        agent.call("start", "--spec", spec, *which, *others)

    for begun in side_by_side([partial(begin, agent) for agent in there]):
        begun.result()


class _Secrets(Struct, frozen=True):
    """What the agents' verb `secrets` is told over stdin, b'' for nothing, and with which words."""

    said: bytes = b""
    words: tuple[str, ...] = ()


def _secrets(tools: Tools, launch: Launch, journal: Journal) -> _Secrets:
    """The user's secrets, or where their cloud keeps them, and the token of the cluster that several hosts are."""
    document, own = launch.app.run_document(launch.placement, launch.site.id), launch.app.secrets
    clustered = document.get("engine") is not None and launch.run.nodes > 1
    values = cluster_token(launch.site.paths.runs / launch.run.id, tools.random) if clustered else {}
    kept = None
    if own:
        with journal.step("secrets"):
            kept = tools.targets.find(launch.site.target).keep_secrets(launch.site.id, launch.site.root(), own)
    if kept is None:
        values = {**values, **own}
        return _Secrets(json.dumps(values).encode()) if values else _Secrets()
    told = {"values": values, "kept": dict(kept.versions), "server": kept.server, "service": kept.service}
    return _Secrets(json.dumps(told).encode(), ("--store", kept.store))


def _home(there: tuple[HostAgent, ...]) -> str:
    """Where the deployment lies on its hosts; '' where each has a place of its own, which the agent there finds."""
    homes = {str(agent.home) for agent in there}
    return homes.pop() if len(homes) == 1 else ""


def _write_spec(tools: Tools, launch: Launch) -> Path:
    site, run = launch.site, launch.run
    document = launch.app.run_document(launch.placement, site.id) | {"run_id": run.id}
    if run.attempt > 1 or launch.restore:
        document["restore"] = True
    if run.attempt > 1 and document.get("max_duration") is not None:
        document["max_duration"] = max(1.0, document["max_duration"] - run.ran)
    if str(document.get("bucket") or "").startswith("gs://"):
        # Of the machine that says so, and so not of the app.
        document |= {"storage": tools.places.settings().get("STORAGE_EMULATOR_HOST")}
    # Of this machine: how long it lives is no part of what the folder asks for.
    document |= in_time(document, expiry(site), tools.clock.now())
    if document.get("linger") is not None:
        document |= _simulated(tools.settings.environment)
    path = site.paths.runs / run.id / "spec.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, document, mode=0o600)
    return path


def _simulated(environment: Mapping[str, str]) -> dict[str, str]:
    """Where a machine of a simulated cloud asks to be deleted; nothing of the real one.

    Raises:
        CloudFailed: its token would go over a line that anybody can change.
    """
    if not environment.get(SIMULATED):
        return {}
    from cynthus import web

    try:
        return {"compute": f"{web.named(environment, SIMULATED, '')}/compute/v1"}
    except web.UnsafeAddress as unsafe:
        raise CloudFailed(str(unsafe), hint="name one on this machine, or with https://") from None


def answer_of(result: PlayResult, role: str) -> Mapping[str, object]:
    """What the agent answered in a role, on the first host."""
    return next((task.answer for task in result.tasks if task.role == role and task.stdout), {})


def _what_changed(result: PlayResult) -> str:
    words = {"image": "environment", "dataset": "data", "app": "source", "agent": "started"}
    changed = [word for role, word in words.items() if any(t.role == role and t.changed for t in result.tasks)]
    return ", ".join(changed) or "nothing to change"
