"""Which NVIDIA GPUs a host has, and what stands between them and a program."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

import debs
from host import ask

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from host import Host

_NVIDIA = "0x10de"
_DISPLAY = ("0x0300", "0x0302")
"""Classes of PCI devices: GPUs with a screen, and GPUs without."""
_SWITCH = "0x0680"
_DRIVER = ("libnvidia-compute*", "nvidia-driver*", "nvidia-utils*", "nvidia-open*", "nvidia-headless*", "nvidia-dkms*")


def look(host: Host, pci: Path, generations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The GPUs by what the bus says, which needs no driver; and the driver by what it says itself."""
    devices = list(_devices(pci))
    gpus = [{**device, "generation": generation(device, generations)} for device in devices if device["gpu"]]
    found = {"gpus": gpus, "switches": len(devices) - len(gpus)}
    if not gpus:
        return found
    return {
        **found,
        "driver": driver(host),
        "secure_boot": secure_boot(host),
        "toolkit": _after("version", ask("nvidia-ctk", "--version").out),
        "cdi": "nvidia.com/gpu=all" in ask("nvidia-ctk", "cdi", "list").out.split(),
        "fabric": ask("systemctl", "is-active", "nvidia-fabricmanager").out.strip() == "active",
    }


def secure_boot(host: Host) -> bool:
    """Whether the kernel takes signed modules only. The last byte of the firmware's variable says it."""
    variables = host.root.glob("sys/firmware/efi/efivars/SecureBoot-*")
    return any(host.text(str(path.relative_to(host.root))).endswith("\1") for path in variables)


def _devices(pci: Path) -> Iterator[dict[str, Any]]:
    """NVIDIA's GPUs and the switches between them: sound and USB ports of a card are left out."""
    for folder in sorted(pci.glob("*")):
        vendor, kind, device = (_word(folder / name) for name in ("vendor", "class", "device"))
        if vendor == _NVIDIA and kind.startswith((*_DISPLAY, _SWITCH)):
            yield {"address": folder.name, "device": device.removeprefix("0x"), "gpu": kind.startswith(_DISPLAY)}


def generation(device: Mapping[str, Any], generations: Sequence[Mapping[str, Any]]) -> str:
    """The name of the generation whose range of device ids has this one in it; empty where none has."""
    number = int(device["device"] or "0", 16)
    for row in generations:
        if any(int(first, 16) <= number <= int(last, 16) for first, last in row["devices"]):
            return str(row["name"])
    return ""


def driver(host: Host) -> dict[str, Any]:
    """What nvidia-smi, the kernel and the packages say.

    `works`: nvidia-smi lists GPUs; `said`: why it does not; `loaded`: the version of the module in memory; `installed`:
    that of the packages; `by_hand`: it came from NVIDIA's installer, without packages.
    """
    answer = ask("nvidia-smi", "--query-gpu=driver_version,name", "--format=csv,noheader")
    rows = [row.split(", ", 1) for row in answer.out.splitlines() if re.match(r"\d+\.\d", row)]
    works = answer.code == 0 and bool(rows)
    module = host.text("proc/driver/nvidia/version")
    in_memory = re.search(r"Kernel Module\s+(?:for \S+\s+)?(\d[\d.]*)", module)
    packages = debs.installed(*_DRIVER)
    versions = sorted(match[0] for match in (re.match(r"\d+\.[\d.]+", each) for each in packages.values()) if match)
    return {
        "works": works,
        "version": rows[0][0].strip() if works else "",
        "names": [row[1] for row in rows if len(row) == 2],
        "open": "Open Kernel Module" in module,
        "loaded": in_memory[1] if in_memory else "",
        "nouveau": (host.root / "sys/module/nouveau").is_dir(),
        "installed": versions[-1] if versions else "",
        "by_hand": shutil.which("nvidia-uninstall") is not None,
        "said": "" if works else (answer.out + answer.err).strip()[-500:],
    }


def _word(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _after(word: str, line: str) -> str:
    return line.partition(word)[2].strip().split("\n")[0].split(" ")[0]
