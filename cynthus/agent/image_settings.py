"""The user's settings of pip as a build finds them: files that are gone with it, and no address with a login."""

from __future__ import annotations

import ipaddress
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from cynthus.agent import pip_settings
from cynthus.agent.failure import ENVIRONMENT, Failure
from cynthus.agent.logins import Logins

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACE = "/cynthus/settings"
"""Where they lie in the container, in memory."""
LINKS = "/cynthus/links"
"""Where folders of packages are mounted that the user's pip looks into."""
PROXIES = tuple(
    name for each in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY") for name in (each, each.lower())
)
_BY_PROXY = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
# The base's Python may be one that its distribution wants to itself; in this image it is the app's.
UNASKED = {"PIP_BREAK_SYSTEM_PACKAGES": "1", "PIP_ROOT_USER_ACTION": "ignore"}
_OF_THE_BUILD = {
    "PIP_CONFIG_FILE": f"{PLACE}/pip.conf",
    "NETRC": f"{PLACE}/netrc",
    **UNASKED,
}


class Settings(NamedTuple):
    """`texts` and `copies` are files by their names below PLACE, `links` paths of this machine by those in the build.

    `nearby`: something in them can be reached from this machine only. `proxied`: they name a proxy.
    """

    texts: Mapping[str, str]
    copies: Mapping[str, Path]
    links: Mapping[str, Path]
    nearby: bool
    proxied: bool


def collect(environment: Mapping[str, str], proxies: Mapping[str, str], folder: Path) -> Settings:
    """All that a build needs to reach what the user's own pip reaches; relative paths are meant from `folder`.

    Raises:
        Failure: a file that the settings name is missing, or one of pip's own cannot be read.
    """
    options = pip_settings.read(environment)
    # An option's value reaches the command lines of pip's own processes, and a variable's does not.
    proxy = options.pop("proxy", "")
    variables = {**proxies, **(dict.fromkeys(_BY_PROXY, proxy) if proxy else {}), **_OF_THE_BUILD}
    translation = _Translation(Logins(environment), folder)
    lines = [f"{option} = {' '.join(translation.of(option, options))}\n" for option in options]
    texts = {
        "pip.conf": "".join(["[global]\n", *lines]),
        "netrc": translation.logins.text,
        "environment": "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()),
    }
    nearby = any(map(_is_nearby, (*translation.addresses, *variables.values())))
    return Settings(texts, translation.copies, translation.links, nearby, bool(proxies or proxy))


class _Translation:
    """From what a value means on this machine to what it means in the build."""

    def __init__(self, logins: Logins, folder: Path) -> None:
        self.logins = logins
        self.addresses: list[str] = []
        self.copies: dict[str, Path] = {}
        self.links: dict[str, Path] = {}
        self._folder = folder

    def of(self, option: str, options: Mapping[str, str]) -> list[str]:
        return [self._one(option, value) for value in pip_settings.values(options, option)]

    def _one(self, option: str, value: str) -> str:
        if option in ("index-url", "extra-index-url") or (option in pip_settings.MANY and _is_address(value)):
            self.addresses.append(value)
            return self.logins.without(value)
        if option in ("cert", "client-cert", "constraint"):
            name = f"{option}-{len(self.copies)}"
            self.copies[name] = self._path(option, value)
            return f"{PLACE}/{name}"
        if option == "find-links":
            path = self._path(option, value)
            place = f"{LINKS}/{len(self.links)}/{path.name}"
            self.links[place] = path
            return place
        return value

    def _path(self, option: str, value: str) -> Path:
        named = unquote(value.removeprefix("file://")) if value.startswith("file://") else value
        path = Path(os.path.abspath(self._folder / Path(named).expanduser()))  # noqa: PTH100 - a link stays a link
        if not path.exists():
            hint = "mend the setting: `pip config list` shows where it stands"
            raise Failure(f"pip's setting {option} names {path}, which is not there", hint=hint, code=ENVIRONMENT)
        return path


def _is_address(value: str) -> bool:
    return "://" in value and not value.startswith("file://")


def _is_nearby(address: str) -> bool:
    """Whether it names this machine by a loopback address, which means something else in a container."""
    host = (urlsplit(address).hostname if "://" in address else "") or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
