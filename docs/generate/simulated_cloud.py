"""docs/reference/simulated-cloud.md, from the routes of the simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.testing.gcp.control import COMMANDS
from cynthus.testing.gcp.images import FAMILIES
from cynthus.testing.gcp.machine_types import MACHINE_TYPES
from cynthus.testing.gcp.places import GPU_ZONES, REGIONS, ZONES
from cynthus.testing.gcp.refusals import TITLES
from cynthus.testing.gcp.roles import ROLES
from cynthus.testing.gcp.server import ROUTES
from docs.generate.markdown import table

if TYPE_CHECKING:
    from cynthus.testing.gcp.router import Route

HEAD = """# Simulated Google Cloud

`cynthus.testing.gcp` is a Google Cloud that runs on your machine: one HTTP server, one project, all of its state in
one file. Terraform's own provider, Google's libraries and Cynthus speak with it as they do with Google, offline and for
nothing. It is for tests and rehearsals, and good for programs of your own
([how to test with it](../how-to/test-with-a-simulated-cloud.md)).

    python -m cynthus.testing.gcp --state cloud > environment &
    . ./environment          # where the services are, and a token
    terraform apply          # any root with `provider "google"`

Or in Python, where a test wants to look inside:

    from cynthus.testing.gcp import STOCKOUT, SimulatedCloud

    cloud = SimulatedCloud(folder / "cloud")
    with cloud.serving():
        run(..., env=cloud.environment())
        cloud.faults.plan(STOCKOUT, path="us-central1-a/instances$")
        cloud.advance(24 * 3600)     # the cloud's clock: machines whose time is up are gone
        assert cloud.instances() == []
        print(cloud.ledger(), cloud.permissions())

Killed and started again with the same file, it goes on: resources, policies, objects, operations that are not done, the
clock, faults that wait. It answers on loopback only, unless `--listen` says otherwise; whoever reaches it may do
everything, for `/simulation/` asks nobody who they are.
"""

ANSWERS = """
## What it answers

Beside what the tables list, the objects of buckets: upload in one request or resumable, download, ranges, lists in
pages, patch and delete, with generations and preconditions.
"""

STRICT = """
## As strict as Google

- Fields that a service does not know, and values of another kind: 400. Nulls are as good as nothing.
- Names, labels, disks that are smaller than their image, ranges that overlap, zones, regions, machine types and GPUs
  that are not there, a GPU or a disk that a machine does not take, scheduling that contradicts itself.
- What is referred to must exist; what is used does not go; a bucket with something in it is not deleted; a name that is
  there already, or a bucket of somebody else's: 409.
- Fingerprints and etags: 412, or 409 where a policy changed meanwhile.
- Quotas of a region and of all, and zones that are sold out, as errors of the operation in Google's words.
- Machines by flex-start without an end within seven days, or that are not sold so; reservations (`project.reserve`)
  that are not there, are for other machines or used up. The words are Google's where they are known (of reservations).
- Permissions by role, on the project and on the resource; those that come with a machine too (its disk, its subnetwork,
  its account). One can be taken away from somebody. All that are used are remembered.
- Services that are not enabled, billing that is off, a project that is not there, tokens that expired: 401, 403, 404.
"""

TIME = """
## Time, machines and faults

- `latency` is how long an operation takes; `advance()` and `clock` move the cloud's clock. `max_run_duration` deletes
  or stops a machine when its time is up, also with nobody there.
- `preempt(name)` takes a spot machine back: its metadata server says so at once, and 30 seconds later it is gone.
- A `Driver` gives instances hosts: `boot(machine)` returns the address, `stop(name)` takes it away. Without one they
  say that they run, at an address of their subnetwork. `machine.endpoint` is where the cloud answers: what the machine
  is told of it has that address. `machine.serve_metadata(address, port)` answers as the metadata server that the
  machine sees: `instance/` with id, name, zone, attributes, service accounts with tokens, `preempted` and
  `maintenance-event` (with `wait_for_change`), and `project/`.
