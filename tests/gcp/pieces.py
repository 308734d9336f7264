"""What the two rendered roots of the target `gcp` make, piece by piece, as Google's interface is asked for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from cynthus.errors import TerraformFailed
from tests.gcp.estate import RUN_AS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.gcp.api import Api, Reply

Values = dict[str, Any]
GRANTED = {"input": "roles/storage.objectViewer", "output": "roles/storage.objectUser"}
ITSELF = "roles/compute.instanceAdmin.v1"


class Piece(Protocol):
    """One resource. `found` is what the cloud says of it, None where it is not there."""

    @property
    def address(self) -> str: ...
    def found(self, api: Api) -> Values | None: ...
    def make(self, api: Api) -> None: ...
    def remove(self, api: Api) -> None: ...


@dataclass(frozen=True)
class Thing:
    """One that has a path of its own: it is made where it is listed."""

    address: str
    service: str
    path: str
    body: Values
    query: dict[str, str] = field(default_factory=dict)

    def found(self, api: Api) -> Values | None:
        reply = api.get(self.service, self.path)
        return None if reply.status == 404 else dict(_taken(self, reply).body)

    def make(self, api: Api) -> None:
        _done(self, api, api.post(self.service, self.path.rpartition("/")[0], self.body, **self.query))

    def remove(self, api: Api) -> None:
        reply = api.delete(self.service, self.path)
        if reply.status != 404:
            _done(self, api, reply)


@dataclass(frozen=True)
class Nat:
    """A part of a router."""

    address: str
    router: Thing
    body: Values

    service = "compute"

    def found(self, api: Api) -> Values | None:
        router = self.router.found(api) or {}
        return next((each for each in router.get("nats", ()) if each["name"] == self.body["name"]), None)

    def make(self, api: Api) -> None:
        self._put(api, [self.body])

    def remove(self, api: Api) -> None:
        if self.router.found(api) is not None:
            self._put(api, [])

    def _put(self, api: Api, nats: list[Values]) -> None:
        _done(self, api, api.ask("PATCH", "compute", self.router.path, {"nats": nats}))


@dataclass(frozen=True)
class Grant:
    """A role in the policy of something."""

    address: str
    of: Thing
    role: str
    member: str

    @property
    def service(self) -> str:
        return self.of.service

    def found(self, api: Api) -> Values | None:
        bindings = self._policy(api).get("bindings", [])
        return next((each for each in bindings if each["role"] == self.role and self.member in each["members"]), None)

    def make(self, api: Api) -> None:
        policy = self._policy(api)
        self._put(api, policy, [*policy.get("bindings", []), {"role": self.role, "members": [self.member]}])

    def remove(self, api: Api) -> None:
        policy = self._policy(api)
        if policy:
            self._put(api, policy, [each for each in policy.get("bindings", []) if each["role"] != self.role])

    def _policy(self, api: Api) -> Values:
        """Empty where that of which it is is not there."""
        reply = api.get(self.service, self._verb("getIamPolicy"))
        return {} if reply.status == 404 else dict(_taken(self, reply).body)

    def _put(self, api: Api, policy: Values, bindings: list[Values]) -> None:
        body: Values = {**policy, "bindings": bindings}
        if self.service == "storage":
            reply = api.ask("PUT", "storage", self._verb("setIamPolicy"), body)
        else:
            reply = api.post(self.service, self._verb("setIamPolicy"), {"policy": body})
        _taken(self, reply)

    def _verb(self, verb: str) -> str:
        if self.service == "storage":
            return f"{self.of.path}/iam"
        return f"{self.of.path}{'/' if self.service == 'compute' else ':'}{verb}"


def base(values: Mapping[str, Any]) -> Iterator[Piece]:
    """The root `base`, each piece after those that it needs."""
    id_, project, region = values["deployment"], f"projects/{values['project']}", values["region"]
    labels = _labels(id_, owner=values["owner"])
    email = f"{id_}-vm@{values['project']}.iam.gserviceaccount.com"
    member = f"serviceAccount:{email}"
    account = {"accountId": f"{id_}-vm", "serviceAccount": {"description": RUN_AS.format(id_)}}
    yield Thing("module.identity.google_service_account.vm", "iam", f"{project}/serviceAccounts/{email}", account)
    yield from _network(id_, project, region, email)
    for other, block in (values.get("other_regions") or {}).items():
        yield from _part(id_, project, other, block, f'other["{other}"]')
    for module, end in (("input", "in"), ("output", "out")):
        name = f"cynthus-{id_}-{end}"
        body = {"name": name, "location": region.upper(), "labels": labels}
        query = {"project": values["project"]}
        bucket = Thing(f"module.{module}.google_storage_bucket.bucket", "storage", f"b/{name}", body, query)
        role = GRANTED[module]
        yield bucket
        yield Grant(f'module.{module}.google_storage_bucket_iam_member.grant["{role}"]', bucket, role, member)
    kind, role = "google_artifact_registry_repository", "roles/artifactregistry.writer"
    place = f"{project}/locations/{region}/repositories/{id_}"
    query, docker = {"repositoryId": id_}, {"format": "DOCKER", "labels": labels}
    images = Thing(f"module.registry[0].{kind}.images", "artifactregistry", place, docker, query)
    yield images
    yield Grant(f'module.registry[0].{kind}_iam_member.grant["{role}"]', images, role, member)
    for secret in values["secrets"]:
        yield from _secret(f'module.secret["{secret}"]', f"{project}/secrets/{id_}-{secret}", labels, member)


def _network(id_: str, project: str, region: str, email: str) -> Iterator[Piece]:
    module, said = "module.network[0].google_compute_", f"the deployment {id_}, made by Cynthus."
    network = f"{project}/global/networks/{id_}"
    body = {"name": id_, "description": f"Network of {said}", "autoCreateSubnetworks": False}
    yield Thing(f"{module}network.network", "compute", network, body)
    yield from _part(id_, project, region, "10.128.0.0/20")
    rule = {"network": network, "direction": "INGRESS", "targetServiceAccounts": [email]}
    for end, words, more in (
        ("ssh", f"SSH to the machines of {said}", {"sourceRanges": ["35.235.240.0/20"]}),
        ("hosts", f"Among the machines of {said}", {"sourceServiceAccounts": [email]}),
    ):
        wall = {**rule, **more, "name": f"{id_}-{end}", "description": words, "allowed": [{"IPProtocol": "tcp"}]}
        yield Thing(f"{module}firewall.{end}", "compute", f"{project}/global/firewalls/{id_}-{end}", wall)


def _part(id_: str, project: str, region: str, block: str, other: str = "") -> Iterator[Piece]:
    """What a network has in one region."""
    module, said = "module.network[0].google_compute_", f"the deployment {id_}, made by Cynthus."
    here, inside = f"{project}/regions/{region}", {"name": id_, "network": f"{project}/global/networks/{id_}"}
    part = {**inside, "description": f"Subnetwork of {said}", "ipCidrRange": block}
    yield Thing(f"{module}subnetwork.{other or 'subnetwork'}", "compute", f"{here}/subnetworks/{id_}", part)
    described = {**inside, "description": f"Router of {said}"}
    router = Thing(f"{module}router.{other or 'router'}", "compute", f"{here}/routers/{id_}", described)
    yield router
    listed = [{"name": f"{here}/subnetworks/{id_}", "sourceIpRangesToNat": ["ALL_IP_RANGES"]}]
    how = {"natIpAllocateOption": "AUTO_ONLY", "sourceSubnetworkIpRangesToNat": "LIST_OF_SUBNETWORKS"}
    yield Nat(f"{module}router_nat.{other or 'nat[0]'}", router, {"name": id_, **how, "subnetworks": listed})


def _secret(module: str, path: str, labels: Values, member: str) -> Iterator[Piece]:
    kind, role = "google_secret_manager_secret", "roles/secretmanager.secretAccessor"
    body, query = {"replication": {"automatic": {}}, "labels": labels}, {"secretId": path.rpartition("/")[2]}
    secret = Thing(f"{module}.{kind}.secret", "secretmanager", path, body, query)
    yield secret
    yield Grant(f'{module}.{kind}_iam_member.grant["{role}"]', secret, role, member)


def compute(values: Mapping[str, Any]) -> Iterator[Piece]:
    """The root `compute`, of one host."""
    id_, project = values["deployment"], f"projects/{values['project']}"
    zone = f"{project}/zones/{values['zone']}"
    email = f"{id_}-vm@{values['project']}.iam.gserviceaccount.com"
    disk = values["disk"]
    first = {"diskSizeGb": f"{disk['size']}", "diskType": f"{zone}/diskTypes/{disk['type']}"}
    whose = _labels(id_, owner=values["owner"], expires=values["expires"])
    ends: Values = {"maxRunDuration": {"seconds": values["max_run_duration"]}, "instanceTerminationAction": "DELETE"}
    if values["spot"]:
        ends |= {"provisioningModel": "SPOT", "preemptible": True, "onHostMaintenance": "TERMINATE"}
        ends |= {"automaticRestart": False}
    added = values["accelerator"]
    gpus = {}
    if values["gpus"]:
        ends["onHostMaintenance"] = "TERMINATE"
    if added:
        kind = f"{zone}/acceleratorTypes/{added['type']}"
        gpus = {"guestAccelerators": [{"acceleratorType": kind, "acceleratorCount": added["count"]}]}
    inside = f"{project}/regions/{values['region']}/subnetworks/{id_}"
    body = {
        "name": f"{id_}-host-0",
        "machineType": f"{zone}/machineTypes/{values['machine_type']}",
        "labels": whose,
        "disks": [{"boot": True, "autoDelete": True, "initializeParams": {**first, "sourceImage": values["image"]}}],
        "networkInterfaces": [{"subnetwork": inside}],
        "serviceAccounts": [{"email": email, "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}],
        "scheduling": ends,
        **gpus,
        "metadata": {"items": [{"key": "ssh-keys", "value": "\n".join(values["ssh_keys"])}]},
    }
    kind = "module.host-0.google_compute_instance"
    machine = Thing(f"{kind}.vm", "compute", f"{zone}/instances/{id_}-host-0", body)
    yield machine
    yield Grant(f"{kind}_iam_member.itself", machine, ITSELF, f"serviceAccount:{email}")


def _labels(id_: str, **more: str | None) -> Values:
    """What is known only at run time may be missing."""
    return {"cynthus-deployment": id_, **{f"cynthus-{key}": value for key, value in more.items() if value is not None}}


ROOTS = {"base": base, "compute": compute}


def _taken(piece: Piece, reply: Reply) -> Reply:
    """Raises: TerraformFailed, where the cloud refuses."""
    if reply.status >= 400:
        said = f"{piece.address}: {reply.status}: {reply.body}"
        raise TerraformFailed(said, hint="look at what stands")
    return reply


def _done(piece: Thing | Nat, api: Api, reply: Reply) -> None:
    """Wait for what takes its time."""
    _taken(piece, reply)
    if piece.service == "compute":
        ended = api.done(reply)
        if "error" in ended:
            raise TerraformFailed(f"{piece.address}: {ended['error']}", hint="look at what stands")
    if piece.service == "artifactregistry":
        while not reply.body.get("done"):
            reply = _taken(piece, api.get(piece.service, reply["name"]))
