"""Repositories of Hugging Face, by the library `huggingface_hub`: in a Python that has it, for the verb `hub`."""

from __future__ import annotations

import errno
import fnmatch
import hashlib
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cynthus.agent.failure import CONTENT_WRONG, DISK_FULL, DOWNLOAD, REFERENCE_UNKNOWN, TOKEN_NEEDED, Failure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Token = str | Literal[False]
    """False: none, also none that the user has at home."""

_PIECE = 1 << 18
"""Bytes that arrive together or not at all. The library's own 10 MB would be lost with each cut."""
_TRIES = 4
_CHUNK = 1 << 20
_EXPORT = "export HF_TOKEN=... (from huggingface.co/settings/tokens)"
_AGAIN = "run the command again: what has arrived stays"
_OWN = ".cache/huggingface"
"""Where the library keeps how far it is."""


def fetch(asked: Mapping[str, Any]) -> dict[str, object]:
    """Bring the files of a revision to a folder, which may hold some of them.

    Raises:
        Failure: they are not there, not for us, not what they should be, or do not come to their end.
    """
    from huggingface_hub import constants

    constants.DOWNLOAD_CHUNK_SIZE = _PIECE
    folder = Path(asked["folder"])
    token: Token = str(asked["tokens"].get("HF_TOKEN")) if asked["tokens"].get("HF_TOKEN") else False
    left = _TRIES
    while True:
        before = _bytes(folder)
        try:
            told = _siblings(asked, token)
            files = matching([each.rfilename for each in told], asked["patterns"])
            _download(asked, files, folder, token)
            break
        except _troubles() as error:
            failure = _told(error, asked)
            left = _TRIES if _bytes(folder) > before else left - 1
            if failure.code != DOWNLOAD or not left:
                raise failure from None
            time.sleep(0.5)
    _forget_library(folder)
    wanted = set(files)
    for each in told:
        if each.rfilename in wanted:
            _check(folder / each.rfilename, each, asked)
    return {"files": len(files)}


def _siblings(asked: Mapping[str, Any], token: Token) -> Sequence[Any]:
    """What the hub says of the files."""
    from huggingface_hub import HfApi

    info: Any = HfApi().repo_info(
        asked["name"], repo_type=asked["kind"], revision=asked["revision"], files_metadata=True, token=token
    )
    return info.siblings or ()


def _forget_library(folder: Path) -> None:
    shutil.rmtree(folder / _OWN, ignore_errors=True)
    with suppress(OSError):  # it is not empty: the repository has one, too
        (folder / _OWN).parent.rmdir()


def _troubles() -> tuple[type[Exception], ...]:
    """What the library throws where something goes wrong outside of it."""
    from huggingface_hub import errors

    # Of the library for HTTP, which is another one from release to release.
    of_network: type[Exception] = vars(errors)["HTTPError"]
    return (of_network, OSError, ValueError, RuntimeError)


def _download(asked: Mapping[str, Any], files: Sequence[str], folder: Path, token: Token) -> None:
    from huggingface_hub import snapshot_download

    snapshot_download(
        asked["name"], repo_type=asked["kind"], revision=asked["revision"], local_dir=folder, token=token,
        # Names, not patterns: a bracket in a name is one.
        allow_patterns=[_literal(each) for each in files],
    )


def _literal(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def matching(names: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """The names that one of the patterns means; no pattern means all."""
    return [name for name in names if not patterns or any(fnmatch.fnmatchcase(name, each) for each in patterns)]


def _check(path: Path, told: Any, asked: Mapping[str, Any]) -> None:
    """See that a file is what the hub says it is: large ones go by their SHA-256, others by git's own sum."""
    size = path.stat().st_size if path.exists() else -1
    large = told.lfs is not None
    digest = hashlib.sha256() if large else hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    wanted = told.lfs.sha256 if large else told.blob_id
    if size >= 0:
        with open(path, "rb") as stream:
            while piece := stream.read(_CHUNK):
                digest.update(piece)
    if size != told.size or (wanted and digest.hexdigest() != wanted):
        path.unlink(missing_ok=True)
        raise Failure(
            f"{asked['text']}: {told.rfilename} is not what the hub says it is", code=CONTENT_WRONG,
            hint="run the command again; where that does not help, tell the owner of the repository",
        )


def _told(error: Exception, asked: Mapping[str, Any]) -> Failure:
    """What went wrong, in our own words: nobody promises that the library's have no token in them."""
    from huggingface_hub import errors

    text, status = asked["text"], getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, errors.GatedRepoError):
        page = f"{os.environ.get('HF_ENDPOINT', 'https://huggingface.co')}/{asked['page']}"
        hint = f"accept its terms at {page}, and {_EXPORT}"
        return Failure(f"{text} is given only to those who were let in", hint=hint, code=TOKEN_NEEDED)
    if status in (401, 403) and asked["tokens"].get("HF_TOKEN"):
        hint = "it has expired or is mistyped: make a new one at huggingface.co/settings/tokens"
        return Failure(f"{text}: Hugging Face does not take HF_TOKEN ({status})", hint=hint, code=TOKEN_NEEDED)
    if isinstance(error, (errors.RepositoryNotFoundError, errors.RevisionNotFoundError)) or status in (401, 403):
        hint = f"look at its page; if it is private, {_EXPORT}"
        return Failure(f"there is no {text}, or not for everybody ({status})", hint=hint, code=REFERENCE_UNKNOWN)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        hint = f"make room on that disk and {_AGAIN}"
        return Failure(f"{text} does not fit on the disk", hint=hint, code=DISK_FULL)
    reason = f"{status}" if status else type(error).__name__
    return Failure(f"{text} could not be fetched: {reason}", hint=_AGAIN, code=DOWNLOAD)


def _bytes(folder: Path) -> int:
    """What has arrived."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder.exists() else 0
