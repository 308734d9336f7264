"""docs/reference/json.md and its schemas: what `--json` prints."""

from __future__ import annotations

from cynthus.cli.documents import SCHEMA
from cynthus.core.run import RunState
from docs.generate.markdown import table
from docs.generate.shapes import FLAG, INTEGER, NUMBER, TEXT, Shape, anything, listed, maybe, one_of, record, strings

RUN = record(
    id=TEXT,
    state=one_of(*RunState),
    reason=TEXT,
    attempt=INTEGER,
    earlier=listed(record(started_at=maybe(TEXT), ended_at=TEXT, reason=TEXT, made_at=maybe(TEXT))),
    arguments=strings(),
    exit_code=maybe(INTEGER),
    signal=maybe(INTEGER),
    created_at=TEXT,
    started_at=maybe(TEXT),
    ended_at=maybe(TEXT),
    pulled=FLAG,
    version=record(environment=TEXT, source=TEXT),
    transitions=listed(record(at=TEXT, state=one_of(*RunState), reason=TEXT)),
)

CONNECTION = record(
    kind=one_of("local", "ssh", "iap"),
    proxy_jump=maybe(TEXT),
    key=maybe(TEXT),
    instance_id=maybe(TEXT),
    project=maybe(TEXT),
    zone=maybe(TEXT),
)

HOST = record(
    name=TEXT,
    address=TEXT,
    internal_address=TEXT,
    user=maybe(TEXT),
    port=INTEGER,
    gpus=INTEGER,
    connection=CONNECTION,
)

DEPLOYMENT_PARTS: dict[str, Shape] = {
    "id": TEXT,
    "name": TEXT,
    "target": TEXT,
    "folder": TEXT,
    "phase": one_of("planned", "prepared", "up", "gone", "down"),
    "runtime": maybe(one_of("venv", "container")),
    "created_at": maybe(TEXT),
    "dollars_per_hour": maybe(NUMBER),
    "dollars_at_most": maybe(NUMBER),
    "made_at": maybe(TEXT),
    "expires_at": maybe(TEXT),
    "hosts": listed(HOST),
}
DEPLOYMENT = record(**DEPLOYMENT_PARTS)

OUTPUTS = record(folder=TEXT, files=INTEGER, copied=INTEGER, copied_bytes=INTEGER)

SILENCE = record(code=TEXT, message=TEXT, hint=TEXT, heard_at=maybe(TEXT), beat_at=maybe(TEXT))

BILL = record(
    dollars=NUMBER,
    estimated=FLAG,
    at=TEXT,
    at_most=maybe(NUMBER),
    earlier=INTEGER,
    machines=listed(
        record(
            name=TEXT,
            instance_id=maybe(TEXT),
            zone=maybe(TEXT),
            machine_type=maybe(TEXT),
            dollars_per_hour=maybe(NUMBER),
            began=TEXT,
            ended=maybe(TEXT),
            why_gone=maybe(one_of("preempted", "expired", "deleted")),
            estimated=FLAG,
            dollars=maybe(NUMBER),
        )
    ),
)

STATUS = record(
    **DEPLOYMENT_PARTS,
    run=maybe(RUN),
    runs=listed(record(id=TEXT, state=one_of(*RunState))),
    host_reports=listed(
        record(host=TEXT, status=maybe(anything("the host's status.json")), silence=maybe(SILENCE), gone=FLAG)
    ),
    ports=listed(
        record(
            host=TEXT,
            port=INTEGER,
            health=maybe(TEXT),
            host_port=maybe(INTEGER),
            healthy=FLAG,
            since=maybe(TEXT),
            reason=TEXT,
        )
    ),
    departures=listed(record(host=TEXT, at=maybe(TEXT), problem=TEXT, reason=TEXT)),
    not_saved=record(files=INTEGER, bytes=INTEGER, uncounted=maybe(TEXT)),
    outside_outputs=listed(
        record(
            run=TEXT,
            files=INTEGER,
            bytes=INTEGER,
            complete=FLAG,
            largest=listed(record(path=TEXT, bytes=INTEGER)),
        )
    ),
    at_work=strings(),
    left_on=strings(),
    stays=strings(),
    cost=maybe(BILL),
    problem=maybe(TEXT),
)

