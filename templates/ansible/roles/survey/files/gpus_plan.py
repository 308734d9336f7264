"""What the role nvidia would do on a host."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import debs
from engine_plan import restart
from findings import REBOOT, Findings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from host import Host

_CDI_SINCE = (28, 2)
"""The first Docker Engine that lets containers have devices by the Container Device Interface without being told to."""


def plan(
    host: Host, wish: Mapping[str, Any], found: Mapping[str, Any], engine: Mapping[str, Any], findings: Findings
) -> dict[str, Any]:
    """What is to be done; `findings` get a line for each change and for each problem.

    `way` is how a driver is installed (empty: the one that is there stays), `packages` all that is installed,
    `repositories` where from, `access` how containers get GPUs ("cdi" or "gpus"; empty as long as no engine answers),
    `runtime` whether the engine must learn of them first, `reboot` whether the host must start again.
    """
    planned = _Plan(host, wish, found, engine, findings)
    if found["gpus"]:
        planned.driver()
        planned.fabric()
        planned.containers()
    elif wish.get("gpus"):
        findings.problem(
            f"{wish['gpus']} GPUs are asked for, and this host has none from NVIDIA",
            "name a host that has them, or leave `gpu:` out",
        )
    return planned.steps


class _Plan:
    def __init__(
        self,
        host: Host,
        wish: Mapping[str, Any],
        found: Mapping[str, Any],
        engine: Mapping[str, Any],
        findings: Findings,
    ) -> None:
        self.host, self.wish, self.found, self.engine, self.findings = host, wish, found, engine, findings
        self.steps: dict[str, Any] = {
            "way": "", "branch": "", "packages": [], "repositories": [], "fabric": False, "access": "", "cdi": False,
            "runtime": False, "reboot": False,
        }  # fmt: skip

    def driver(self) -> None:
        driver = self.found["driver"]
        if driver["works"] and numbers(driver["version"]) >= numbers(self.wish["minimum"]):
            self.steps["branch"] = driver["version"].split(".")[0]
        elif driver["works"]:
            self._install(f"the driver {driver['version']} is older than {self.wish['minimum']}")
        elif "version mismatch" in driver["said"]:
            self._reboot("the driver was updated, and its old module is still in memory")
        elif driver["installed"]:
            self._install(f"the driver {driver['installed']} is installed and does not answer", repair=True)
        else:
            self._install(f"{len(self.found['gpus'])} GPUs and no driver")

    def _install(self, why: str, *, repair: bool = False) -> None:
        if self.found["driver"]["by_hand"]:
            self.findings.problem(
                f"{why}, and it was installed by hand, which packages must not be mixed with",
                "install a newer one by hand, or remove it with nvidia-uninstall and run this again",
            )
            return
        module, branch = self._module(), str(self.wish["branch"])
        installed = self.found["driver"]["installed"].split(".")[0]
        if repair and self._fits(installed):
            branch = installed
        if not module or self._unfit(branch):
            return
        way = self._way(module, branch)
        if way is None:
            return
        self.steps.update(way=way["name"], branch=branch, packages=way["packages"], repositories=way["repositories"])
        self.findings.change(f"NVIDIA driver {branch} ({module} module, {way['name']})", "install", why)
        self._replace(way)

    def _replace(self, way: Mapping[str, Any]) -> None:
        """What an installation does to what is there."""
        driver = self.found["driver"]
        removed = debs.simulated(way["packages"])[1]
        if driver["loaded"] and not removed:
            removed = [f"NVIDIA driver {driver['loaded']}"]
        for package in removed:
            self.findings.change(package, "remove", "the new driver takes its place", needs=REBOOT)
        if driver["loaded"]:
            self._reboot("the old driver's module is in memory")
        elif driver["nouveau"]:
            self._reboot("nouveau, which knows no CUDA, has the GPUs")
        elif way["reboot"]:
            self._reboot("the driver comes with another kernel")

    def _reboot(self, why: str) -> None:
        self.steps["reboot"] = True
        self.findings.change("this host", "reboot", why, needs=REBOOT)

    def _rows(self) -> list[Mapping[str, Any]]:
        names = {gpu["generation"] for gpu in self.found["gpus"]}
        return [row for row in self.wish["generations"] if row["name"] in names]

    def _module(self) -> str:
        """The kind of kernel module that works for all GPUs of the host; empty where there is none."""
        for gpu in self.found["gpus"]:
            if not gpu["generation"]:
                self.findings.problem(
                    f"the GPU 10de:{gpu['device']} at {gpu['address']} is too old for what Cynthus installs",
                    "install its driver, or use another host",
                )
                return ""
        rows = self._rows()
        for module in rows[0]["modules"]:
            if all(module in row["modules"] for row in rows):
                return str(module)
        names = " and ".join(row["name"] for row in rows)
        self.findings.problem(f"no driver works for {names} in one host", "take one kind of GPU out of the host")
        return ""

    def _fits(self, branch: str) -> bool:
        return branch.isdigit() and all(
            row.get("oldest", 0) <= int(branch) <= row.get("newest", int(branch)) for row in self._rows()
        )

    def _unfit(self, branch: str) -> bool:
        if self._fits(branch):
            return False
        limits = [f"{row['name']}: {row.get('oldest', '')} to {row.get('newest', '')}" for row in self._rows()]
        self.findings.problem(
            f"the driver branch {branch} does not fit these GPUs ({'; '.join(limits)})",
            "set nvidia_branch to one that does",
        )
        return True

    def _way(self, module: str, branch: str) -> Mapping[str, Any] | None:
        """The first way in the table that works here."""
        system = self.host.system
        ways = [self._filled(way, module, branch) for way in self.wish["ways"].get(system["id"], [])]
        if not ways:
            self.findings.problem(
                f"Cynthus cannot install an NVIDIA driver on {system['name']}",
                f"install the driver {branch} or newer: one that works is left as it is",
            )
            return None
        known = debs.known([name for way in ways for name in way["packages"]])
        there = [way for way in ways if self._there(way, known)]
        if not there:
            self.findings.problem(
                f"apt knows no driver {branch} with a module for the kernel {self.host.kernel}",
                "bring the system up to date (apt upgrade, reboot), or set nvidia_branch",
            )
            return None
        allowed = [way for way in there if way["signed"] or not self.found["secure_boot"]]
        if allowed:
            return allowed[0]
        self.findings.problem(
            "Secure Boot is on, and the only driver for this kernel has a module that nobody signed",
            "switch Secure Boot off in the firmware, or use a kernel of the distribution",
        )
        return None

    def _there(self, way: Mapping[str, Any], known: set[str]) -> bool:
        """Whether the way's packages can be had; before apt's lists are fresh that is assumed."""
        if not self.wish.get("fresh"):
            return not known or set(way["packages"]) <= known or bool(way["repositories"])
        return set(way["packages"]) <= known

    def _filled(self, way: Mapping[str, Any], module: str, branch: str) -> dict[str, Any]:
        kernel = self.host.kernel
        packages = [
            name.replace("BRANCH", branch).replace("KERNEL", kernel).replace("FLAVOUR", flavour(kernel))
            for name in way["packages"][module]
        ]
        return {"repositories": [], "signed": False, "reboot": False, **way, "packages": packages}

    def fabric(self) -> None:
        """GPUs behind switches do nothing before the fabric manager, of the driver's own version, has set those up."""
        hidden = {row["name"] for row in self.wish["generations"] if row.get("hidden_switches")}
        behind = [gpu for gpu in self.found["gpus"] if gpu["generation"] in hidden]
        if self.found["fabric"] or not (self.found["switches"] or len(behind) >= self.wish["hidden_from"]):
            return
        names = self.wish["fabric"].get(self.host.system["id"], [])
        branch = self.steps["branch"] or self.found["driver"]["version"].split(".")[0]
        self.steps["fabric"] = True
        self.steps["packages"] = [*self.steps["packages"], *(name.replace("BRANCH", branch) for name in names)]
        self.findings.change("NVIDIA Fabric Manager", "install", "the GPUs are joined by switches")

    def containers(self) -> None:
        if not self.wish.get("containers"):
            return
        if not self.found["toolkit"]:
            if not self.host.uses_apt:
                name = self.host.system["name"]
                message = f"the NVIDIA Container Toolkit is missing, and Cynthus cannot install it on {name}"
                self.findings.problem(message, "install it")
                return
            self.steps["packages"] = [*self.steps["packages"], *self.wish["toolkit"]]
            self.steps["repositories"] = [*self.steps["repositories"], "toolkit"]
            self.findings.change("NVIDIA Container Toolkit", "install", "containers get their GPUs through it")
        if not self.engine["answers"]:
            return
        self.steps["access"] = "cdi" if numbers(self.engine["version"]) >= _CDI_SINCE else "gpus"
        if self.steps["access"] == "cdi":
            self.steps["cdi"] = not self.found["cdi"]
            if self.found["toolkit"] and self.steps["cdi"]:
                self.findings.change("the list of GPUs for containers", "install", "Docker finds them there (CDI)")
        elif "nvidia" not in self.engine["runtimes"]:
            self.steps["runtime"] = True
            restart(self.engine, self.findings, "it looks for the NVIDIA Container Toolkit only when it starts")


def numbers(version: str) -> tuple[int, ...]:
    """A version for comparing: 580.159.04 is (580, 159, 4)."""
    return tuple(int(digits) for digits in re.findall(r"\d+", version)[:3])


def flavour(kernel: str) -> str:
    """The name after which Ubuntu calls the packages that follow this host's kernel, such as "gcp" or "generic"."""
    followed = [name.removeprefix("linux-image-") for name in debs.installed("linux-image-*")]
    last = kernel.rpartition("-")[2]
    named = sorted(name.replace("virtual", "generic", 1) for name in followed)
    # The longest follows the newest kernels: generic-hwe-24.04 stands beside generic.
    return next((name for name in reversed(named) if name.startswith(last)), last)

