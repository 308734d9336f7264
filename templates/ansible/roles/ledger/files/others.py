"""What others have on a host that a removal would take from them."""

from __future__ import annotations

import json
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asked import ask, listed, problem, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LABEL = "cynthus-deployment"
_FOLDERS = ("opt/cynthus/*", "home/*/.local/share/cynthus/*", "root/.local/share/cynthus/*")
"""Where deployments lie on hosts."""
_SERVERS = ("nvidia-persiste", "nv-fabricmanage")
"""What of the driver itself holds its devices open, as the kernel cuts their names."""
_START = "start it there: sudo systemctl start docker"


def needed(names: Sequence[str]) -> Iterator[dict[str, str]]:
    """Packages of others that need some of ours."""
    if names:
        yield problem(
            f"packages that Cynthus did not install need what it did: {listed(names)}",
            f"remove them first: sudo apt remove {' '.join(names)}",
        )


def in_docker(deployment: str) -> Iterator[dict[str, str]]:
    """Whose containers it has, and which other deployments.

    Raises:
        Unsure: it does not answer.
    """
    row = '{{.Names}}\t{{.Label "' + _LABEL + '"}}'
    out = told(_who("containers"), _START, "docker", "ps", "--all", "--no-trunc", "--format", row)
    rows = [line.partition("\t") for line in out.splitlines() if line]
    foreign = [name for name, _, owner in rows if not owner]
    if foreign:
        hint = f"remove them first, or leave Docker there: sudo docker rm --force {' '.join(foreign)}"
        yield problem(f"containers that are not of Cynthus are there: {listed(foreign)}", hint)
    yield from _other_deployments({owner for _, _, owner in rows} | {_owner(each) for each in _images()}, deployment)


def in_its_data(deployment: str) -> Iterator[dict[str, str]]:
    """What others would lose with the engine's data.

    Raises:
        Unsure: Docker does not answer.
    """
    volumes = _volumes(deployment)
    if volumes:
        hint = f"save what is in them and remove them first: sudo docker volume rm {' '.join(volumes)}"
        yield problem(f"volumes are there, which would be lost: {listed(volumes)}", hint)
    status = told(_who("images"), _START, "docker", "info", "--format", "{{json .DriverStatus}}")
    # There each image has a digest, wherever it came from.
    proves = "io.containerd.snapshotter" not in status
    images = [_name(each) for each in _images() if not _owner(each) and not (proves and each.get("RepoDigests"))]
    if images:
        hint = f"save them and remove them first: sudo docker image rm {' '.join(images)}"
        yield problem(f"images are there that no registry may have, and would be lost: {listed(images)}", hint)


def in_containerd(ours: Sequence[str]) -> Iterator[dict[str, str]]:
    """Who else keeps something in containerd than the namespaces `ours`.

    Raises:
        Unsure: it does not answer.
    """
    if not shutil.which("ctr"):
        return
    who = "containerd does not answer, so nobody can tell whose containers it has"
    hint = "start it there: sudo systemctl start containerd"
    names = sorted({*told(who, hint, "ctr", "namespaces", "ls", "-q").split()} - {*ours})
    if names:
        yield problem(
            f"containerd keeps something of others: {listed(names)}",
            "see what is in these namespaces with `sudo ctr -n NAME containers ls` and `images ls`, and remove them",
        )


def in_folders(root: str, deployment: str) -> Iterator[dict[str, str]]:
    """Other deployments, by where they lie."""
    found = [path for each in _FOLDERS for path in Path(root or "/").glob(each) if path.is_dir()]
    others = sorted(str(path) for path in found if not path.name.startswith(".") and path.name != deployment)
    if others:
        hint = "`cynthus down` of it first, or remove the folder if nobody needs it any more"
        yield problem(f"another deployment lies on this host: {listed(others)}", hint)


def on_gpus() -> Iterator[dict[str, str]]:
    """Processes that compute there."""
    answer = ask("nvidia-smi", "--query-compute-apps=pid", "--format=csv,noheader")
    pids = re.findall(r"^\s*(\d+)\s*$", answer.out, re.MULTILINE) if answer.code == 0 else sorted(_holding())
    if pids:
        yield problem(
            f"the GPUs are in use, by the processes {listed(pids)}",
            f"see what they are with `ps -p {','.join(pids)}`, and let them end",
        )


def engine_runs(*names: str) -> bool:
    """Whether one of these may run: nobody has to have `pgrep`."""
    return bool(shutil.which("dockerd")) or ask("pgrep", "-x", "|".join(names)).code != 1


def _other_deployments(names: set[str], deployment: str) -> Iterator[dict[str, str]]:
    others = sorted(names - {"", deployment})
    if others:
        hint = f"`cynthus down` of {others[0]} first; the last one of the host may --purge"
        yield problem(f"another deployment needs what was installed on this host: {listed(others)}", hint)


def _who(what: str) -> str:
    return f"Docker does not answer, so nobody can tell whose {what} it has"


def _images() -> list[dict[str, Any]]:
    ids = sorted({*told(_who("images"), _START, "docker", "image", "ls", "--quiet", "--no-trunc").split()})
    if not ids:
        return []
    out = told(_who("images"), _START, "docker", "image", "inspect", "--format", "{{json .}}", *ids)
    return [json.loads(line) for line in out.splitlines()]


def _owner(image: dict[str, Any]) -> str:
    return ((image.get("Config") or {}).get("Labels") or {}).get(_LABEL, "")


def _name(image: dict[str, Any]) -> str:
    return next(iter(image.get("RepoTags") or ()), image["Id"])


def _volumes(deployment: str) -> list[str]:
    """Those with a name, and of the others those that hold something: each was made for one container."""
    names = told(_who("volumes"), _START, "docker", "volume", "ls", "--quiet").split()
    unnamed = [name for name in names if re.fullmatch("[0-9a-f]{64}", name)]
    mine = ("docker", "ps", "--all", "--no-trunc", "--filter", f"label={_LABEL}={deployment}")
    mounted = told(_who("volumes"), _START, *mine, "--format", "{{.Mounts}}") if unnamed and deployment else ""
    own = {*re.split(r"[,\s]+", mounted)}
    return [name for name in names if name not in unnamed or (name not in own and _holds_something(name))]


def _holds_something(volume: str) -> bool:
    place = told(_who("volumes"), _START, "docker", "volume", "inspect", "--format", "{{.Mountpoint}}", volume).strip()
    try:
        return bool(os.listdir(place))  # noqa: PTH208 - as text
    except OSError:
        return True


def _holding() -> Iterator[str]:
    """Who has a device of the driver open: where a driver was replaced and not loaded yet, nvidia-smi fails."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            held = [os.readlink(each) for each in (process / "fd").iterdir()]  # noqa: PTH115 - as text
            name = (process / "comm").read_text().strip()
            if name not in _SERVERS and any(path.startswith("/dev/nvidia") for path in held):
                yield process.name
