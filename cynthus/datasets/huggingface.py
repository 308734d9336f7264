"""The Hugging Face hub, by the few requests of its interface that say what there is."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec import Struct

from cynthus.core.reference import Description
from cynthus.credentials.tokens import Token, token
from cynthus.datasets.asking import asked, endpoint
from cynthus.errors import DownloadFailed, ReferenceUnknown, TokenNeeded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cynthus.core.reference import Reference
    from cynthus.datasets.asking import Reply

VARIABLE = "HF_TOKEN"
_WHERE = "huggingface.co/settings/tokens"
_NOBODY = Token("", "")


class _Seen(Struct, frozen=True):
    """What the hub says of a repository, and with whose right it was asked."""

    document: Mapping[str, Any]
    token: Token


class HuggingFace:
    """`environment` is the user's. A token is shown only where the hub says no without."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._found: Token | None = None

    def describe(self, reference: Reference) -> Description:
        seen = self._look(reference)
        told = seen.document
        if told.get("gated"):
            seen = self._enter(reference, seen)
        siblings = [each for each in told.get("siblings") or () if _wanted(each["rfilename"], reference.files)]
        if reference.files and not siblings:
            raise ReferenceUnknown(
                f"no file of {reference} fits {', '.join(reference.files)}", hint=f"look at {self._page(reference)}"
            )
        sizes = [each.get("size") for each in siblings]
        size = None if None in sizes else sum(sizes)
        closed = bool(told.get("gated") or told.get("private") or seen.token.value)
        return Description(reference, str(told["sha"]), size, len(siblings), _licence(told), closed)

    def tokens(self) -> Mapping[str, str]:
        found = self._token()
        return {VARIABLE: found.value} if found.value else {}

    @property
    def _endpoint(self) -> str:
        return endpoint(self._environment, "HF_ENDPOINT", "https://huggingface.co")

    def _token(self) -> Token:
        if self._found is None:
            self._found = token(VARIABLE, self._environment, self._files())
        return self._found

    def _files(self) -> tuple[Path, ...]:
        """Where `hf auth login` puts one."""
        named, home = self._environment.get("HF_TOKEN_PATH"), self._environment.get("HOME", "/nonexistent")
        own = self._environment.get("HF_HOME") or f"{home}/.cache/huggingface"
        return (Path(named or f"{own}/token"),)

    def _look(self, reference: Reference) -> _Seen:
        """The repository, as everybody sees it, else as we do."""
        path = f"{self._api(reference)}/revision/{quote(reference.revision or 'main', safe='')}?blobs=true"
        reply = self._ask(path, _NOBODY)
        shown = _NOBODY
        if reply.status in (401, 403, 404) and reply.headers.get("X-Error-Code") != "RevisionNotFound":
            shown = self._token()
            reply = self._ask(path, shown) if shown.value else reply
        if reply.status == 200 and isinstance(reply.document, dict) and reply.document.get("sha"):
            return _Seen(reply.document, shown)
        raise self._refusal(reference, reply, shown)

    def _enter(self, reference: Reference, seen: _Seen) -> _Seen:
        """See whether the token that there is opens a gate."""
        mine = self._token()
        if not mine.value:
            raise TokenNeeded(
                f"{reference} is given only to those who were let in, and there is no {VARIABLE}",
                hint=f"accept its terms at {self._page(reference)}, then {_how()}",
            )
        reply = self._ask(f"{self._api(reference)}/auth-check", mine)
        if reply.status != 200:
            raise self._refusal(reference, reply, mine)
        return _Seen(seen.document, mine)

    def _refusal(self, reference: Reference, reply: Reply, shown: Token) -> Exception:
        code = reply.headers.get("X-Error-Code")
        if code == "RevisionNotFound":
            named = reference.revision or "main"
            return ReferenceUnknown(
                f"{reference} has no revision {named}", hint=f"its revisions are at {self._page(reference)}"
            )
        if code == "GatedRepo":
            return TokenNeeded(
                f"{reference} is given only to those who were let in, and the owner of {VARIABLE} is not yet",
                hint=f"accept its terms at {self._page(reference)}; some owners answer only after a while",
            )
        if reply.status in (401, 403) and shown.value:
            return TokenNeeded(
                f"Hugging Face does not take the {VARIABLE} of {shown.origin} ({reply.status})",
                hint=f"it has expired or is mistyped: make a new one at {_WHERE}",
            )
        if reply.status in (401, 403, 404):
            return ReferenceUnknown(f"there is no {reference} on Hugging Face", hint=self._maybe(reference, shown))
        return DownloadFailed(f"Hugging Face refuses {reference} ({reply.status})", hint=f"look at {_WHERE}")

    def _maybe(self, reference: Reference, shown: Token) -> str:
        """What else a repository that is not seen may be."""
        if reference.kind == "model":
            return f"a data set is called hf://datasets/{reference.name}; if the model is private, {_how()}"
        return "look at the name" if shown.value else f"look at the name; if it is private, {_how()}"

    def _ask(self, path: str, shown: Token) -> Reply:
        headers = {"Authorization": f"Bearer {shown.value}"} if shown.value else {}
        return asked(f"{self._endpoint}{path}", headers)

    def _api(self, reference: Reference) -> str:
        return f"/api/{reference.kind}s/{reference.name}"

    def _page(self, reference: Reference) -> str:
        return f"{self._endpoint}/{'datasets/' if reference.kind == 'dataset' else ''}{reference.name}"


def _how() -> str:
    return f"`export {VARIABLE}=...` (from {_WHERE}) or store it: `python -m keyring set cynthus {VARIABLE}`"


def _wanted(path: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(path, each) for each in patterns)


def _licence(told: Mapping[str, Any]) -> str:
    tags = [str(each) for each in told.get("tags") or () if str(each).startswith("license:")]
    return ", ".join(each.removeprefix("license:") for each in tags)
