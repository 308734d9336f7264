"""Google's OS Login: a machine lets in whoever has a role for it, by the keys and the name of their profile."""

from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cynthus.core.clock import SystemClock
from cynthus.credentials.google import service_account
from cynthus.errors import CloudFailed, CynthusError, HostUnreachable, NotLoggedIn, NotPermitted
from cynthus.targets.gcp import names
from cynthus.targets.gcp.api import NotThere
from cynthus.targets.gcp.place import rendered
from cynthus.targets.gcp.refusals import understood
from cynthus.targets.gcp.roles import role_of
from cynthus.targets.gcp.ssh_key import public_half

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime
    from pathlib import Path

    from cynthus.core.clock import Clock
    from cynthus.core.deployment import Host
    from cynthus.targets.gcp.api import Api

MAY_ENTER = "compute.instances.osLogin"
MAY_BE_ROOT = "compute.instances.osAdminLogin"
ACT_AS = "iam.serviceAccounts.actAs"
PERMISSIONS = (MAY_ENTER, MAY_BE_ROOT, ACT_AS)
"""What OS Login looks for on the machine, and on the account that it runs as."""
LASTS = timedelta(days=1)
"""How long a key is in a profile. It goes by itself: a profile has 32 KiB, and many were filled by programs."""
RENEWED = timedelta(hours=12)
"""A key that lasts no longer than this gets its day anew, so that whoever follows a run for days is let in again."""

_NOT_ON_ITS_ACCOUNT = "permission to use project"
_TRY = "try `gcloud compute os-login describe-profile`, which asks for the same"


class OsLogin:
    """Has the user's key in their profile, and knows their name. Nobody is asked before the first connection."""

    def __init__(self, api: Api, environment: Mapping[str, str], clock: Clock | None = None) -> None:
        self._api = api
        self._environment = environment
        self._clock = clock or SystemClock()
        self._email = ""
        self._known: dict[tuple[str, str], tuple[str, datetime]] = {}
        # Hosts are waited for and asked side by side.
        self._lock = threading.Lock()

    def user(self, host: Host, root: Path) -> str:
        """What the user is called there, with a key in their profile that will do for the next hours.

        Raises:
            HostUnreachable: they may not log in, or nobody can tell.
        """
        with self._lock:
            try:
                return self._user(host, root)
            except (CynthusError, NotThere) as error:
                raise _unreachable(host, error) from None

    def insist_on_root(self, host: Host) -> None:
        """Raises: NotPermitted, where they may log in and not become root there."""
        lacking = self._lacking("compute", _instance(host), (MAY_BE_ROOT,))
        if lacking:
            raise NotPermitted(
                f"{host.name}: you may log in and not become root there, which making it ready takes",
                hint=f"have {role_of(MAY_BE_ROOT)} given to you in the cloud project, or for this machine; what was "
                "just given counts after a minute or two",
            )

    def _user(self, host: Host, root: Path) -> str:
        key, project = host.connection.key or "", host.connection.project or ""
        name, until = self._known.get((project, key), ("", self._clock.now()))
        if until - self._clock.now() > RENEWED:
            return name
        self._email = self._email or self._who()
        line = public_half(key) if key else ""
        profile = self._ask("GET", "loginProfile", project)
        until = self._lasts(profile, line)
        if line and until - self._clock.now() <= RENEWED:
            self._insist_on_entry(host, root)
            profile = self._import(line, project)
            until = self._clock.now() + LASTS
        name = _name(profile)
        self._known[project, key] = name, until if line else self._clock.now() + LASTS
        return name

    def _who(self) -> str:
        """Whose profile it is: the credentials say it, or Google, where the login was for that too."""
        known = service_account(self._environment)
        if known:
            return known
        try:
            found = str(self._api.ask("GET", "openidconnect", "userinfo").get("email") or "")
        except (NotPermitted, NotLoggedIn):
            # So it says of a login that was not for that.
            found = ""
        if not found:
            raise NotPermitted(
                "Google does not say whose these credentials are, and OS Login goes by that",
                hint="log in with `gcloud auth application-default login`, whose credentials say it; a token of "
                "another kind has to have the scope https://www.googleapis.com/auth/userinfo.email",
            )
        return found

    def _lasts(self, profile: Mapping[str, Any], line: str) -> datetime:
        """Until when that key is in the profile; now where it is not."""
        now = self._clock.now()
        for each in (profile.get("sshPublicKeys") or {}).values():
            if str(each.get("key") or "").split()[:2] == line.split()[:2]:
                ends = int(each.get("expirationTimeUsec") or 0)
                # One that somebody added for good is theirs, and lasts.
                return now + timedelta(seconds=ends / 1e6 - now.timestamp()) if ends else now + LASTS
        return now

    def _import(self, line: str, project: str) -> Mapping[str, Any]:
        ends = int((self._clock.now() + LASTS).timestamp() * 1_000_000)
        answer = self._ask("POST", ":importSshPublicKey", project, {"key": line, "expirationTimeUsec": str(ends)})
        found: Mapping[str, Any] = answer.get("loginProfile") or {}
        return found

    def _ask(
        self, method: str, what: str, project: str, body: Mapping[str, object] | None = None
    ) -> Mapping[str, Any]:
        """Of the user's own profile. Which cloud project that is asked for has to be said with most logins, and may be
        said by who may use its services; gcloud's own tokens need it not."""
        path = f"users/{quote(self._email, safe='@')}{what if what.startswith(':') else f'/{what}'}"
        asked = partial(self._api.ask, method, "oslogin", path, body=body, query={"projectId": project})
        try:
            return asked(paid_by=project)
        except NotPermitted as error:
            if _NOT_ON_ITS_ACCOUNT not in error.message:
                raise
        return asked()

    def _insist_on_entry(self, host: Host, root: Path) -> None:
        """What would be asked at the door is asked before, for the door says no more than no.

        Raises:
            NotPermitted: a role is missing.
        """
        lacking = set(self._lacking("compute", _instance(host), (MAY_ENTER, MAY_BE_ROOT)))
        if lacking == {MAY_ENTER, MAY_BE_ROOT}:
            raise NotPermitted(
                "you may not log in there: the machine asks for a role (OS Login)",
                hint=f"have {role_of(MAY_BE_ROOT)} given to you in the cloud project, or for this machine "
                f"({role_of(MAY_ENTER)} is enough for who needs not be root); it counts after a minute or two",
            )
        deployment, project = rendered(root, "deployment"), host.connection.project or ""
        if deployment is None:
            return
        account = names.account(deployment, project)
        path = f"projects/{project}/serviceAccounts/{account}"
        if self._lacking("iam", path, (ACT_AS,)):
            raise NotPermitted(
                f"you may not log in there: the machine runs as {account}, which you may not act as",
                hint=f"have {role_of(ACT_AS)} given to you on that account, or in the cloud project; it counts after a "
                "minute or two",
            )

    def _lacking(self, service: str, path: str, wanted: Collection[str]) -> tuple[str, ...]:
        """Of these permissions those that the user has not; none where nobody can tell."""
        verb = "/testIamPermissions" if service == "compute" else ":testIamPermissions"
        try:
            answer = self._api.ask("POST", service, path + verb, body={"permissions": list(wanted)})
        except (CloudFailed, NotThere):
            return ()
        held = answer.get("permissions") or ()
        return tuple(each for each in wanted if each not in held)