OFFER = record(
    machine=TEXT,
    per_hour=maybe(NUMBER),
    maximum=maybe(NUMBER),
    deletes_itself_at=maybe(TEXT),
    stays=strings(),
)

LEFT = record(host=TEXT, address=TEXT, folder=TEXT, also=TEXT, command=TEXT)

LEFTOVER = record(
    kind=TEXT,
    name=TEXT,
    place=TEXT,
    address=TEXT,
    deployment=TEXT,
    owner=maybe(TEXT),
    expires_at=maybe(TEXT),
    became=one_of("found", "removed", "failed", "stays"),
    why=TEXT,
    problem=maybe(TEXT),
)

CHANGE = record(
    address=TEXT,
    action=one_of("create", "update", "delete", "replace", "read", "move", "import", "forget"),
    reason=TEXT,
)

SOLD = record(
    machine=TEXT,
    family=TEXT,
    gpu=maybe(TEXT),
    gpus=INTEGER,
    part=INTEGER,
    gpu_memory=maybe(INTEGER),
    cpus=INTEGER,
    memory=NUMBER,
    region=TEXT,
    zones=strings(),
    ways=listed(one_of("on-demand", "spot", "flex-start", "reservation")),
    on_demand=maybe(NUMBER),
    spot=maybe(NUMBER),
    flex_start=maybe(NUMBER),
)

CONSIDERED = record(machine=TEXT, per_hour=maybe(NUMBER), verdict=TEXT)

FINDING = record(
    check=TEXT, level=one_of("ok", "warning", "error"), message=TEXT, fix=TEXT, enables=strings()
)  # fmt: skip

COMING = record(line=TEXT, size=maybe(INTEGER))

ITEM = record(
    place=TEXT, source=TEXT, size=maybe(INTEGER), files=maybe(INTEGER), revision=TEXT, licence=TEXT, on_host=maybe(FLAG)
)

