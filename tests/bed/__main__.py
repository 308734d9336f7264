"""A test bed to play with: `python -m tests.bed up`, and in another terminal the ssh that it prints."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING

import click

from cynthus.process import birth
from tests.bed import beds
from tests.bed.debian import NoTree
from tests.bed.disk_image import disk_image, image_place
from tests.bed.machine import VirtualMachine
from tests.bed.probe import unfit, unfit_for_machines
from tests.bed.registry import PASSWORD, USER, Registry
from tests.bed.suite import usual
from tests.bed.tree import Tree, cache, place, tree
from tests.processes import wait_for

if TYPE_CHECKING:
    from tests.bed.host import Host


SUITE = click.option(
    "--suite", default=usual, show_default="this machine's", help="What hosts run, by its code name: trixie."
)


@click.group()
def main() -> None:
    """Hosts with systemd and sshd on this machine, for the tests and to play with. Needs root."""


@main.command()
@SUITE
def build(suite: str) -> None:
    """Build the tree below all hosts, if it is not in the cache."""
    click.echo(f"The tree is at {_tree(suite).folder}.")


@main.command()
@click.option("--hosts", "number", default=1, show_default=True, help="How many hosts.")
@click.option("--docker", is_flag=True, help="With Docker installed already.")
@click.option("--disk", default="", help="The size of a small disk, as mount takes it: 300m.")
@click.option("--registry", "with_registry", is_flag=True, help="With an image registry.")
@SUITE
def up(number: int, disk: str, suite: str, *, docker: bool, with_registry: bool) -> None:
    """Make hosts, print how to reach them, and stay until Ctrl-C or `down`. Then everything is gone."""
    below = _tree(suite)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        bed = stack.enter_context(beds.Bed(below))
        beds.by_hand(bed.folder)
        for host in bed.hosts(number, docker=docker, disk=disk):
            _show(host)
        if with_registry:
            registry = stack.enter_context(Registry(bed))
            click.echo(f"registry: {registry.internal_address} for hosts, {registry.address} here, {USER}:{PASSWORD}")
        click.echo("\nCtrl-C removes all of it.")
        while True:
            signal.pause()


@main.command()
def vm() -> None:
    """Start a virtual machine with a kernel of its own, print how to reach it, and stay until Ctrl-C or `down`."""
    reason = unfit_for_machines()
    if reason:
        sys.exit(reason)
    if not image_place().exists():
        click.echo("The disk of virtual machines is built now, once: that takes two minutes or more.", err=True)
    try:
        image = disk_image()
    except NoTree as error:
        sys.exit(f"There is no disk for a virtual machine: {error}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    beds.sweep()
    began = time.monotonic()
    with suppress(KeyboardInterrupt), closing(VirtualMachine(image)) as machine:
        beds.by_hand(machine.folder)
        machine.start()
        click.echo(f"{machine.name} let its user in after {time.monotonic() - began:.0f} s, with {machine.accelerator}")
        click.echo(f"  {shlex.join(machine.ssh_argv())}")
        click.echo(f"  its registry: 127.0.0.1:{machine.registry_port} here, {machine.registry} there")
        click.echo(f"  its console: {machine.folder / 'console.log'}")
        click.echo("\nCtrl-C removes it.")
        while True:
            signal.pause()


@main.command()
def down() -> None:
    """End the beds that were brought up by hand, and remove what killed ones have left."""
    told = beds.brought_up_by_hand()
    for pid in told:
        os.kill(pid, signal.SIGTERM)
    wait_for(lambda: all(birth(pid) is None for pid in told), "the end of all beds")
    beds.sweep()
    click.echo(f"{len(told)} ended. The tree stays in {cache()}; delete that folder to be rid of it.")


def _tree(suite: str) -> Tree:
    reason = unfit()
    if reason:
        sys.exit(reason)
    if not place(suite).exists():
        click.echo("The tree below all hosts is built now, once: that takes a minute or two.", err=True)
    try:
        return tree(suite)
    except NoTree as error:
        sys.exit(f"There is no tree for hosts: {error}")


def _show(host: Host) -> None:
    click.echo(f"\n{host.name} ({host.internal_address} for other hosts)")
    click.echo(f"  {shlex.join(host.ssh_argv())}")
    click.echo(f"  as root, past SSH: nsenter --target {host.pid} --all bash")


if __name__ == "__main__":
    main()
