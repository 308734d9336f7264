"""The ledger of a host: what Cynthus has installed there, and what of it may be removed again.

    {"verb": "note", "file": "/var/lib/cynthus/installed.json", "packages": ["docker.io"], "files": {"/etc/x": "..."}}
    {"verb": "look", "file": "/var/lib/cynthus/installed.json", "deployment": "weather-1a2b3c"}

`note` comes before the change, so what is cut off in the midst is in it too. It keeps what was not there so far and
nothing else: that was somebody's before. `look` changes nothing. `begin` marks that what was looked at is being removed
now, and `forget` takes the ledger away where that was done. All print one JSON object on one line; what is in the way
or cannot be told is among its `problems`.
"""

from __future__ import annotations

import grp
import hashlib
import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lingering
import others
import packages
import record
from asked import Unsure, listed, problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ENGINES = ("docker-ce", "docker.io", "moby-engine")
_CONTAINERD = {"containerd", "containerd.io"}
_DRIVER = re.compile("(lib)?nvidia|cuda")
_SETTINGS = ("/etc/docker/", "/etc/systemd/system/docker.service.d/")
"""Files that any engine reads."""


def note(file: Path, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Write down what of these is not there yet: packages that are installed with what they need, files with the
    SHA-256 that they will have ("" where nobody knows until they are `written`), `data` and `folders`, the members of
    the group docker, and whose units run without a session (`lingering`)."""
    with record.locked(file):
        before = record.read(file) or record.EMPTY
        asked = packages.ours(wish.get("packages") or [])
        lingers = lingering.coming(wish.get("root", ""), wish.get("lingering") or [])
        new = packages.coming(asked)
        found = packages.states(new)
        after = {
            **before,
            "removing": False,
            "asked": _joined(before["asked"], [name for name in asked if name in new]),
            "packages": _joined(before["packages"], new),
            # An earlier owner has left settings of theirs there.
            "settings": _joined(before["settings"], _left_by_others(found, before)),
            "files": _settled(_files(before["files"], wish.get("files") or {}), wish.get("written") or []),
            "data": {**{path: _state(path) for path in wish.get("data") or []}, **before["data"]},
            "folders": _joined(before["folders"], _absent(wish.get("folders"))),
            **_access(before, wish.get("members") or []),
            "lingering": _joined(before["lingering"], lingers),
        }
        if after != before:
            record.write(file, after)
    return {"changed": after != before, "problems": []}


def look(file: Path, wish: Mapping[str, Any]) -> dict[str, Any]:
    """What would be removed, what is kept, and what stands in the way."""
    noted = record.read(file)
    if noted is None:
        return {"noted": False, "removes": [], "kept": [], "problems": []}
    removed, needed_by = packages.removable(noted)
    engines = packages.installed(_ENGINES)
    ends = bool(engines) and engines <= set(removed)
    # An earlier removal may have been cut off when they were gone already.
    ended = not engines and noted["removing"] and not others.engine_runs(*_servers(removed))
    # Where ours is gone and not by us, somebody else's may be in its place.
    foreign = not (ends or ended) and bool({*noted["packages"]} & {*_ENGINES})
    data = _present([path for path, state in noted["data"].items() if state == "absent"])
    members = _members()
    left = [name for name in noted["members"] if name in (members or ())]
    groups = [name for name in noted["groups"] if members is not None and {*members} <= {*left}]
    files = [path for path, sums in noted["files"].items() if _sum(path) and _sum(path) in sums]
    lingers, used = lingering.removable(wish.get("root", ""), noted["lingering"])
    kept = [*_edited(noted["files"], files), *used]
    if foreign:
        settings = [path for path in files if path.startswith(_SETTINGS)]
        kept += [f"{each}: another engine may use it" for each in [*settings, *data]]
        kept += [f"{name} in the group docker: another engine may use it" for name in left]
        files, left, groups = _without(files, settings), [], []
    if not (ends or ended):
        data = []
    shared = removed or left or lingers
    return {
        "noted": True,
        "seal": record.seal(noted),
        "removes": [
            *removed, *files, *data, *(f"{name} from the group docker" for name in left),
            *(f"lingering for {name}" for name in lingers),
        ],
        "kept": kept,
        "problems": [
            *others.needed(needed_by),
            *_in_use(noted, removed, wish.get("deployment", ""), ends=ends),
            # Of an engine that is gone, and not by us, nobody knows whose they are.
            *(others.in_containerd([] if foreign else ["moby"]) if data or {*removed} & _CONTAINERD else ()),
            *(others.in_folders(wish.get("root", ""), wish.get("deployment", "")) if shared else ()),
        ],
        "packages": removed,
        # The packages' own scripts would take what lay there before them.
        "purged": [] if "theirs" in noted["data"].values() else _without(removed, noted["settings"]),
        "files": files,
        "data": data,
        "ends": ends or ended,
        "folders": _present(noted["folders"]),
        "members": left,
        "groups": groups,
        "lingering": lingers,
    }


def begin(file: Path, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Mark that the engine goes by our hand, where it does (`ends`): only so its data are ours without it."""
    with record.locked(file):
        noted = record.read(file)
        if noted is None or record.seal(noted) != wish["seal"]:
            return {"changed": False, "problems": [_changed(file)]}
        marked = {**noted, "removing": bool(wish["ends"])}
        if marked != noted:
            record.write(file, marked)
    return {"changed": marked != noted, "problems": []}


def forget(file: Path, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Take the ledger away, if all is done that it is there for."""
    with record.locked(file):
        noted = record.read(file)
        if noted is None:
            return {"changed": False, "problems": []}
        if record.seal(noted) != wish["seal"]:
            return {"changed": False, "problems": [_changed(file)]}
        left, _ = packages.removable(noted)
        if left:
            hint = "run `sudo apt --fix-broken install` there, and this again"
            still = problem(f"packages that were to be removed are still installed: {listed(left)}", hint)
            return {"changed": False, "problems": [still]}
        record.remove(file)
    return {"changed": True, "problems": []}


def _changed(file: Path) -> dict[str, str]:
    return problem(f"{file} was changed meanwhile: something is being installed there", "run this again later")


def _in_use(
    noted: Mapping[str, Any], removed: Sequence[str], deployment: str, *, ends: bool
) -> Iterator[dict[str, str]]:
    """What others have in an engine or on GPUs that would go."""
    drivers = any(_DRIVER.match(name) for name in removed)
    asked = bool(shutil.which("docker"))
    # Where a removal was cut off the command may be gone, and was asked before.
    if ends and not asked and not noted["removing"]:
        raise Unsure("Docker has no command, so nobody can tell whose containers it has", "sudo apt install docker-cli")
    if asked and (ends or drivers):
        yield from others.in_docker(deployment)
    if asked and ends:
        yield from others.in_its_data(deployment)
    if drivers:
        yield from others.on_gpus()


def _without(names: Sequence[str], those: Sequence[str]) -> list[str]:
    return [name for name in names if name not in those]


def _servers(removed: Sequence[str]) -> Iterator[str]:
    yield "dockerd"
    if not _CONTAINERD & {*removed}:
        yield "containerd"


def _joined(old: Sequence[str], new: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*old, *new]))


def _left_by_others(found: Mapping[str, str], before: Mapping[str, Any]) -> list[str]:
    return [name for name, state in found.items() if state == "config-files" and name not in before["packages"]]


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
        if not os.path.lexists(path):
            kept[path] = [coming]
        elif there and there in ours:
            kept[path] = _joined(ours, [coming])
        elif "" in ours:  # Nobody knows by now who wrote it.
            kept[path] = [each for each in ours if each]
    return kept


def _settled(files: Mapping[str, list[str]], written: Sequence[str]) -> dict[str, list[str]]:
    """Of files that are written by now it is known what they hold."""
    known = {path: _sum(path) for path in written if "" in files.get(path, ())}
    return {path: [known[path]] if known.get(path) else sums for path, sums in files.items()}


def _edited(noted: Mapping[str, Sequence[str]], ours: Sequence[str]) -> Iterator[str]:
    for path in _present([path for path in noted if path not in ours]):
        known = any(noted[path]) and "" not in noted[path]
        yield f"{path} was edited since" if known else f"{path}: nobody knows whether it was edited since"


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


def main(text: str) -> None:
    """Do what is asked for, and print what came of it."""
    wish = json.loads(text)
    try:
        answer = {"note": note, "look": look, "begin": begin, "forget": forget}[wish["verb"]](Path(wish["file"]), wish)
    except Unsure as unsure:
        answer = {"noted": True, "changed": False, "removes": [], "kept": [], "problems": [unsure.problem]}
    sys.stdout.write(json.dumps(answer) + "\n")
