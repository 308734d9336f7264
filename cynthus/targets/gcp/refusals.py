"""What Google means by its refusals: the same words come by its interface and by way of Terraform, which passes on
texts and no codes. What is not known here is shown as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cynthus.core.refusal import Refusal
from cynthus.targets.gcp.roles import role_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SERVICES = ("compute", "storage", "iam", "iamcredentials", "artifactregistry", "secretmanager", "iap")
"""What a deployment takes of Google's."""
_NOBODY = re.compile(
    "invalid authentication credentials|could not find default credentials|invalid_grant|[Ee]rror 401|invalid_token"
)
_OFF = re.compile(r"[A-Za-z() ]*? API (has not been used in project|is not enabled in the cloud project)")
_MORE_PLACES = "where `resources:` names neither `zone:` nor `region:`, other zones and regions are tried as well"
OTHER_NAMES = "`cynthus destroy`, then without the folder infra/gcp the next `cynthus up` has other names"


def understood(said: str, project: str) -> Refusal | None:
    """What that means in the cloud project of this id ('' where nobody said which); None where nobody knows better than
    Google."""
    text = " ".join(said.split())
    for words, means in _RULES:
        found = words.search(text)
        if found:
            return means(found, project)
    return None


def is_nobody(said: str) -> bool:
    """Whether Google does not know who asks."""
    return _NOBODY.search(" ".join(said.split())) is not None


def is_off(said: str) -> bool:
    """Whether that is what a service says, or we of it, that is not enabled."""
    return _OFF.search(" ".join(said.split())) is not None


def enabling(hosts: Sequence[str], project: str) -> str:
    """The command that switches services on."""
    return f"`gcloud services enable {' '.join(hosts)} --project={project or 'PROJECT'}`"


def no_state(bucket: str) -> Refusal:
    """That there is no such bucket, which Terraform's state is to lie in."""
    return Refusal(
        f"there is no bucket {bucket} for Terraform's state",
        f"`gcloud storage buckets create gs://{bucket} --uniform-bucket-level-access` makes it; or name another as "
        "`gcp: {state: ...}`",
    )


def _nobody_pays(_: re.Match[str], project: str) -> Refusal:
    return Refusal(
        f"nobody pays for the cloud project{_named(project)}, and Google makes nothing there",
        f"`gcloud billing projects link {project or 'PROJECT'} --billing-account=ACCOUNT` has an account pay for it "
        "(`gcloud billing accounts list` shows yours); that counts a few minutes later",
        final=True,
    )


def _not_enabled(found: re.Match[str], project: str) -> Refusal:
    host = re.search(r"/apis/api/(\w+)\.googleapis\.com/", found.string)
    other = host is not None and host[1] not in SERVICES
    by_role = ("oslogin",) if "OS Login" in found["api"] else ()
    hosts = [f"{each}.googleapis.com" for each in ((host[1],) if host and other else (*SERVICES, *by_role))]
    does = "does that" if other else "enables all that a deployment takes, and so does `cynthus doctor --enable`"
    return Refusal(
        f"the {found['api']} is not enabled in the cloud project{_named(project)}",
        f"{enabling(hosts, project)} {does}; that counts a minute or two later",
        final=True,
    )


def _no_project(_: re.Match[str], project: str) -> Refusal:
    return Refusal(
        f"there is no cloud project{_named(project)}, or you may not use it",
        "`gcloud projects list` shows yours: write its PROJECT_ID as `gcp: {project: ...}` in cynthus.yaml, or set "
        "GOOGLE_CLOUD_PROJECT",
        final=True,
    )


def _no_zone(found: re.Match[str], project: str) -> Refusal:
    named = f" --project={project}" if project else ""
    return Refusal(
        f"Google has no zone {found['zone']}",
        f"`gcloud compute zones list{named}` shows all: write one as `resources: {{zone: ...}}`",
        final=True,
    )


def _not_permitted(found: re.Match[str], project: str) -> Refusal:
    permission = found["permission"]
    role = role_of(permission)
    have = f"{role} has it" if role else "a role has to have it"
    return Refusal(
        f"you lack the permission {permission} in the cloud project{_named(project)}",
        f"{have}: ask who owns the project for that; docs/how-to/give-permissions-on-google-cloud.md lists all that a "
        "deployment takes",
    )


def _not_as_that_account(found: re.Match[str], project: str) -> Refusal:
    return Refusal(
        f"you may not let a machine run as {found['account']}",
        f"{role_of('iam.serviceAccounts.actAs')} in the cloud project{_named(project)} permits it: ask who owns the "
        "project for that",
    )


def _by_role_only(_: re.Match[str], project: str) -> Refusal:
    return Refusal(
        f"a policy of the organisation requires OS Login in the cloud project{_named(project)}, and the machine was to "
        "heed a key in its metadata",
        "write `gcp: {login: oslogin}` in cynthus.yaml: that takes roles/compute.osAdminLogin, and "
        "oslogin.googleapis.com to be enabled",
    )