def by_role(host: Host) -> bool:
    """Whether a machine of Google's lets people in under names of their own."""
    return host.user is None and host.connection.instance_id is not None


def _instance(host: Host) -> str:
    there = host.connection
    return f"projects/{there.project}/zones/{there.zone}/instances/{there.instance_id}"


def _name(profile: Mapping[str, Any]) -> str:
    """The name in a profile: that which is marked, else the first.

    Raises:
        CloudFailed: there is none.
    """
    accounts = [
        each for each in profile.get("posixAccounts") or () if each.get("operatingSystemType", "LINUX") != "WINDOWS"
    ]
    for each in sorted(accounts, key=lambda account: not account.get("primary")):
        if each.get("username"):
            return str(each["username"])
    raise CloudFailed(
        "your OS Login profile has no name for Linux machines",
        hint="`gcloud compute os-login describe-profile` shows it; an administrator of your organisation may have to "
        "permit OS Login for you",
    )


def _unreachable(host: Host, error: Exception) -> HostUnreachable:
    said = error if isinstance(error, CynthusError) else CloudFailed(f"Google Cloud says no (404): {error}", hint=_TRY)
    means = understood(said.message, host.connection.project or "")
    if means is not None:
        found = HostUnreachable(f"{host.name}: {means.message}", hint=means.hint, details=(said.message,))
    else:
        found = HostUnreachable(f"{host.name}: {said.message}", hint=said.hint, details=said.details)
    # A refusal stays one, whatever the machine does; silence of Google's may pass.
    found.closed = not (isinstance(error, CloudFailed) and "does not answer" in said.message)
    return found
