"""What a machine is made of: its image, its disk, and what the module `vm` is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.targets.fit import GIB
from cynthus.targets.gcp.catalog import catalog
from cynthus.targets.gcp.choice import choose_in
from cynthus.targets.gcp.whereabouts import wanted_at

if TYPE_CHECKING:
    from cynthus.core.placement import Placement
    from cynthus.core.spec import AppSpec
    from cynthus.targets.gcp.catalog import Machine

WITH_DRIVER = (
    "projects/ubuntu-os-accelerator-images/global/images/family/ubuntu-accelerator-2404-amd64-with-nvidia-580"
)
"""Canonical's image that has NVIDIA's driver, signed, so that nothing is compiled and nothing reboots."""
DRIVER = 580
PLAIN = "projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64"
OLD_GPUS = ("P4", "P100", "V100")
"""The open modules of that image's driver know nothing of these, so the role installs another driver."""
LEAST_DISK = 50
"""GB: the system, Docker and an image; twice that with a GPU, for images with CUDA are large."""


def machine_of(spec: AppSpec, placement: Placement) -> Machine:
    """The one that was chosen there."""
    return choose_in(wanted_at(spec.resources, placement.where), catalog(), placement.where["zone"]).machine


def machine_values(spec: AppSpec, placement: Placement) -> dict[str, object]:
    """What the module `vm` is told of the machine."""
    machine = machine_of(spec, placement)
    gpu = gpu_type(machine)
    return {
        "machine_type": machine.type,
        "gpus": machine.gpus,
        "accelerator": {"type": gpu, "count": machine.gpus} if machine.attached else None,
        "image": image_of(machine),
        "disk": {"type": machine.disk, "size": disk_size(spec, machine)},
        "nic_type": machine.nic,
        "spot": spec.resources.spot,
        "flex_start": spec.resources.flex_start,
        "reservation": reservation_of(spec, machine),
        # A machine that is started again after a fault of its host has its whole time once more.
        "restart": spec.limits.max_cost is None,
        "max_run_duration": placement.lifetime,
    }


def disk_size(spec: AppSpec, machine: Machine) -> int:
    """GB of its disk: what the system and an image take, and what is asked for beside that."""
    asked = 0 if spec.resources.disk is None else -(-spec.resources.disk.bytes // GIB)
    return LEAST_DISK * (2 if machine.gpus else 1) + asked


def reservation_of(spec: AppSpec, machine: Machine) -> dict[str, object] | None:
    """What it is taken from; `bound`: Google makes it in there alone, and ends it when that ends."""
    name = spec.resources.reservation
    return None if name is None else {"name": name, "bound": "reservation" in machine.ways}


def gpu_type(machine: Machine) -> str | None:
    """What Google calls the machine's GPUs; None where it has none."""
    return catalog().gpus[machine.gpu].type if machine.gpu else None


def has_driver(machine: Machine) -> bool:
    """Whether the machine's image brings the driver for its GPUs."""
    return machine.gpu is not None and machine.gpu not in OLD_GPUS


def image_of(machine: Machine) -> str:
    """What it boots from: the family, of which Google takes the newest."""
    return WITH_DRIVER if has_driver(machine) else PLAIN
