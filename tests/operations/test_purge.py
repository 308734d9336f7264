"""`down --purge`: what was installed is shown, and goes after the app and before the hosts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from cynthus.errors import HostError, StillNeeded, UsageError
from cynthus.operations.at_work import journal_of
from cynthus.operations.host_lock import HostLock
from cynthus.operations.purge import LEDGER, plan_purge
from cynthus.state.index import Entry
from cynthus.testing.ansible import FakeAnsible, Step
from tests.operations.host import ID, site_in
from tests.operations.test_readying import HOST
from tests.operations.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path, PurePosixPath

    from cynthus.core.deployment import Host
    from cynthus.operations.purge import Purge
    from cynthus.testing.ansible import Played


@dataclass
class Noted:
    """Targets whose one host installs things; `size` is that of its ledger."""

    size_of_ledger: int | None = 100
    asks: bool = False
    installs: bool = True

    def names(self) -> tuple[str, ...]:
        return ("local",)

    def find(self, name: str) -> Any:
        return self

    def connect(self, host: Host, root: Path) -> Any:
        return self

    def entered(self, hosts: Sequence[Host], root: Path, *, as_root: bool) -> Sequence[Host]:
        return hosts

    def asking(self, hosts: Sequence[Host], root: Path) -> tuple[str, ...]:
        return tuple(host.name for host in hosts if self.asks)

    def size(self, path: PurePosixPath) -> int | None:
        return self.size_of_ledger if path == LEDGER else None


class Lab:
    """A deployment on a host that has a ledger; `told` is what the role says of it."""

    def __init__(self, place: Path, targets: Noted | None = None, *, types: str | None = None, **told: Any) -> None:
        self.shop = Workshop(place).with_person(answer=None, types=types)
        self.told = {"removes": ["docker.io", "/etc/docker/daemon.json"], "kept": [], **told}
        self.ansible = FakeAnsible(self._steps)
        self.tools = replace(self.shop.tools, ansible=self.ansible, targets=targets or Noted())
        site = site_in(place / "app")
        entry = Entry(
            id=ID, name="weather", target="local", folder=str(site.folder), runtime="container", home="/h",
            created_at="2026-01-02T03:04:05Z", phase="up", hosts=(HOST,), last_run=None,
            updated_at="2026-01-02T03:04:05Z", per_hour=0.0,
        )  # fmt: skip
        self.site = replace(site, entry=entry)
        playbook = self.site.root() / "ansible/playbooks/purge.yml"
        playbook.parent.mkdir(parents=True)
        playbook.touch()

    def _steps(self, played: Played) -> tuple[Step, ...]:
        return (Step("ledger", "Look what was installed", json.dumps(self.told)),)

    def plan(self) -> Purge | None:
        return plan_purge(self.tools, self.site)

    @property
    def played(self) -> list[dict[str, object]]:
        return [dict(play.extravars) for play in self.ansible.plays]


LOOK = {"ledger_deployment": ID, "ledger_only": True}


def test_what_would_be_removed_is_shown_and_nothing_is_done(tmp_path: Path) -> None:
    lab = Lab(tmp_path, kept=["/etc/x was edited since"])
    assert lab.plan()
    assert lab.shop.progress.notes == [
        "  - host-0: docker.io, /etc/docker/daemon.json", "  = host-0: stays: /etc/x was edited since"
    ]  # fmt: skip
    assert lab.played == [LOOK]


def test_what_was_shown_is_what_is_removed(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    planned = lab.plan()
    assert planned
    planned.carry_out(lab.tools, lab.site, journal_of(lab.tools, lab.site, "down", HostLock(lab.tools, "down")))
    assert lab.played == [LOOK, {"ledger_deployment": ID}]


def test_a_host_without_a_ledger_is_not_even_played_on(tmp_path: Path) -> None:
    lab = Lab(tmp_path, Noted(size_of_ledger=None))
    assert (lab.plan(), lab.played) == (None, [])
    assert lab.shop.progress.notes == ["nothing was installed by Cynthus, so nothing of that kind is removed"]


def test_the_password_is_asked_for_once(tmp_path: Path) -> None:
    lab = Lab(tmp_path, Noted(asks=True), types="correct horse")
    planned = lab.plan()
    assert planned
    planned.carry_out(lab.tools, lab.site, journal_of(lab.tools, lab.site, "down", HostLock(lab.tools, "down")))
    assert [play.sudo_password for play in lab.ansible.plays] == ["correct horse", "correct horse"]
    assert len(lab.shop.person.questions) == 1
    assert "horse" not in repr(planned)


def test_where_nothing_is_ever_installed_it_is_refused(tmp_path: Path) -> None:
    lab = Lab(tmp_path, Noted(installs=False))
    with pytest.raises(UsageError, match="nothing is ever installed"):
        lab.plan()


def test_files_without_the_playbook_are_refused_with_the_way_to_have_it(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    (lab.site.root() / "ansible/playbooks/purge.yml").unlink()
    with pytest.raises(UsageError, match=r"purge\.yml") as caught:
        lab.plan()
    assert "cynthus render" in caught.value.hint


def test_without_hosts_nothing_is_purged_and_that_is_said(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    assert lab.site.entry
    lab.site = replace(lab.site, entry=replace(lab.site.entry, hosts=()))
    assert (lab.plan(), lab.played) == (None, [])
    assert "no hosts now" in lab.shop.progress.warnings[0]


@pytest.mark.parametrize("said", ["", "no JSON", "[]", "{}"])
def test_where_nobody_can_tell_nothing_is_removed(tmp_path: Path, said: str) -> None:
    lab = Lab(tmp_path)
    lab.ansible.script = (Step("ledger", "Look what was installed", said),)
    with pytest.raises(HostError, match="nobody can tell"):
        lab.plan()


def test_what_others_need_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    needed = StillNeeded("host-0: containers are there: web", hint="remove them")
    lab.ansible.script = (Step("ledger", "Stop where something stands in the way", error=needed),)
    with pytest.raises(StillNeeded):
        lab.plan()
    assert lab.shop.person.questions == []
