"""A Hugging Face hub on loopback. The real `huggingface_hub` talks to it with `HF_ENDPOINT` set to its address.

::

    with serving(HuggingFaceHub()) as hub:
        revision = hub.commit("datasets/me/words", {"words.txt": b"a b c"})
        hub.gate("datasets/me/words")
        hub.let_in("hf_secret", "datasets/me/words")
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from cynthus.testing.web import Answer, Request, WebServer

if TYPE_CHECKING:
    from collections.abc import Mapping

_API = re.compile(r"/api/(datasets|models)/([^/]+/[^/]+)(?:/(revision|tree|auth-check)(?:/([^/]+))?)?(/.*)?")
_FILE = re.compile(r"/((?:datasets/)?[^/]+/[^/]+)/resolve/([^/]+)/(.+)")
LARGE = 1000
"""Files of so many bytes are kept as Git LFS keeps them: under their SHA-256."""


@dataclass
class Repository:
    """The files of each commit, by revision; branches point at one. `gated` are let in one by one, `private` hides."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    licence: str = ""
    gated: bool = False
    private: bool = False
    members: set[str] = field(default_factory=set)


@dataclass
class HuggingFaceHub(WebServer):
    """Repositories are called as in the address of their page: `datasets/owner/name`, or `owner/name` for a model.
    `tokens` are those of people it knows; others are refused."""

    tokens: set[str] = field(default_factory=set)
    _repositories: dict[str, Repository] = field(default_factory=dict)

    def commit(
        self, name: str, files: Mapping[str, bytes], *, branch: str = "main", licence: str | None = None
    ) -> str:
        """Make these the files of a branch; gives the revision."""
        repository = self._repositories.setdefault(name, Repository())
        content = "".join(f"{path} {_blob(data)}\n" for path, data in sorted(files.items()))
        revision = hashlib.sha1(f"{name}\n{content}".encode(), usedforsecurity=False).hexdigest()
        repository.commits[revision] = dict(files)
        repository.branches[branch] = revision
        repository.licence = repository.licence if licence is None else licence
        return revision

    def gate(self, name: str) -> None:
        """From now on its files are for those who were let in."""
        self._repositories[name].gated = True

    def hide(self, name: str) -> None:
        """From now on only its members see it at all."""
        self._repositories[name].private = True

    def let_in(self, token: str, name: str) -> None:
        """Know whose token it is, and let them in."""
        self.tokens.add(token)
        self._repositories[name].members.add(token)

    def spoil(self, name: str, path: str, data: bytes) -> None:
        """Give another content for a file than is told of it."""
        self._files[f"/{name}/{path}"] = data

    def answer(self, request: Request) -> Answer:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token and token not in self.tokens:
            return _error(401, "", "Invalid credentials in Authorization header")
        match = _API.fullmatch(request.path)
        if match is not None:
            name = f"datasets/{match[2]}" if match[1] == "datasets" else match[2]
            return self._told(name, match[3] or "revision", unquote(match[4] or "main"), token, request)
        match = _FILE.fullmatch(request.path)
        return self._file(match[1], unquote(match[2]), match[3], token) if match else Answer(404)

    def _told(self, name: str, what: str, revision: str, token: str, request: Request) -> Answer:
        repository = self._seen(name, token)
        if repository is None:
            return _missing(token)
        if what == "auth-check":
            return self._gate(repository, token) or _json({})
        files = _files(repository, revision)
        if files is None:
            return _error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if what == "tree":
            return _json([_leaf(path, data) for path, data in sorted(files.items())])
        return _json(_description(name, repository, revision, files, blobs="blobs" in parse_qs(request.query)))

    def _file(self, name: str, revision: str, path: str, token: str) -> Answer:
        repository = self._seen(name, token)
        if repository is None:
            return _missing(token)
        refused = self._gate(repository, token)
        if refused is not None:
            return refused
        files = _files(repository, revision)
        if files is None:
            return _error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if path not in files:
            return _error(404, "EntryNotFound", "Entry not found")
        data = files[path]
        headers = {"ETag": f'"{_tag(data)}"', "X-Repo-Commit": repository.branches.get(revision, revision)}
        return Answer(200, self._files.get(f"/{name}/{path}", data), headers)

    def _seen(self, name: str, token: str) -> Repository | None:
        repository = self._repositories.get(name)
        hidden = repository is not None and repository.private and token not in repository.members
        return None if hidden else repository

    def _gate(self, repository: Repository, token: str) -> Answer | None:
        if not repository.gated or token in repository.members:
            return None
        return _error(403 if token else 401, "GatedRepo", "Access to this resource is restricted.")


def _files(repository: Repository, revision: str) -> dict[str, bytes] | None:
    return repository.commits.get(repository.branches.get(revision, revision))


def _description(
    name: str, repository: Repository, revision: str, files: Mapping[str, bytes], *, blobs: bool
) -> dict[str, Any]:
    siblings = []
    for path, data in sorted(files.items()):
        entry: dict[str, Any] = {"rfilename": path}
        if blobs:
            entry |= {"size": len(data), "blobId": _blob(data)}
            if len(data) >= LARGE:
                entry["lfs"] = {"sha256": _tag(data), "size": len(data), "pointerSize": 130}
        siblings.append(entry)
    return {
        "id": name.removeprefix("datasets/"), "sha": repository.branches.get(revision, revision),
        "private": repository.private, "gated": "manual" if repository.gated else False, "disabled": False,
        "tags": [f"license:{repository.licence}"] if repository.licence else [],
        "cardData": {"license": repository.licence} if repository.licence else {}, "siblings": siblings,
        "downloads": 0, "likes": 0, "lastModified": "2026-01-02T03:04:05.000Z",
    }  # fmt: skip


def _leaf(path: str, data: bytes) -> dict[str, Any]:
    leaf: dict[str, Any] = {"type": "file", "path": path, "size": len(data), "oid": _blob(data)}
    return {**leaf, "lfs": {"oid": _tag(data), "size": len(data), "pointerSize": 130}} if len(data) >= LARGE else leaf


def _tag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest() if len(data) >= LARGE else _blob(data)


def _blob(data: bytes) -> str:
    """What git calls a content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _missing(token: str) -> Answer:
    """The hub tells nobody whom it does not know what there is."""
    return _error(404 if token else 401, "RepoNotFound", "Repository not found")


def _error(status: int, code: str, message: str) -> Answer:
    headers = {"Content-Type": "application/json", "X-Error-Message": message}
    headers |= {"X-Error-Code": code} if code else {}
    return Answer(status, json.dumps({"error": message}).encode(), headers)


def _json(value: object) -> Answer:
    return Answer(200, json.dumps(value).encode(), {"Content-Type": "application/json"})