KINDS: dict[str, tuple[str, dict[str, Shape]]] = {
    "outcome": (
        "`up`, `run`, `prepare`, `update`, `update-src`, `update-data`",
        {
            "ending": one_of("attached", "unchanged", "prepared", "started", "ended"),
            "deployment": DEPLOYMENT,
            "run": RUN,
            "outputs": maybe(OUTPUTS),
        },
    ),
    "plan": (
        "`plan`",
        {
            "deployment": DEPLOYMENT, "changes": listed(CHANGE), "offer": OFFER, "data": listed(COMING),
            "reasons": strings(), "considered": listed(CONSIDERED), "findings": listed(FINDING),
        },
    ),
    "rehearsal": (
        "`up --simulate`",
        {
            "deployment": DEPLOYMENT, "hosts": listed(HOST), "offer": OFFER, "standing": strings(),
            "dollars_by_now": NUMBER, "run": maybe(RUN), "outputs": maybe(record(files=INTEGER, bytes=INTEGER)),
        },
    ),
    "build": (
        "`build`",
        {
            "deployment": DEPLOYMENT,
            "environment": TEXT,
            "image": maybe(TEXT),
            "python": maybe(TEXT),
            "changed": FLAG,
            "registry": maybe(record(name=TEXT, state=one_of("there", "pulled", "pushed"))),
        },
    ),
    "versions": (
        "`versions`",
        {
            "deployment": DEPLOYMENT,
            "versions": listed(
                record(
                    name=TEXT,
                    environment=TEXT,
                    source=TEXT,
                    kept=FLAG,
                    runs=listed(record(id=TEXT, state=one_of(*RunState))),
                )
            ),
        },
    ),
    "data": ("`data ls`", {"deployment": DEPLOYMENT, "data": listed(ITEM)}),
    "render": (
        "`render`",
        {
            "deployment": DEPLOYMENT,
            "stale": FLAG,
            "files": listed(
                record(
                    path=TEXT,
                    change=one_of("new", "updated", "merged", "obsolete", "same", "kept", "deleted-by-user"),
                )
            ),
        },
    ),
    "diff": (
        "`diff`",
        {
            "deployment": DEPLOYMENT,
            "roots": listed(record(root=TEXT, edits=listed(anything("one edit: `path`, `kind` and `diff`")))),
        },
    ),
    "status": (
        "`status`",
        {"deployments": listed(STATUS), "problems": listed(record(code=TEXT, message=TEXT, hint=TEXT))},
    ),
    "pull": ("`pull`", {"run": maybe(RUN), "outputs": OUTPUTS, "plots": maybe(TEXT)}),
    "cancel": ("`cancel`", {"deployment": DEPLOYMENT, "run": RUN}),
    "removed": (
        "`down`, `destroy`",
        {
            "deployment": maybe(DEPLOYMENT), "run": maybe(RUN), "forgotten": FLAG, "left": listed(LEFT),
            "stays": strings(), "cost": maybe(BILL),
        },
    ),
    "leftovers": (
        "`gc`",
        {
            "place": TEXT, "dry_run": FLAG, "leftovers": listed(LEFTOVER), "removed": INTEGER,
            "unseen": listed(record(kind=TEXT, why=TEXT, harmless=FLAG)),
        },
    ),
    "gpus": (
        "`gpus`",
        {
            "place": TEXT, "as_of": TEXT, "days_old": INTEGER, "machines": listed(SOLD),
            "sources": listed(record(date=maybe(TEXT), what=TEXT)), "thrown_out": strings(),
        },
    ),
    "catalog": (
        "`catalog update`",
        {
            "place": TEXT, "file": TEXT, "before": TEXT, "as_of": TEXT,
            "prices": record(up=INTEGER, down=INTEGER, same=INTEGER, first=INTEGER, gone=INTEGER),
            "new": strings(), "gone": strings(), "other": strings(), "arrived": strings(), "left": strings(),
            "thrown_out": strings(), "kept": strings(), "unknown": strings(), "strange": strings(),
            "notes": strings(), "written": FLAG,
        },
    ),
    "doctor": ("`doctor`", {"findings": listed(FINDING)}),
    "explain": ("`explain`", {"errors": listed(record(code=TEXT, exit_code=INTEGER, text=TEXT))}),
    "init": ("`init`", {"folder": TEXT}),
    "version": ("`version`", {"versions": anything("a version for each part")}),
}
"""Every kind of document: the commands that print it, and its parts beside `schema` and `kind`."""

HEAD = """\
# JSON documents

With `--json` a command prints one JSON object on stdout, also when its exit code is not 0 because a run failed. What
main.py prints goes to stderr then. `kind` says which document it is and `schema` in which version: a part that changes
its meaning or goes away is a new number, a new part is not. Times are UTC in RFC 3339, sizes are bytes, money is US
dollars.

An error that keeps a command from its result is told on stderr and by the [exit code](exit-codes.md), with nothing on
stdout.

"""


def schemas() -> dict[str, dict[str, object]]:
    """A JSON schema for each kind, by its file's name."""
    return {f"{kind}.json": _schema(kind, parts) for kind, (_, parts) in KINDS.items()}


def page() -> str:
    """The kinds, each with its commands and its schema."""
    rows = [(f"`{kind}`", commands, f"[schema](schema/{kind}.json)") for kind, (commands, _) in KINDS.items()]
    return HEAD + table(("kind", "printed by", "shape"), rows)


def _schema(kind: str, parts: dict[str, Shape]) -> dict[str, object]:
    head: dict[str, Shape] = {"schema": {"const": SCHEMA}, "kind": {"const": kind}}
    shape = record(**head, **parts)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"cynthus {kind}", **shape}
