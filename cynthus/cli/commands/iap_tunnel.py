"""`cynthus iap-tunnel`, which `ssh` types."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cynthus.cli import options


@click.command(
    hidden=True,
    epilog=options.examples(
        "ssh -o ProxyCommand='cynthus iap-tunnel %h %p --project=lab --zone=us-central1-a' demo-1a2b3c-host-0",
    ),
)
@click.argument("instance")
@click.argument("port", type=click.IntRange(1, 65535))
@click.option("--project", required=True, help="The cloud project of the machine.")
@click.option("--zone", required=True, help="Its zone.")
@click.option(
    "--said", type=click.Path(path_type=Path), help="A file that holds why there is no way, as long as there is none."
)
def command(instance: str, port: int, project: str, zone: str, said: Path | None) -> None:
    """Lead from stdin and stdout to a port of a machine behind Google's Identity-Aware Proxy.

    For the ProxyCommand of ssh, in place of `gcloud compute start-iap-tunnel`: it needs no gcloud, and goes on after a
    cut.
    """
    from cynthus.targets.iap.place import Machine
    from cynthus.targets.iap.proxy_command import serve

    try:
        serve(Machine(project, zone, instance, port), os.environ, said)
    except KeyboardInterrupt:
        # So `ssh` ends what it has started, each time: nobody wants to read of it.
        raise click.exceptions.Exit(130) from None
