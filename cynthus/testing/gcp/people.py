"""Who may enter a machine: those whose keys its metadata has, or with OS Login those who have a role for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.testing.gcp.profiles import keys_of, username

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cynthus.testing.gcp.store import Document
    from cynthus.testing.gcp.world import World

SWITCH = "enable-oslogin"
_ENTER, _ROOT, _ACT = "compute.instances.osLogin", "compute.instances.osAdminLogin", "iam.serviceAccounts.actAs"


class Login(Struct, frozen=True):
    """Somebody with a name on a machine, the public keys that open it to them, and whether they may become root."""

    user: str
    keys: tuple[str, ...]
    root: bool


def logins(world: World, key: str) -> tuple[Login, ...]:
    """Those of an instance, as it is now."""
    with world.store.change():
        instance = world.store.get("instances", key)
        if instance is None:
            return ()
        return tuple(_by_role(world, key, instance) if by_role(world, instance) else _by_key(instance))


def by_role(world: World, instance: Document) -> bool:
    """Whether OS Login is on: the instance's own word counts, else the project's."""
    told = _metadata(instance)
    return told.get(SWITCH, world.project.metadata.get(SWITCH, "")).upper() == "TRUE"


def _metadata(instance: Document) -> Mapping[str, str]:
    return {each["key"]: each["value"] for each in instance["metadata"].get("items", [])}


def _by_key(instance: Document) -> Iterator[Login]:
    users: dict[str, list[str]] = {}
    for line in filter(None, _metadata(instance).get("ssh-keys", "").splitlines()):
        user, _, key = line.partition(":")
        users.setdefault(user, []).append(key)
    for user, keys in users.items():
        yield Login(user, tuple(keys), root=True)


def _by_role(world: World, key: str, instance: Document) -> Iterator[Login]:
    accounts = [each["email"] for each in instance.get("serviceAccounts") or ()]
    for email in world.store.keys("profiles"):
        who = world.principals.called(email)
        asked = [(_ENTER, key), *((_ACT, f"projects/{world.project.id}/serviceAccounts/{each}") for each in accounts)]
        if all(world.policies.allows(who, permission, of) for permission, of in asked):
            keys = tuple(each["key"] for each in keys_of(world, email))
            yield Login(username(world, email), keys, world.policies.allows(who, _ROOT, key))
