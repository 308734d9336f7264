"""Whether a cloud project has what a deployment takes: for `cynthus doctor`, and before each plan. Everything is asked
at once, and what may not be looked at keeps nobody from the rest."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from cynthus.core.finding import Finding
from cynthus.errors import CloudFailed, ProjectUnfit, UsageError
from cynthus.targets.gcp.api import NotThere
from cynthus.targets.gcp.place import region_of
from cynthus.targets.gcp.quotas import in_all_regions, in_regions, of_family
from cynthus.targets.gcp.refusals import is_off, understood
from cynthus.targets.gcp.roles import role_of
from cynthus.targets.gcp.services import enable, services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cynthus.targets.gcp.api import Api
    from cynthus.targets.gcp.wanted import Wanted

HOPELESS = "cloud project"
"""The check of what makes all others idle."""


class Checkup:
    """As `targets.preflight` wants it."""

    def __init__(self, api: Api, wanted: Wanted) -> None:
        self._api = api
        self._wanted = wanted

    @property
    def questions(self) -> Mapping[str, Callable[[], tuple[Finding, ...]]]:
        """One request each, where nothing is wrong."""
        asked = _OF_ALL | (_OF_MACHINES if self._wanted.machines else {})
        return {name: partial(_careful, name, self._api, self._wanted) for name in asked}

    def enable(self, names: Sequence[str], activity: Callable[[str], None]) -> None:
        """See `services.enable`."""
        enable(self._api, self._wanted, names, activity)


def checkup(questions: Mapping[str, Callable[[], tuple[Finding, ...]]]) -> tuple[Finding, ...]:
    """What was found, each with what mends it; and what nobody can tell, with the reason."""
    with ThreadPoolExecutor(len(questions)) as pool:
        try:
            found = list(pool.map(_told, questions, questions.values()))
        except UsageError as error:
            # Nobody knows who asks, or the library that would know is not there.
            return (Finding("credentials", "error", error.message, error.hint),)
    told: dict[str, Finding] = {}
    for each in (finding for part in found for finding in part):
        # All of them hear it where nobody pays, or there is no such project.
        told.setdefault(each.message, each)
    hopeless = any(each.check == HOPELESS and each.level == "error" for each in told.values())
    listed = any(each.enables for each in told.values())
    return tuple(
        each for each in told.values()
        if not (hopeless and each.level == "warning") and not (listed and is_off(each.message))
    )  # fmt: skip


def _told(name: str, question: Callable[[], tuple[Finding, ...]]) -> tuple[Finding, ...]:
    try:
        return question()
    except ProjectUnfit as error:
        return (Finding("services", "error", error.message, error.hint),)
    except CloudFailed as error:
        return (Finding(name.partition(" in ")[0], "warning", f"nobody can tell: {error.message}", error.hint),)


def _careful(name: str, api: Api, wanted: Wanted) -> tuple[Finding, ...]:
    """What a question comes to.

    Raises:
        ProjectUnfit: the service that was asked is off, which is told by who asks for services.
        CloudFailed, UsageError: nobody can tell.
    """
    try:
        return tuple((_OF_ALL | _OF_MACHINES)[name](api, wanted))
    except (CloudFailed, NotThere) as error:
        means = understood(str(error), wanted.project)
        if means is None:
            raise CloudFailed(str(error), hint=getattr(error, "hint", "")) from None
        off = is_off(str(error))
        if not means.final or off:
            # A deployment does without those that are only asked about it.
            kind = ProjectUnfit if off and name not in _ASIDE else CloudFailed
            raise kind(means.message, hint=means.hint) from None
        return (Finding(HOPELESS, "error", means.message, means.hint),)


def _project(api: Api, wanted: Wanted) -> Iterator[Finding]:
    state = api.ask("GET", "resourcemanager", f"projects/{wanted.project}").get("lifecycleState", "ACTIVE")
    if state == "ACTIVE":
        yield Finding("cloud project", "ok", f"{wanted.project} is there")
    else:
        fix = f"`gcloud projects undelete {wanted.project}` brings it back for 30 days; or name another one"
        yield Finding("cloud project", "error", f"{wanted.project} is being deleted", fix)


def _billing(api: Api, wanted: Wanted) -> Iterator[Finding]:
    if api.ask("GET", "cloudbilling", f"projects/{wanted.project}/billingInfo").get("billingEnabled"):
        yield Finding("billing", "ok", "an account pays for the cloud project")
    else:
        means = understood("requires billing to be enabled", wanted.project)
        assert means is not None  # noqa: S101 - these are the words that it knows
        yield Finding("billing", "error", means.message, means.hint)


def _permissions(api: Api, wanted: Wanted) -> Iterator[Finding]:
    asked = [*wanted.permissions, *wanted.granted_elsewhere]
    answer = api.ask("POST", "resourcemanager", f"projects/{wanted.project}:testIamPermissions",
                     body={"permissions": asked})  # fmt: skip
    missing = {*asked} - {*answer.get("permissions", ())}
    for role, lacking in _by_role(missing & {*wanted.permissions}):
        said = f"you lack {', '.join(lacking)} in the cloud project {wanted.project}"
        yield Finding("permissions", "error", said, _grant(wanted, role))
    for role, lacking in _by_role(missing & {*wanted.granted_elsewhere}):
        said = f"you lack {', '.join(lacking)}, unless that was given to you for the one thing that it is about"
        yield Finding("permissions", "warning", said, _grant(wanted, role))
    if not missing:
        yield Finding("permissions", "ok", f"you have the {len(asked)} that were asked for")


def _by_role(permissions: Iterable[str]) -> Iterable[tuple[str, list[str]]]:
    found: dict[str, list[str]] = defaultdict(list)
    for each in sorted(permissions):
        found[role_of(each)].append(each)
    return found.items()


def _grant(wanted: Wanted, role: str) -> str:
    grant = f"gcloud projects add-iam-policy-binding {wanted.project} --member=user:YOU --role={role}"
    return f"`{grant}`, typed by who owns it"


def _image(api: Api, wanted: Wanted) -> Iterator[Finding]:
    try:
        found = api.ask("GET", "compute", wanted.image)
    except NotThere:
        fix = "name another in an override file beside infra/gcp/compute/main.tf"
        yield Finding("image", "error", f"Google has no {wanted.image} any more", fix)
        return
    yield Finding("image", "ok", f"machines boot from {found.get('name', wanted.image)}")


def _zone(api: Api, wanted: Wanted) -> Iterator[Finding]:
    api.ask("GET", "compute", f"projects/{wanted.project}/zones/{wanted.zone}")
    yield Finding("zone", "ok", f"Google has the zone {wanted.zone}")


def _machine(api: Api, wanted: Wanted) -> Iterator[Finding]:
    return _having(api, wanted, "machineTypes", wanted.machine)


def _accelerator(api: Api, wanted: Wanted) -> Iterator[Finding]:
    return _having(api, wanted, "acceleratorTypes", wanted.gpu) if wanted.gpu and wanted.attached else iter(())


def _having(api: Api, wanted: Wanted, kind: str, name: str) -> Iterator[Finding]:
    """Whether the zone has that; where it has not, and another is tried, that is no error yet."""
    try:
        api.ask("GET", "compute", f"projects/{wanted.project}/zones/{wanted.zone}/{kind}/{name}")
    except NotThere:
        what = wanted.machine + (f" with {wanted.gpu}" if wanted.gpu else "")
        said = f"{wanted.zone} has no {what}"
        zones = sorted(_zones_of(api, wanted.project, kind, name))
        tried = [each for each in wanted.zones if each in zones]
        if tried:
            yield Finding("zone", "warning", said, f"`cynthus up` goes on to {tried[0]}, which has one")
            return
        near = [each for each in zones if region_of(each) in wanted.regions] or zones
        named = f"write one of {', '.join(near[:6])} as `resources: {{zone: ...}}`"
        fix = named if near else "ask for another machine"
        yield Finding("zone", "warning" if wanted.others else "error", said, fix)
        return
    yield Finding("zone", "ok", f"{wanted.zone} has {name}")


def _zones_of(api: Api, project: str, kind: str, name: str) -> Iterator[str]:
    for page in api.pages("compute", f"projects/{project}/aggregated/{kind}", {"filter": f"name={name}"}):
        for place, listed in page.get("items", {}).items():
            if any(each.get("name") == name for each in listed.get(kind, ())):
                yield place.removeprefix("zones/")


_OF_ALL: dict[str, Callable[[Api, Wanted], Iterator[Finding]]] = {
    HOPELESS: _project, "billing": _billing, "services": services, "permissions": _permissions,
}  # fmt: skip
_OF_MACHINES: dict[str, Callable[[Api, Wanted], Iterator[Finding]]] = {
    "quotas in all regions": in_all_regions, "quotas in the region": in_regions, "quotas of newer GPUs": of_family,
    "image": _image, "zone": _zone, "machine type in the zone": _machine, "GPU in the zone": _accelerator,
}  # fmt: skip
_ASIDE = (HOPELESS, "billing", "services", "permissions", "quotas of newer GPUs")
"""What asks services that a deployment itself does not take."""