def _no_public_address(_: re.Match[str], project: str) -> Refusal:
    return Refusal(
        f"a policy of the organisation lets no machine of the cloud project{_named(project)} have a public address",
        "leave `access: public` and `from:` out below `gcp:`, so that SSH goes through Google's proxy; or ask who set "
        "the policy (constraints/compute.vmExternalIpAccess) for an exception",
    )


def _from_outside(_: re.Match[str], project: str) -> Refusal:
    return Refusal(
        f"the cloud project{_named(project)} is of an organisation that you do not belong to, and that lets nobody "
        "from outside log in to its machines",
        "ask its administrator for roles/compute.osLoginExternalUser, which is given on the organisation; or for an "
        "account there",
    )


def _whose_request(_: re.Match[str], project: str) -> Refusal:
    return Refusal(
        f"Google wants to know which cloud project asks, and you may not say{_named(project) or ' one'}",
        f"have roles/serviceusage.serviceUsageConsumer given to you there; or `gcloud auth application-default "
        f"set-quota-project {project or 'PROJECT'}` where you may use another",
    )


def _full_profile(_: re.Match[str], __: str) -> Refusal:
    return Refusal(
        "your OS Login profile is full of keys",
        "`gcloud compute os-login ssh-keys list` shows them, and `gcloud compute os-login ssh-keys remove --key=KEY` "
        "removes one. Those of Cynthus go by themselves after a day",
    )


def _bucket_taken(_: re.Match[str], __: str) -> Refusal:
    return Refusal(
        "somebody else has a bucket of that name, and all of Google's customers share the names of buckets", OTHER_NAMES
    )


def _bucket_there(_: re.Match[str], __: str) -> Refusal:
    return _not_ours("a bucket of that name")


def _there(found: re.Match[str], _: str) -> Refusal:
    return _not_ours(found["path"].split("/", 2)[2])


def _not_ours(what: str) -> Refusal:
    return Refusal(
        f"{what} is there already, and was not made for this deployment",
        f"it was left as it is: remove it if nobody needs it; or {OTHER_NAMES}",
    )


def _no_machine_type(found: re.Match[str], _: str) -> Refusal:
    return Refusal(
        f"{found['zone']} has no machines of the type {found['type']}",
        f"`gcloud compute machine-types list --filter=name={found['type']}` shows where there are some: write that as "
        "`resources: {zone: ...}`, or ask for another machine",
    )


def _no_gpus(found: re.Match[str], _: str) -> Refusal:
    return Refusal(
        f"{found['zone']} has no GPUs of the type {found['type']}",
        f"`gcloud compute accelerator-types list --filter=name={found['type']}` shows where there are some: write that "
        "as `resources: {zone: ...}`, or ask for others",
    )


def _no_fit(found: re.Match[str], _: str) -> Refusal:
    return Refusal(
        f"a machine of the type {found['machine']} takes no {found['other']}",
        "what `resources:` asks for fits by itself: `cynthus diff` shows what was changed by hand in infra/gcp",
    )


def _sold_out(found: re.Match[str], _: str) -> Refusal:
    return Refusal(
        f"{found['zone'] or 'the zone'} has no such machine left, which may change any minute",
        f"try again later; {_MORE_PLACES}",
    )


def _no_reservation(found: re.Match[str], project: str) -> Refusal:
    named = f" --project={project}" if project else ""
    return Refusal(
        f"there is no reservation {found['name']} in the machine's zone",
        f"`gcloud compute reservations list{named}` shows all with their zones: write one of them, and "
        "its zone, as `resources: {reservation: ..., zone: ...}`",
    )


def _reserved_otherwise(found: re.Match[str], _: str) -> Refusal:
    return Refusal(
        f"the reservation {found['name']} is for other machines than the one that is asked for",
        f"`gcloud compute reservations describe {found['name']} --zone=ZONE` shows of which type: ask for the GPUs, "
        "the processors and the memory of that below `resources:`",
    )


def _reserved_up(found: re.Match[str], _: str) -> Refusal:
    return Refusal(
        f"all machines of the reservation {found['name']} are in use",
        "wait until one is free, reserve more, or leave `reservation:` out; `cynthus status --all` shows yours",
    )


def _not_by_name(found: re.Match[str], _: str) -> Refusal:
    return Refusal(
        f"the reservation {found['name']} is for every machine that fits, and cannot be named",
        "leave `reservation:` out: Google takes the machine from it by itself; or make one with "
        "--require-specific-reservation",
    )


def _taken_back(_: re.Match[str], __: str) -> Refusal:
    return Refusal("Google took the machine back while it was being made", f"run it again; {_MORE_PLACES}")


def _closed(found: re.Match[str], project: str) -> Refusal:
    return Refusal(
        f"{found['zone']} is closed to the cloud project{_named(project)}, or is none of Google's",
        "`gcloud compute zones list` shows those that are open to it: write one as `resources: {zone: ...}`",
    )


