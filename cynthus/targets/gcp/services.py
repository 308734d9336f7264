"""Services of Google's that a deployment takes: which are off, and how they are switched on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cynthus.core.finding import Finding
from cynthus.errors import CloudFailed, NotPermitted, ProjectUnfit
from cynthus.targets.gcp.api import NotThere
from cynthus.targets.gcp.refusals import enabling, is_off
from cynthus.targets.gcp.roles import role_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cynthus.targets.gcp.api import Api
    from cynthus.targets.gcp.wanted import Wanted

PATIENCE = 300.0
"""Seconds for Google to do it, and after that for it to count everywhere."""
_PROBES = {
    "compute": "projects/{project}/zones/{zone}",
    "storage": "b?project={project}&maxResults=1",
    "iam": "projects/{project}/serviceAccounts?pageSize=1",
    "artifactregistry": "projects/{project}/locations/{region}/repositories?pageSize=1",
    "secretmanager": "projects/{project}/secrets?pageSize=1",
}
"""A question to each that it answers, or refuses, as soon as it is on."""


def services(api: Api, wanted: Wanted) -> Iterator[Finding]:
    """Which of those that it takes are off."""
    query = {"filter": "state:ENABLED", "pageSize": "200"}
    pages = api.pages("serviceusage", f"projects/{wanted.project}/services", query)
    enabled = {each["config"]["name"] for page in pages for each in page.get("services", ())}
    off = tuple(each for each in wanted.services if each not in enabled)
    if off:
        said = f"not enabled in the cloud project {wanted.project}: {', '.join(off)}"
        yield Finding("services", "error", said, f"{enabling(off, wanted.project)} enables them", enables=off)
    else:
        yield Finding("services", "ok", f"the {len(wanted.services)} services that a deployment takes are enabled")


def enable(
    api: Api, wanted: Wanted, hosts: Sequence[str], activity: Callable[[str], None], *, pause: float = 1.0
) -> None:
    """Switch these on, all in one request, and wait until each of them answers.

    Raises:
        ProjectUnfit: whoever asks may not.
        CloudFailed, NotLoggedIn: it cannot be done, or takes too long.
    """
    until = time.monotonic() + PATIENCE
    try:
        _done(api, wanted, hosts, pause, until)
    except NotPermitted as error:
        role = role_of("serviceusage.services.enable")
        raise ProjectUnfit(
            f"not enabled in the cloud project {wanted.project}, and not by you: {', '.join(hosts)}",
            hint=f"{enabling(hosts, wanted.project)}, typed by somebody who has {role}", details=(error.message,),
        ) from None  # fmt: skip
    waiting = [*hosts]
    while waiting := [each for each in waiting if not _answers(api, wanted, each)]:
        activity(f"waiting for {', '.join(waiting)}")
        _rest(pause, until, waiting)


def _done(api: Api, wanted: Wanted, hosts: Sequence[str], pause: float, until: float) -> None:
    """Have Google do it, to the end."""
    path = f"projects/{wanted.project}/services:batchEnable"
    told = api.ask("POST", "serviceusage", path, body={"serviceIds": [*hosts]})
    while not told.get("done"):
        _rest(pause, until, hosts)
        told = api.ask("GET", "serviceusage", str(told["name"]))
    if "error" in told:
        said = str(told["error"].get("message", told["error"]))
        hint = f"mend what it says; {enabling(hosts, wanted.project)} does the same"
        raise CloudFailed(f"Google Cloud does not enable them: {said}", hint=hint)


def _answers(api: Api, wanted: Wanted, host: str) -> bool:
    """Whether a service has heard that it is on. Any other refusal is an answer."""
    service = host.partition(".")[0]
    if service not in _PROBES:
        return True
    path = _PROBES[service].format(project=wanted.project, zone=wanted.zone, region=wanted.regions[0])
    try:
        api.ask("GET", service, path)
    except (CloudFailed, NotThere) as error:
        return not is_off(str(error))
    return True


def _rest(pause: float, until: float, hosts: Sequence[str]) -> None:
    if time.monotonic() > until:
        raise CloudFailed(
            f"{', '.join(hosts)} are not on after {PATIENCE / 60:.0f} minutes", hint="wait a little and run it again"
        )
    time.sleep(pause)
