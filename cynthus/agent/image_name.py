"""Which container image an app runs in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.agent import environment, interpreter

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.agent.spec import Spec

LABEL = "cynthus-deployment"
"""On every container and image of ours; its value is the deployment's id."""


def base(spec: Spec) -> str:
    """The image that brings Python: the user's choice, else Docker's official one of the wanted version."""
    return spec.base or f"python:{spec.python or interpreter.own_version()}-slim"


def of(spec: Spec, folder: Path, name: str | None = None) -> str | None:
    """The image of a run, whose environment is called `name`; None where it needs none.

    Where nothing is to be installed the base is used as it is.
    """
    if not spec.in_container:
        return None
    if spec.dockerfile is None and not spec.apt and environment.requirements_file(spec, folder) is None:
        return base(spec)
    return own(spec.deployment, name or environment.identify(spec, folder))


def own(deployment: str, name: str) -> str:
    """The image that holds a deployment's environment."""
    return f"{repository(deployment)}:{name}"


def repository(deployment: str) -> str:
    """What all images of a deployment are called."""
    return f"cynthus/{deployment}"
