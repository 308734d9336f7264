"""The machine as Google's Compute Engine knows it. Its metadata server says which one it is, and nothing else does: so
nobody can name another one."""

from __future__ import annotations

import http.client
import json
import re
import urllib.error
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cynthus import web

if TYPE_CHECKING:
    from cynthus.agent.gcs_token import Tokens

USUAL = "https://compute.googleapis.com/compute/v1"
_WORDS = {"project/project-id": r"[a-z][a-z0-9.:-]*", "instance/zone": r"[a-z0-9-]+", "instance/name": r"[a-z0-9-]+"}
"""What is asked for, and what the end of an answer looks like: a zone has the project's number before it."""
_PATIENCE = 15.0
_LONGEST = 300
"""Letters of an error that are told."""


class Refused(Exception):
    """The machine is not deleted; the text says why."""


def delete(server: str, compute: str, tokens: Tokens) -> None:
    """Ask for this machine to be deleted, as the machine itself.

    Raises:
        Refused: that is not done, or nobody answers.
    """
    project, zone, name = (_told(server, path, word) for path, word in _WORDS.items())
    address = f"{compute or USUAL}/projects/{project}/zones/{zone}/instances/{name}"
    for last in (False, True):
        header = _header(tokens)
        try:
            with web.ask(address, header, method="DELETE", timeout=_PATIENCE):
                return
        except urllib.error.HTTPError as error:
            with error:
                said = _words(error)
            # It may have been taken back before its time.
            if error.code != 401 or last or not tokens.refused(header):
                raise Refused(f"Google does not delete {name} ({error.code}): {said}") from None
        except (OSError, http.client.HTTPException, web.UnsafeRedirect) as error:
            raise Refused(f"Google does not answer: {error}") from None


def _header(tokens: Tokens) -> dict[str, str]:
    try:
        return tokens.header()
    except (OSError, http.client.HTTPException) as error:
        raise Refused(f"the machine gets no token: {getattr(error, 'strerror', None) or error}") from None


def _told(server: str, path: str, word: str) -> str:
    """What the metadata server answers. Not by way of a proxy: it is a server of this machine alone."""
    connection = http.client.HTTPConnection(urlsplit(server).netloc, timeout=_PATIENCE)
    try:
        connection.request("GET", f"/computeMetadata/v1/{path}", headers={"Metadata-Flavor": "Google"})
        answer = connection.getresponse()
        said = answer.read(1000).decode(errors="replace").strip().rpartition("/")[2]
    except (OSError, http.client.HTTPException) as error:
        raise Refused(f"the metadata server does not answer: {error}") from None
    finally:
        connection.close()
    ours = answer.status == 200 and answer.headers.get("Metadata-Flavor") == "Google"
    if not ours or re.fullmatch(word, said) is None:
        raise Refused(f"the metadata server does not tell {path} ({answer.status})")
    return said


def _words(error: urllib.error.HTTPError) -> str:
    """Google's own, in one line."""
    try:
        document: Any = json.loads(error.read(1 << 16))
        said = str(document["error"]["message"])
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
        said = str(error.reason)
    return " ".join(said.split())[:_LONGEST]