def _not_gone_yet(_: re.Match[str], __: str) -> Refusal:
    return Refusal("what stood there before is not gone yet", "run it again in a minute or two")


def _quota(found: re.Match[str], project: str) -> Refusal:
    page = "https://console.cloud.google.com/iam-admin/quotas" + (f"?project={project}" if project else "")
    where = "in all regions together" if found["where"] == "globally" else found["where"]
    limit = f"{float(found['limit']):g} of {found['metric']} {where}"
    others = f"; {_MORE_PLACES}" if where.startswith("in region") else ""
    return Refusal(
        f"the cloud project{_named(project)} may have {limit}, and this is more",
        f"{page} is where to ask for more; `cynthus doctor` shows what is in use{others}",
    )


def _too_often(_: re.Match[str], __: str) -> Refusal:
    return Refusal("Google Cloud wants to be asked less often, and was asked again for a while", "wait a few minutes")


def _trouble(_: re.Match[str], __: str) -> Refusal:
    return Refusal(
        "Google Cloud has trouble of its own, and was asked again for a while",
        "wait a few minutes; https://status.cloud.google.com tells of what lasts longer",
    )


def _named(project: str) -> str:
    return f" {project}" if project else ""


_WORDS: tuple[tuple[str, Callable[[re.Match[str], str], Refusal]], ...] = (
    ("requires billing to be enabled", _nobody_pays),
    ("[Bb]illing must be enabled", _nobody_pays),
    ("billing account for the owning project is", _nobody_pays),
    ("(?P<api>[A-Z][A-Za-z() ]*? API) has not been used in project", _not_enabled),
    ("Permission denied on resource project", _no_project),
    ("Unknown project id", _no_project),
    ("Failed to find project", _no_project),
    ("resource 'projects/[^/']+' was not found", _no_project),
    (r"Invalid value for field 'zone': '(?P<zone>[^']+)'\. Unknown zone", _no_zone),
    ("resource 'projects/[^/']+/zones/(?P<zone>[^/']+)' was not found", _no_zone),
    (r"constraints/compute\.requireOsLogin violated", _by_role_only),
    (r"constraints/compute\.vmExternalIpAccess violated", _no_public_address),
    ("belongs to an external organization|oslogin.updateExternalUser", _from_outside),
    ("requires a quota project|permission to use project", _whose_request),
    ("Login profile size exceeds", _full_profile),
    ("access to service account '(?P<account>[^']+)'", _not_as_that_account),
    (r"Required '(?P<permission>[\w.]+)' permission for", _not_permitted),
    (r"does not have (?P<permission>[\w.]+) access to", _not_permitted),
    (r"Permission '(?P<permission>[\w.]+)' denied", _not_permitted),
    ("requested bucket name is not available", _bucket_taken),
    ("you already own it", _bucket_there),
    ("resource '(?P<path>projects/[^']+)' already exists", _there),
    ("Machine type with name '(?P<type>[^']+)' does not exist in zone '(?P<zone>[^']+)'", _no_machine_type),
    ("zones/(?P<zone>[^/']+)/acceleratorTypes/(?P<type>[^']+)' was not found", _no_gpus),
    (r"\[(?P<machine>[\w-]+), (?P<other>[^\]]+)\] features are not compatible", _no_fit),
    (r"Specified reservations? \[?'?(?P<name>[^'\]]*)'?\]? do(es)? not exist", _no_reservation),
    ("No available resources in specified reservations '(?P<name>[^']*)'", _reserved_otherwise),
    ("Specified reservation '(?P<name>[^']*)' does not have available resources", _reserved_up),
    (r"Specified reservations \[(?P<name>[^\]]*)\] can not be targeted", _not_by_name),
    ("zones/(?P<zone>[a-z0-9-]+)' does not have enough resources available", _sold_out),
    ("is currently unavailable in the (?P<zone>[a-z0-9-]+) zone", _sold_out),
    ("(?P<zone>)(ZONE_RESOURCE_POOL_EXHAUSTED|insufficientCapacity)", _sold_out),
    (r"Quota '(?P<metric>[^']+)' exceeded\. +Limit: (?P<limit>[\d.]+\d) (?P<where>globally|in region [\w-]+)", _quota),
    ("UNSUPPORTED_OPERATION|was preempted", _taken_back),
    ("[Zz]one '(?P<zone>[^']+)' is not found or access is unauthorized", _closed),
    ("RESOURCE_NOT_READY|The resource '[^']+' is not ready", _not_gone_yet),
    ("[Ee]rror 429|rateLimitExceeded|RESOURCE_OPERATION_RATE_EXCEEDED|Operation rate exceeded", _too_often),
    ("[Ee]rror 50[0-9]|backendError", _trouble),
)
_RULES = tuple((re.compile(words), means) for words, means in _WORDS)
