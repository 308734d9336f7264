"""IAM: who may do what to which resource, by roles; and which permissions were used."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from cynthus.testing.gcp.refusals import refusal
from cynthus.testing.gcp.roles import ROLES, permits
from cynthus.testing.gcp.shapes import ANY, NUMBER, TEXT, TEXTS, checked

if TYPE_CHECKING:
    from cynthus.testing.gcp.principals import Principal, Principals
    from cynthus.testing.gcp.store import Document, Store

POLICY: dict[str, Any] = {
    "bindings": [{"role": TEXT, "members": TEXTS, "condition": ANY}],
    "etag": TEXT,
    "version": NUMBER,
    "kind": TEXT,
    "resourceId": TEXT,
    "auditConfigs": ANY,
}
_BASIC = ("roles/owner", "roles/editor", "roles/viewer")
_KINDS = ("user:", "serviceAccount:", "group:", "domain:", "deleted:", "projectOwner:", "projectEditor:")
_OTHERS = ("projectViewer:", "principal:", "principalSet:", "allUsers", "allAuthenticatedUsers")


class Policies:
    """One for the project, whose key is '', and one for each resource that has some, by its key."""

    def __init__(self, store: Store, principals: Principals, project: str) -> None:
        self._store = store
        self._principals = principals
        self._project = project

    def get(self, key: str) -> Document:
        return self._store.get("policies", key) or {"etag": etag({})}

    def replace(self, key: str, policy: Document) -> Document:
        """Raises: Refusal, where it came of another one than is there now, or names somebody who is not there."""
        wanted = checked(policy, POLICY, "policy")
        there = self.get(key)
        if wanted.get("etag", there["etag"]) != there["etag"]:
            text = "There were concurrent policy changes. Please retry the whole read-modify-write with exponential "
            raise refusal(409, f"{text}backoff.", "aborted", status="ABORTED")
        bindings = _merged(wanted.get("bindings", []))
        for binding in bindings:
            self._check(binding)
        conditional = any("condition" in binding for binding in bindings)
        kept: Document = {"version": 3 if conditional else 1}
        if bindings:
            kept["bindings"] = bindings
        kept["etag"] = etag({**kept, "before": there["etag"]})
        self._store.put("policies", key, kept)
        return kept

    def remove(self, key: str) -> None:
        if self._store.get("policies", key) is not None:
            self._store.remove("policies", key)

    def forget(self, email: str, unique: str) -> None:
        """Write of a service account that it is gone, wherever it is a member."""
        gone, before = f"deleted:serviceAccount:{email}?uid={unique}", f"serviceAccount:{email}"
        for key, policy in self._store.items("policies"):
            bindings = policy.get("bindings", [])
            if any(before in binding["members"] for binding in bindings):
                changed = [
                    {**binding, "members": [gone if each == before else each for each in binding["members"]]}
                    for binding in bindings
                ]
                self._store.put("policies", key, {**policy, "bindings": changed})

    def allows(self, who: Principal, permission: str, key: str) -> bool:
        """Whether somebody may do that to a resource; what was permitted is remembered."""
        if permission in self._principals.denied(who.email):
            return False
        allowed = any(permits(role, permission) for role in self._roles(who, key))
        if allowed:
            used = f"{who.email} {permission}"
            if self._store.get("used", used) is None:
                self._store.put("used", used, {"email": who.email, "permission": permission})
        return allowed

    def used(self, email: str = "") -> set[str]:
        """The permissions that were used, by somebody or by all."""
        return {each["permission"] for _, each in self._store.items("used") if email in ("", each["email"])}

    def _roles(self, who: Principal, key: str) -> set[str]:
        found = set(who.roles) | _given(self.get(""), {who.member})
        if not key:
            return found
        # A bucket says what it lets those do who have a role in its project.
        basic = {f"project{role[6:].title()}:{self._project}" for role in found if role in _BASIC}
        # Who may do something with a secret may do it with its versions.
        steps = key.split("/")
        for count in range(len(steps), 1, -2):
            found |= _given(self.get("/".join(steps[:count])), {who.member, *basic})
        return found

    def _check(self, binding: Document) -> None:
        role = binding.get("role", "")
        if role not in ROLES:
            raise refusal(400, f"Role {role} is not supported for this resource.")
        for member in binding["members"]:
            if not member.startswith((*_KINDS, *_OTHERS)):
                raise refusal(400, f"Invalid member: {member}")
            email = member.removeprefix("serviceAccount:")
            ours = email != member and email.endswith(f"@{self._project}.iam.gserviceaccount.com")
            if ours and self._store.get("accounts", email) is None:
                raise refusal(400, f"Service account {email} does not exist.")


def _given(policy: Document, members: set[str]) -> set[str]:
    """The roles that a policy gives to one of these."""
    return {each["role"] for each in policy.get("bindings", []) if members & set(each["members"])}


def _merged(bindings: list[Document]) -> list[Document]:
    """One for each role and condition, as Google keeps them, and none for nobody."""
    found: dict[str, Document] = {}
    for binding in bindings:
        told = {key: value for key, value in binding.items() if key != "members"}
        whole = found.setdefault(etag(told), {**told, "members": []})
        whole["members"] += [each for each in binding.get("members", []) if each not in whole["members"]]
    return [binding for binding in found.values() if binding["members"]]


def etag(of: object) -> str:
    """A short text that changes when that does."""
    digest = hashlib.sha256(msgspec.json.encode(of, order="sorted")).digest()[:9]
    return base64.urlsafe_b64encode(digest).decode()