- `machine.logins()` says who may enter it at that moment: by the keys of its metadata, or with `enable-oslogin` (the
  machine's own, else that of `project.metadata`) whoever has a role for it, by the keys of their login profile.
- Public addresses are of a range (`addresses=`). Where that is this machine's, `127.77.0.0/24` say, each is answered at
  the port of SSH, which takes root, for whom the firewall rules of the machine's network let in; it leads to the
  driver's `door(name)`.
- `project.constraints` are policies of an organisation: `compute.requireOsLogin`, `compute.vmExternalIpAccess`.
  `project.organisation` is its domain; others than its own people need a role to have a name on its machines.
- `images(where, port)` answers at an address, or on a socket that speaks TLS, as `LOCATION-docker.pkg.dev` does to
  Docker: it takes an access token from the user `oauth2accesstoken`, looks whether the repository is there and who may
  fetch and push, and has the images from a real registry without a login, at that port of loopback.
- `relay` answers as Google's proxy for SSH (IAP, at `CYNTHUS_GOOGLE_IAP`): the WebSocket protocol of
  `gcloud compute start-iap-tunnel`, version 4, with sessions that outlive a cut. It looks who may go to the instance,
  and leads to where SSH of its host answers, as the driver's `door(name)` says. `relay.faults.plan(RelayFault(...))`
  is about a connection: a status, a number of the relay's (4003, 4033, ...), a cut after so many bytes, a slow one, a
  session that is forgotten. It needs the package `websockets`, which comes with `cynthus[gcp]`.
- `faults.plan(Fault(...))` is about a request: a status with or without Retry-After, a connection that is cut, or an
  answer that is lost when the work is done. `faults.plan(OperationFault(...))` is about an operation: an error, one
  that never ends, or a machine that is `dark`: it says that it runs, no host boots, and its console shows a text.
- The ledger says who made what, when, for how long it ran, and what that costs where `prices` has its type.
"""

NOT = """
## What it does not have

- Other services, and of these what the tables do not list: no load balancers, no instance groups or templates, no
  snapshots, no Cloud SQL or Run. Images in a registry lie in a real one, before which `images()` stands.
- Traffic: networks, firewalls and NATs are kept and checked, and let through nothing and stop nothing, but for SSH to
  public addresses.
- More than one project, organisations but for these policies, custom roles, conditions of policies (they are kept, and
  not weighed), roles other than those below. `owner` of the project comes from above it and is in no policy.
- Object versions, soft delete, lifecycle rules and signed URLs: they are kept as settings, and nothing happens by them.
  A resumable upload is forgotten when the simulation ends.
- Eventual consistency: what was done is seen by the next request. Google may take seconds.
- Prices and capacity: zones, machine types and images are those of public catalogs of 2026, and go out of date.
"""


def page() -> str:
    """What the simulation covers."""
    parts = [HEAD, ANSWERS]
    for service, title in TITLES.items():
        rows = dict.fromkeys(_row(route) for route in ROUTES if route.service == service)
        # Google's proxy is a service that is enabled or not, and answers elsewhere.
        if rows:
            parts.append(f"\n### {title}: `/{service}/v1/`\n\n")
            parts.append(table(("call", "permission"), rows))
    return "".join([*parts, STRICT, TIME, _control(), _data(), NOT])


def _row(route: Route) -> tuple[str, str]:
    return f"`{route.method} {route.path}`", f"`{route.permission}`" if route.permission else "none"


def _control() -> str:
    rows = [(f"`{method} /simulation/{what}`", says) for (method, what), says in COMMANDS.items()]
    return "\n### From outside\n\nFor programs in other languages, as JSON:\n\n" + table(("call", "does"), rows)


def _data() -> str:
    roles = ", ".join(f"`{role.removeprefix('roles/')}`" for role in ROLES)
    return (
        f"\n## What is there\n\n{len(REGIONS)} regions with {len(ZONES)} zones, {len(MACHINE_TYPES)} machine types, "
        f"{len(GPU_ZONES)} kinds of GPUs, {len(FAMILIES)} families of public images.\n\nRoles: {roles}.\n"
    )
