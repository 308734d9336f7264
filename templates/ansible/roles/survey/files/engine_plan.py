"""What the role docker would do on a host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import debs
import engine as engines
from findings import DISRUPT, Findings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from host import Host

_RELOADED = {"registry-mirrors", "insecure-registries", "live-restore"}
"""Settings that a running engine takes over without a restart."""
_SHOWN = 5
"""Names of containers in a sentence."""


def plan(host: Host, wish: Mapping[str, Any], engine: Mapping[str, Any], findings: Findings) -> dict[str, Any]:
    """What is to be done; `findings` get a line for each change and for each problem.

    `source` is where packages come from (empty: nothing is installed), `start` whether an engine is to be started that
    is there, `daemon` the whole content of daemon.json (None: it stays), `apply` how a running engine takes that over,
    `users` who joins the group docker.
    """
    planned = _Plan(host, wish, engine, findings)
    if not engine["answers"]:
        planned.have_an_engine()
    planned.settings()
    planned.access()
    return planned.steps


class _Plan:
    def __init__(self, host: Host, wish: Mapping[str, Any], engine: Mapping[str, Any], findings: Findings) -> None:
        self.host, self.wish, self.engine, self.findings = host, wish, engine, findings
        self.origin = "the distribution"
        self.steps: dict[str, Any] = {
            "source": "", "packages": [], "start": False, "daemon": None, "mode": "0644", "proxy": False, "apply": "",
            "users": [],
        }  # fmt: skip

    def have_an_engine(self) -> None:
        if any(name in self.engine["packages"] for name in engines.PACKAGES):
            self.steps["start"] = True
            self.findings.change("docker.service", "restart", "Docker is installed but does not answer")
            return
        source = self._source()
        if not source:
            return
        packages = self.wish["packages"][source]
        packages = packages.get(self.host.system["codename"], packages["default"])
        self.steps.update(source=source, packages=packages)
        versions, removed = debs.simulated(packages)
        named = " ".join(filter(None, (packages[0], versions.get(packages[0]))))
        self.findings.change(f"Docker Engine ({named})", "install", f"there is none; it comes from {self.origin}")
        for package in removed:
            self.findings.change(package, "remove", f"it cannot be there together with {packages[0]}", needs=DISRUPT)

    def _source(self) -> str:
        """Where packages come from; empty where they cannot be had."""
        system, wanted = self.host.system, self.wish["source"]
        if not self.host.uses_apt:
            self.findings.problem(
                f"there is no Docker Engine, and Cynthus cannot install one on {system['name']}",
                "install Docker Engine: one that works is left as it is",
            )
            return ""
        supported = system["codename"] in self.wish["suites"].get(system["id"], [])
        if wanted == "docker" and not supported:
            self.findings.problem(
                f"Docker has no packages for {system['name']} that Cynthus knows of",
                "set docker_source to distribution, or install Docker Engine",
            )
            return ""
        url = self.wish["repository"].rstrip("/") + "/" + system["id"]
        index = f"{url}/dists/{system['codename']}/Release"
        if wanted == "distribution" or not supported:
            return "distribution"
        if wanted == "auto" and not debs.reachable(index):
            self.origin = f"the distribution, since {url} cannot be reached"
            return "distribution"
        self.origin = url
        there = debs.source_naming(self.host, "download.docker.com")
        self.steps["repository"] = {"url": url, "suite": system["codename"], "there": there}
        return "docker"

    def settings(self) -> None:
        wanted = dict(self.wish.get("daemon") or {})
        try:
            current, self.steps["mode"] = engines.settings(self.host)
        except ValueError as problem:
            if wanted or self.steps["source"]:
                message = f"/etc/docker/daemon.json is not JSON: {problem}"
                self.findings.problem(message, "mend it, or move it away, and run this again")
            return
        if self.steps["source"] and "live-restore" not in current:
            # An engine that was there before us stays as it was.
            wanted.setdefault("live-restore", True)
        new = merged(current, wanted)
        names = [name for name in wanted if new[name] != current.get(name)]
        self.steps["proxy"] = bool(self.wish.get("proxy")) and engines.proxy_digest(self.host) != self.wish["proxy"]
        changed = sorted(names) + ["proxies"] * self.steps["proxy"]
        if changed and (self.engine["snap"] or self.engine["rootless"]):
            kind = "the snap of Docker" if self.engine["snap"] else "a Docker Engine without root"
            self.findings.problem(f"{kind} keeps its settings elsewhere", f"set {', '.join(changed)} there")
            return
        if names:
            self.steps["daemon"] = new
        if changed and self.engine["answers"]:
            self._apply(changed)

    def _apply(self, names: list[str]) -> None:
        what = f"Docker's settings ({', '.join(names)})"
        if set(names) <= _RELOADED:
            self.steps["apply"] = "reload"
            self.findings.change(what, "install", "they were asked for; the engine takes them over while it runs")
            return
        self.steps["apply"] = "restart"
        self.findings.change(what, "install", "they were asked for")
        moved = f"; what lies in {self.engine['folder']} stays there" if "data-root" in names else ""
        restart(self.engine, self.findings, f"it takes {', '.join(names)} over only when it starts{moved}")

    def access(self) -> None:
        users = self.wish.get("users")
        wanted = [self.host.user] if users is None else users
        joining = [name for name in wanted if name != "root" and not self._may(name)]
        if joining and self.engine["answers"] and self._members() is None:
            self.findings.problem(
                f"Docker answers root and not {', '.join(joining)}, and there is no group docker",
                "make that group as Docker's own instructions say, or set docker_users to []",
            )
            return
        self.steps["users"] = joining
        for name in joining:
            self.findings.change(
                f"{name} in the group docker", "install", "its members may use Docker, which makes them as good as root"
            )

    def _may(self, name: str) -> bool:
        if name == self.host.user and self.engine["answers_user"]:
            return True
        return name in (self._members() or ())

    def _members(self) -> list[str] | None:
        """Who is in the group docker; None where there is none. It is the host's own, so no directory is asked."""
        for line in self.host.text("etc/group").splitlines():
            name, *_, members = line.split(":")
            if name == "docker":
                return members.split(",")
        return None


def restart(engine: Mapping[str, Any], findings: Findings, why: str) -> None:
    """Say that the engine is to be restarted, which ends the containers that run."""
    running = engine["containers"]
    if not running:
        findings.change("docker.service", "restart", why)
        return
    names = ", ".join(running[:_SHOWN]) + (", ..." if len(running) > _SHOWN else "")
    findings.change("docker.service", "restart", f"{why}; containers run there: {names}", needs=DISRUPT)


def merged(old: Any, new: Any) -> Any:
    """The user's values and ours: objects and lists keep all of theirs."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{name: merged(old.get(name), value) for name, value in new.items()}}
    if isinstance(old, list) and isinstance(new, list):
        return old + [value for value in new if value not in old]
    return new

