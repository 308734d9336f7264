"""What puts requirements into an environment: uv, or pip where that is what the user has set up."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cynthus import process
from cynthus.agent.interpreter import find_uv
from cynthus.process import Command

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PIP_SETTINGS = (
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_CONSTRAINT",
    "PIP_TRUSTED_HOST",
)
_UV_SETTINGS = (
    "UV_CONFIG_FILE", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS",
    "UV_NO_INDEX",
)
_NOT_FOR_INSTALLERS = (
    "PYTHON", "ANSIBLE", "TF_", "CYNTHUS_", "VIRTUAL_ENV", "CONDA_PREFIX", "PIP_TARGET", "PIP_PREFIX",
)


def variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment with its settings of pip, uv, proxies and certificates, without what leads astray."""
    return {key: value for key, value in environment.items() if not key.startswith(_NOT_FOR_INSTALLERS)}


def command(python: Path, file: Path, environment: Mapping[str, str]) -> Command | None:
    """Installs `file` into the environment of `python`, from its own folder; None: only that environment's pip can."""
    uv = find_uv(environment)
    with_uv = None if uv is None else (uv, "pip", "install", "--python", str(python), "-r", file.name)
    # uv does not read what pip was told, and an index that only pip knows is often the only one that can be reached.
    prefer_pip = _pip_is_set_up(environment)
    if with_uv is not None and not prefer_pip:
        return Command(with_uv, cwd=file.parent, env=environment)
    if _pip_can_install_elsewhere(environment):
        outer = (sys.executable, "-m", "pip", "--python", str(python), "install", *_pip_options(file))
        return Command(outer, cwd=file.parent, env=environment)
    return None


def own_pip(python: Path, file: Path, environment: Mapping[str, str]) -> Command:
    """The same by the pip inside the environment."""
    return Command((str(python), "-m", "pip", "install", *_pip_options(file)), cwd=file.parent, env=environment)


def _pip_options(file: Path) -> tuple[str, ...]:
    return ("--disable-pip-version-check", "--no-input", "-r", file.name)


def _pip_is_set_up(environment: Mapping[str, str]) -> bool:
    if any(environment.get(name) for name in _UV_SETTINGS):
        return False
    if any(environment.get(name) for name in _PIP_SETTINGS):
        return True
    from cynthus.agent import pip_settings

    return bool(pip_settings.files(environment))


def _pip_can_install_elsewhere(environment: Mapping[str, str]) -> bool:
    """`pip --python` came with pip 22.3."""
    try:
        answer = process.run(Command((sys.executable, "-m", "pip", "--version"), env=environment), timeout=60)
    except (OSError, process.CommandTimeout):
        return False
    words = answer.stdout.decode(errors="replace").split()
    numbers = words[1].split(".")[:2] if answer.returncode == 0 and len(words) > 1 else []
    return len(numbers) == 2 and all(each.isdigit() for each in numbers) and tuple(map(int, numbers)) >= (22, 3)
