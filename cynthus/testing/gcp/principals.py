"""Who asks, by the token that comes with a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.testing.gcp.refusals import unknown_token

if TYPE_CHECKING:
    from cynthus.testing.gcp.clock import CloudClock
    from cynthus.testing.gcp.store import Store

OWNER = "owner@example.com"
OWNER_TOKEN = "sim-owner"  # noqa: S105 - it opens nothing but a simulation
MACHINE = "sim-"
"""What a machine's token begins with; its service account's address follows."""


class Principal(Struct, frozen=True):
    """Somebody, and what is permitted from above the project, which its policy does not show."""

    email: str
    roles: tuple[str, ...] = ()

    @property
    def member(self) -> str:
        kind = "serviceAccount" if self.email.endswith(".gserviceaccount.com") else "user"
        return f"{kind}:{self.email}"


class Principals:
    """The tokens that are known."""

    def __init__(self, store: Store, clock: CloudClock) -> None:
        self._store = store
        self._clock = clock
        if store.get("tokens", OWNER_TOKEN) is None:
            self.add(OWNER_TOKEN, OWNER, "roles/owner")

    def add(self, token: str, email: str, *roles: str, seconds: float = 0.0) -> None:
        """Let a token stand for somebody, for so many seconds (0: for good)."""
        expires = self._clock.seconds() + seconds if seconds else None
        self._store.put("tokens", token, {"email": email, "roles": list(roles), "expires": expires})

    def forget(self, token: str) -> None:
        self._store.remove("tokens", token)

    def who(self, authorization: str) -> Principal:
        """Raises: Refusal, where nobody is known by that header."""
        token = authorization.removeprefix("Bearer ")
        told = self._store.get("tokens", token)
        if told is not None:
            if told["expires"] is not None and told["expires"] <= self._clock.seconds():
                raise unknown_token()
            return Principal(told["email"], tuple(told["roles"]))
        email = token.removeprefix(MACHINE)
        if email != token and self._store.get("accounts", email) is not None:
            return Principal(email)
        raise unknown_token()

    def called(self, email: str) -> Principal:
        """Somebody by their address, whoever speaks."""
        told = [each["roles"] for _, each in self._store.items("tokens") if each["email"] == email]
        return Principal(email, tuple(role for roles in told for role in roles))

    def deny(self, email: str, *permissions: str) -> None:
        """Take these permissions away from somebody, whatever roles say. Without any: give all back."""
        self._store.put("denied", email, {"permissions": list(permissions)})

    def denied(self, email: str) -> list[str]:
        found: list[str] = (self._store.get("denied", email) or {}).get("permissions", [])
        return found
