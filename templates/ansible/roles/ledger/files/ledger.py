"""The ledger of a host: what Cynthus has installed there, and what of it may be removed again.

    python3 ledger.py note '{"packages": ["docker.io"], "files": {"/etc/x": "SHA-256"}, ...}'
    python3 ledger.py look '{"deployment": "weather-1a2b3c"}'

`note` comes before the change, so what is cut off in the midst is in it too. It keeps what was not there so far and
nothing else: that was somebody's before. `look` changes nothing. Both print one JSON object on one line.
"""

from __future__ import annotations

import grp
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_EMPTY: dict[str, Any] = {
    "schema": 1, "asked": [], "packages": [], "files": {}, "data": {}, "folders": [], "members": [], "groups": [],
}  # fmt: skip
_ENGINES = {"docker.io", "docker-ce"}
_LABEL = "cynthus-deployment"
_SHOWN = 5
"""Names in a sentence."""


class Answer(NamedTuple):
    """What a command came to; 127 where it cannot be run or does not end."""

    code: int
    out: str
    err: str


def note(file: Path, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Write down what of these is not there yet: packages that are installed with what they need, files with the
    SHA-256 that they will have ("" where nobody knows until they are `written`), `data` and `folders`, and the members
    of the group docker."""
    before = _read(file) or _EMPTY
    asked = wish.get("packages") or []
    after = {
        **before,
        "asked": _joined(before["asked"], [name for name in asked if name not in _installed(asked)]),
        "packages": _joined(before["packages"], _new(asked)),
        "files": _settled(_files(before["files"], wish.get("files") or {}), wish.get("written") or []),
        "data": {**{path: _state(path) for path in wish.get("data") or []}, **before["data"]},
        "folders": _joined(before["folders"], _absent(wish.get("folders"))),
        **_access(before, wish.get("members") or []),
    }
    if after != before:
        _write(file, after)
    return {"changed": after != before}


def look(file: Path, wish: Mapping[str, Any]) -> dict[str, Any]:
    """What would be removed, what is kept, and what stands in the way."""
    noted = _read(file)
    if noted is None:
        return {"noted": False, "removes": [], "kept": [], "problems": []}
    packages, needed_by = _removable(noted)
    files = [path for path, sums in noted["files"].items() if _sum(path) in sums or ("" in sums and _sum(path))]
    kept = [f"{path} was edited since" for path in noted["files"] if _sum(path) and path not in files]
    engines = _installed(sorted(_ENGINES))
    # An earlier removal may have been cut off when they were gone already.
    ends = not engines - set(packages)
    data = _present([path for path, state in noted["data"].items() if state == "absent"]) if ends else []
    left = [name for name in noted["members"] if name in (_members() or ())]
    groups = [name for name in noted["groups"] if _members() is not None and set(_members() or ()) <= set(left)]
    return {
        "noted": True,
        "removes": [*packages, *files, *data, *(f"{name} from the group docker" for name in left)],
        "kept": kept,
        "problems": [*_needed(needed_by), *(_in_use(wish.get("deployment", "")) if engines and ends else ())],
        "packages": packages,
        # The packages' own scripts would take what lay there before them.
        "purge": "theirs" not in noted["data"].values(),
        "files": files,
        "data": data,
        "folders": _present(noted["folders"]),
        "members": left,
        "groups": groups,
    }


def _read(file: Path) -> dict[str, Any] | None:
    try:
        return {**_EMPTY, **json.loads(file.read_text(encoding="utf-8"))}
    except FileNotFoundError:
        return None


def _write(file: Path, noted: Mapping[str, Any]) -> None:
    file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    partial = file.with_suffix(".part")
    with partial.open("w", encoding="utf-8") as stream:
        stream.write(json.dumps(noted, indent=2) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    partial.chmod(0o644)
    partial.replace(file)


def _joined(old: Sequence[str], new: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*old, *new]))


def _present(paths: Sequence[str]) -> list[str]:
    return [path for path in paths if os.path.lexists(path)]


def _state(path: str) -> str:
    """What is where Docker will keep its data: "absent", "empty", or "theirs"."""
    if not os.path.lexists(path):
        return "absent"
    return "theirs" if not os.path.isdir(path) or os.listdir(path) else "empty"  # noqa: PTH112, PTH208 - as text


def _absent(paths: Sequence[str] | None) -> list[str]:
    return [path for path in paths or [] if not os.path.lexists(path)]


def _files(old: Mapping[str, list[str]], new: Mapping[str, str]) -> dict[str, list[str]]:
    """A file is ours if it was not there, and for as long as it is as we wrote it."""
    kept = dict(old)
    for path, coming in new.items():
        there, ours = _sum(path), kept.pop(path, [])
        if not there:
            kept[path] = [coming]
        elif there in ours or "" in ours:
            kept[path] = _joined(ours, [coming])
    return kept


def _settled(files: Mapping[str, list[str]], written: Sequence[str]) -> dict[str, list[str]]:
    """Of files that are written by now it is known what they hold."""
    return {path: [_sum(path)] if path in written and "" in sums else sums for path, sums in files.items()}


def _sum(path: str) -> str:
    """The SHA-256 of a file; empty where there is none."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""


def _access(before: Mapping[str, Any], coming: Sequence[str]) -> dict[str, Any]:
    there = _members()
    new = [name for name in coming if name not in (there or ())]
    groups = ["docker"] if there is None and coming else []
    return {"members": _joined(before["members"], new), "groups": _joined(before["groups"], groups)}


def _members() -> list[str] | None:
    """Who is in the group docker; None where there is none."""
    try:
        return grp.getgrnam("docker").gr_mem
    except KeyError:
        return None


def _new(asked: Sequence[str]) -> list[str]:
    """What an installation of these would bring that is not there. apt may not know them yet: then they alone."""
    if not asked:
        return []
    out = _ask("apt-get", "-s", "-qq", "--no-install-recommends", "install", *asked).out
    coming = re.findall(r"^Inst (\S+) \(", out, re.MULTILINE)
    there = _installed([*asked, *coming])
    return [name for name in _joined(coming, asked) if name not in there]


def _installed(names: Sequence[str]) -> set[str]:
    """Those of them that are on the host, be it only in part."""
    if not names:
        return set()
    answer = _ask("dpkg-query", "-W", "-f=${db:Status-Status} ${Package}\\n", *names)
    rows = (line.split() for line in answer.out.splitlines())
    return {row[1] for row in rows if len(row) == 2 and row[0] not in ("not-installed", "config-files")}


def _removable(noted: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Our packages that nothing else needs, and packages of others that need one that was asked for."""
    ours = _installed(noted["packages"])
    asked = sorted(ours & set(noted["asked"]))
    needed_by = [name for name in _purged(*asked) if name not in ours] if asked else []
    return [name for name in _purged("--auto-remove", *asked) if name in ours], needed_by


def _purged(*words: str) -> list[str]:
    out = _ask("apt-get", "-s", "-qq", "purge", *words).out
    return re.findall(r"^(?:Purg|Remv) (\S+)", out, re.MULTILINE)


def _needed(names: Sequence[str]) -> Iterator[dict[str, str]]:
    if names:
        yield _problem(
            f"packages that Cynthus did not install need what it did: {_listed(names)}",
            f"remove them first: sudo apt remove {' '.join(names)}",
        )


def _in_use(deployment: str) -> Iterator[dict[str, str]]:
    """What of others would go with the Docker Engine."""
    if not shutil.which("docker"):
        return
    told = _ask("docker", "ps", "--all", "--no-trunc", "--format", '{{.Names}}\t{{.Label "' + _LABEL + '"}}')
    if told.code:
        yield _problem(
            f"Docker does not answer, so nobody can tell whose containers it has: {told.err.strip()[-200:]}",
            "start it there: sudo systemctl start docker",
        )
        return
    rows = [line.partition("\t") for line in told.out.splitlines()]
    foreign = [name for name, _, owner in rows if not owner]
    if foreign:
        hint = f"remove them first, or leave Docker there: sudo docker rm --force {' '.join(foreign)}"
        yield _problem(f"containers that are not of Cynthus are there: {_listed(foreign)}", hint)
    names = _ask("docker", "volume", "ls", "--quiet").out.split()
    # One without a name was made for a container that is gone.
    volumes = [name for name in names if not re.fullmatch("[0-9a-f]{64}", name)]
    if volumes:
        hint = f"save what is in them and remove them first: sudo docker volume rm {' '.join(volumes)}"
        yield _problem(f"volumes are there, which would be lost: {_listed(volumes)}", hint)
    others = sorted({*(owner for _, _, owner in rows), *_owners_of_images()} - {"", deployment})
    if others:
        hint = f"`cynthus down` of {others[0]} first; the last one of the host may --purge"
        yield _problem(f"another deployment needs the Docker of this host: {_listed(others)}", hint)


def _owners_of_images() -> set[str]:
    ids = _ask("docker", "image", "ls", "--quiet", "--filter", f"label={_LABEL}").out.split()
    label = '{{index .Config.Labels "' + _LABEL + '"}}'
    return set(_ask("docker", "image", "inspect", "--format", label, *ids).out.split()) if ids else set()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def _problem(message: str, hint: str) -> dict[str, str]:
    return {"message": message, "hint": hint}


def _ask(*words: str) -> Answer:
    """Run a command that only tells something, in plain English."""
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return Answer(127, "", str(problem))
    return Answer(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def main(verb: str, file: str, wish: str) -> None:
    """Do what `verb` says, with `wish`, a JSON object, and print what came of it."""
    answer = {"note": note, "look": look}[verb](Path(file), json.loads(wish))
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:4])
