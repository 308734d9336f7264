"""How somebody comes to a token, where the credentials of this machine are files and not tokens.

A file of application default credentials has a `token_uri`; let it be `<endpoint>/oauth2/token`. Nothing is signed or
checked that only Google could: who names an account that is there gets its token.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import msgspec

from cynthus.testing.gcp.principals import MACHINE
from cynthus.testing.gcp.refusals import refusal
from cynthus.testing.gcp.router import Answer
from cynthus.testing.gcs_objects import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.testing.gcp.store import Document
    from cynthus.testing.gcp.world import World

_SIGNED = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


def answer(world: World, path: str, query: Mapping[str, str], content: bytes) -> Document | Answer:
    """What is answered below /oauth2/, /openidconnect/ and /sts/."""
    try:
        return _given(world, path, query, content)
    except Refusal as refused:
        if path.startswith("/openidconnect/"):
            return Answer(401, {"error": "invalid_token", "error_description": refused.message})
        # OAuth has a form of its own for what is wrong.
        return Answer(400, {"error": "invalid_grant", "error_description": refused.message})


def _given(world: World, path: str, query: Mapping[str, str], content: bytes) -> Document:
    if path.endswith(("/tokeninfo", "/userinfo")):
        who = world.principals.who(f"Bearer {query.get('access_token', '')}")
        return {"email": who.email, "email_verified": True, "sub": who.email, "expires_in": "3599"}
    told = _told(content)
    kind = told.get("grant_type", told.get("grantType", ""))
    if kind == "refresh_token":
        return _token(world, told.get("refresh_token", ""))
    if kind == _SIGNED:
        return _token(world, f"{MACHINE}{_claims(told.get('assertion', '')).get('iss', '')}")
    if kind == _EXCHANGE:
        return _token(world, told.get("subject_token", told.get("subjectToken", "")))
    raise _invalid(f"Invalid grant_type: {kind}")


def _told(content: bytes) -> Mapping[str, str]:
    if content.lstrip().startswith(b"{"):
        return msgspec.json.decode(content, type=dict[str, str])
    return dict(parse_qsl(content.decode()))


def _token(world: World, token: str) -> Document:
    """A token is its own refresh token here, and somebody's else's proof of who he is."""
    try:
        world.principals.who(f"Bearer {token}")
    except Refusal as unknown:
        raise _invalid("Token has been expired or revoked.") from unknown
    return {
        "access_token": token,
        "expires_in": 3599,
        "token_type": "Bearer",
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
    }


def _claims(assertion: str) -> Document:
    try:
        part = assertion.split(".")[1]
        found: Document = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), type=dict)
    except (IndexError, binascii.Error, msgspec.MsgspecError):
        raise _invalid("Invalid JWT: it is no such thing.") from None
    return found


def _invalid(text: str) -> Refusal:
    return refusal(400, text, "invalid_grant")
