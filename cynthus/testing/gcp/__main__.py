"""`python -m cynthus.testing.gcp`: a simulated Google Cloud until it is stopped."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.errors import UsageError
from cynthus.testing.gcp.cloud import SimulatedCloud
from cynthus.testing.gcp.drivers import driver_named
from cynthus.testing.gcp.store import StateTaken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.testing.gcp.machines import Driver


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve, and say on the first lines what a shell needs to speak with it."""
    told = _parser().parse_args(arguments)
    try:
        cloud = SimulatedCloud(told.state, driver=_driver(told.driver), project=told.project, latency=told.latency)
    except StateTaken as taken:
        sys.exit(str(taken))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with cloud.serving(told.listen, told.port):
        for name, value in cloud.environment().items():
            sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
        sys.stdout.write("# ready\n")
        sys.stdout.flush()
        try:
            signal.pause()
        except KeyboardInterrupt:
            sys.stderr.write("stopped; the state is kept\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m cynthus.testing.gcp", description="A simulated Google Cloud.")
    parser.add_argument("--state", type=Path, required=True, help="the file that holds all it knows")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes any that is free")
    parser.add_argument("--listen", default="127.0.0.1", help="nothing but this machine, unless told")
    parser.add_argument("--project", default="rehearsal", help="how its project is called, where the state is new")
    parser.add_argument("--latency", type=float, help="seconds until an operation is done")
    parser.add_argument("--driver", default="", help="MODULE:NAME of what boots hosts; without one, none boot")
    return parser


def _driver(name: str) -> Driver | None:
    try:
        return driver_named(name) if name else None
    except UsageError as error:
        sys.exit(f"{error.message}; {error.hint}")


if __name__ == "__main__":
    main()
