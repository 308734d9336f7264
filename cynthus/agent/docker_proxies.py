"""The proxies that the Docker command line gives to every container it makes: `proxies` in its config.json."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.files import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = {
    "httpProxy": "HTTP_PROXY", "httpsProxy": "HTTPS_PROXY", "noProxy": "NO_PROXY", "allProxy": "ALL_PROXY",
    "ftpProxy": "FTP_PROXY",
}


def of(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that a container would get, of a command line that has these; none where nothing can be read."""
    folder = variables.get("DOCKER_CONFIG") or Path(variables.get("HOME") or "/", ".docker")
    try:
        found = (read_json(Path(folder, "config.json")) or {}).get("proxies")
    except (OSError, ValueError):
        # Docker itself goes on without it, and says so.
        return {}
    by_engine = found if isinstance(found, dict) else {}
    chosen = by_engine.get(variables.get("DOCKER_HOST", "")) or by_engine.get("default")
    values = chosen if isinstance(chosen, dict) else {}
    told = {variable: str(values[key]) for key, variable in _NAMES.items() if values.get(key)}
    return told | {variable.lower(): value for variable, value in told.items()}
