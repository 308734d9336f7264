"""The JSON that `--json` prints. docs/reference/json.md and the schemas there describe it; a change of shape is a new
`schema` number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import to_builtins

from cynthus.cli.bill_text import bill_document
from cynthus.core.deployment import way_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cynthus.core.finding import Finding
    from cynthus.core.renewal import Renewal
    from cynthus.core.run import Run
    from cynthus.errors import CynthusError
    from cynthus.operations.build import Built
    from cynthus.operations.data import Item
    from cynthus.operations.diff import Edited
    from cynthus.operations.down import Removed
    from cynthus.operations.gpus import Shelf
    from cynthus.operations.plan import Planned
    from cynthus.operations.pull import Pulled
    from cynthus.operations.rehearse import Rehearsed
    from cynthus.operations.render import Written
    from cynthus.operations.site import Site
    from cynthus.operations.status import HostStatus, Status
    from cynthus.operations.strays import Strays
    from cynthus.operations.versions import KnownVersion

SCHEMA = 1

Document = dict[str, object]


def document(kind: str, **parts: object) -> Document:
    """A result for a program: `kind` says which, `schema` in which version."""
    return {"schema": SCHEMA, "kind": kind, **parts}


def deployment(site: Site) -> Document:
    """One deployment. `phase`: planned (only files), prepared, up, gone (Terraform's state lost the hosts), down."""
    entry = site.entry
    return {
        "id": site.id,
        "name": site.name,
        "target": site.target,
        "folder": str(site.folder),
        "phase": site.phase,
        "runtime": entry.runtime if entry else None,
        "created_at": entry.created_at if entry else None,
        "dollars_per_hour": entry.per_hour if entry else None,
        "dollars_at_most": entry.at_most if entry else None,
        "made_at": entry.made_at if entry else None,
        "expires_at": entry.expires_at if entry else None,
        "hosts": [to_builtins(host) for host in site.hosts],
    }


def run(value: Run | None) -> Document | None:
    """One run; times are UTC, RFC 3339. `pulled`: everything it wrote is at home."""
    if value is None:
        return None
    return {
        "id": value.id,
        "state": str(value.state),
        "reason": value.reason,
        "attempt": value.attempt,
        "earlier": to_builtins(value.earlier),
        "arguments": list(value.arguments),
        "exit_code": value.exit_code,
        "signal": value.signal,
        "created_at": value.created_at,
        "started_at": value.started_at,
        "ended_at": value.ended_at,
        "pulled": value.pulled,
        "version": to_builtins(value.version),
        "transitions": [{"at": each.at, "state": str(each.state), "reason": each.reason} for each in value.transitions],
    }


def outcome(ending: str, site: Site, value: Run, outputs: Mapping[str, object] | None = None) -> Document:
    """What `up`, `run`, `prepare` and `update` came to."""
    return document("outcome", ending=ending, deployment=deployment(site), run=run(value), outputs=outputs)


def outputs(pulled: Pulled) -> Document:
    """Where the outputs of a run lie, and how many of its files came home just now."""
    return {"folder": str(pulled.folder), "files": pulled.total, "copied": pulled.copied, "copied_bytes": pulled.bytes}


def pull(pulled: Pulled, page: Path | None = None) -> Document:
    """What `pull` brought home; `plots` is the page that shows it, where one was asked for."""
    return document("pull", run=run(pulled.run), outputs=outputs(pulled), plots=str(page) if page else None)


def plan(planned: Planned) -> Document:
    """What would change and what it would cost, in US dollars."""
    prepared = planned.prepared
    return document(
        "plan",
        deployment=deployment(planned.site),
        changes=[to_builtins(change) for change in prepared.plan.changes],
        offer=to_builtins(prepared.offer),
        data=[to_builtins(each) for each in prepared.data],
        reasons=list(planned.reasons),
        considered=[to_builtins(each) for each in planned.considered],
        findings=[to_builtins(each) for each in planned.amiss],
    )


def rehearsal(
    rehearsed: Rehearsed, folder: Path, standing: Sequence[str], cost: float, ended: Run | None, pulled: Pulled | None
) -> Document:
    """What would stand after an `up`, as the simulated cloud has it, and what it would have cost by now. `run` is null
    where no host was booted; what came of it is gone with the rehearsal."""
    return document(
        "rehearsal",
        deployment={**deployment(rehearsed.site), "folder": str(folder)},
        hosts=[to_builtins(host) for host in rehearsed.hosts],
        offer=to_builtins(rehearsed.offer),
        standing=list(standing),
        dollars_by_now=cost,
        run=run(ended),
        outputs={"files": pulled.total, "bytes": pulled.bytes} if pulled else None,
    )


def build(built: Built) -> Document:
    """The environment that is ready: an image, or the Python of a virtual environment on the host."""
    return document(
        "build",
        deployment=deployment(built.site),
        environment=built.environment,
        image=built.image,
        python=built.python,
        changed=built.changed,
        registry=None if built.registry is None else {key: built.registry[key] for key in ("name", "state")},
    )


def versions(site: Site, known: Sequence[KnownVersion]) -> Document:
    """What ran, the last first. `kept`: `up --version` can bring it back."""
    return document(
        "versions",
        deployment=deployment(site),
        versions=[
            {
                "name": each.name,
                **to_builtins(each.version),
                "kept": each.kept,
                "runs": [{"id": one.id, "state": str(one.state)} for one in each.runs],
            }
            for each in known
        ],
    )


def data(site: Site, items: Sequence[Item]) -> Document:
    """Data, models, and what is prepared; `on_host` is null for what lies on this machine and is not fetched."""
    return document("data", deployment=deployment(site), data=[to_builtins(each) for each in items])


def render(written: Written) -> Document:
    """What became, or would become, of each file."""
    changes = [{"path": change.path, "change": change.kind} for change in written.changes]
    return document("render", deployment=deployment(written.site), stale=written.stale, files=changes)


def diff(site: Site, edited: Sequence[Edited]) -> Document:
    """The user's edits, by root."""
    roots = [{"root": each.root, "edits": [to_builtins(edit) for edit in each.edits]} for each in edited]
    return document("diff", deployment=deployment(site), roots=roots)


def status(found: Sequence[Status], problems: Sequence[CynthusError]) -> Document:
    """Deployments as they are now, and the records that cannot be read."""
    every = [*problems, *(problem for each in found for problem in each.damaged)]
    return document(
        "status",
        deployments=[_status(each) for each in found],
        problems=[{"code": each.code, "message": each.message, "hint": each.hint} for each in every],
    )


def _status(found: Status) -> Document:
    files, size = found.unsaved
    return {
        **deployment(found.site),
        "run": run(found.run),
        "runs": [{"id": each.id, "state": str(each.state)} for each in found.runs],
        "host_reports": [_host(each) for each in found.hosts],
        "ports": [{"host": host.name, **to_builtins(port)} for host in found.hosts for port in host.ports],
        "departures": [{"host": each.name, **to_builtins(each.departure)} for each in found.hosts if each.departure],
        "not_saved": {"files": files, "bytes": size, "uncounted": found.uncounted or None},
        "outside_outputs": [_strays(each) for each in found.strays],
        "at_work": list(found.at_work),
        "left_on": [way_of(each) for each in found.site.entry.left] if found.site.entry else [],
        "stays": list(found.stays),
        "cost": bill_document(found.bill),
        "problem": found.problem or None,
    }


def _host(found: HostStatus) -> Document:
    """One host. `silence` is why it does not answer, and when it did last: null where it answers. Of one that is `gone`
    the status is what it has saved in its bucket."""
    told = found.silence
    silence = told and {
        "code": told.error.code,
        "message": told.error.message,
        "hint": told.error.hint,
        "heard_at": told.heard.at if told.heard else None,
        "beat_at": told.heard.beat_at if told.heard else None,
    }
    return {"host": found.name, "status": found.report, "silence": silence, "gone": found.gone}


def _strays(found: Strays) -> Document:
    """What main.py wrote elsewhere in one run; not `complete`: there may be more."""
    largest = [{"path": path, "bytes": size} for path, size in found.largest]
    return {**to_builtins(found), "largest": largest}


def removed(gone: Removed) -> Document:
    """What `down` or `destroy` came to; `deployment` is null where there was nothing."""
    return document(
        "removed",
        deployment=deployment(gone.site) if gone.site else None,
        run=run(gone.run),
        forgotten=gone.forgotten,
        left=[to_builtins(each) for each in gone.left],
        stays=list(gone.stays),
        cost=bill_document(gone.bill),
    )


def gpus(shelf: Shelf) -> Document:
    """What a cloud sells, the cheapest first; prices are US dollars an hour, null where they are not known."""
    supply = shelf.supply
    return document(
        "gpus",
        place=supply.place,
        as_of=supply.as_of,
        days_old=shelf.days,
        machines=[to_builtins(each) for each in shelf.sold],
        sources=[to_builtins(each) for each in supply.sources],
        thrown_out=list(supply.thrown_out),
    )


def catalog(renewal: Renewal) -> Document:
    """What has changed in the table of a cloud's machines and prices."""
    return document("catalog", **to_builtins(renewal))


def cancel(site: Site, ended: Run) -> Document:
    """The run that `cancel` ended."""
    return document("cancel", deployment=deployment(site), run=run(ended))


def doctor(findings: Sequence[Finding]) -> Document:
    """Every check with its answer."""
    return document("doctor", findings=[to_builtins(each) for each in findings])
