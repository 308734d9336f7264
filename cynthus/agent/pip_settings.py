"""What the user has told pip about indices and certificates, in the environment and in files, as pip reads it."""

from __future__ import annotations

import configparser
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.agent.failure import ENVIRONMENT, Failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MANY = frozenset({"extra-index-url", "find-links", "trusted-host", "constraint"})
"""Options that may have several values, with blanks between them."""
_CARRIED = MANY | {
    "index-url", "no-index", "cert", "client-cert", "proxy", "timeout", "default-timeout", "retries", "pre",
    "prefer-binary", "only-binary", "no-binary",
}
_OF_UV = {
    "index-url": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "extra-index-url": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
    "find-links": ("UV_FIND_LINKS",),
    "no-index": ("UV_NO_INDEX",),
    "trusted-host": ("UV_INSECURE_HOST",),
}
"""pip's options by the variables in which uv is told the same."""
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def files(environment: Mapping[str, str]) -> list[Path]:
    """The configuration files that there are, in the order in which they overrule each other."""
    named = environment.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return []
    home = Path(environment.get("HOME") or "/")
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    everybody = [Path(each, "pip/pip.conf") for each in (environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")]
    places = [*everybody, Path("/etc/pip.conf"), home / ".pip/pip.conf", config / "pip/pip.conf"]
    places += [Path(sys.prefix, "pip.conf"), *([Path(named)] if named else [])]
    return [each for each in places if each.is_file()]


def read(environment: Mapping[str, str]) -> dict[str, str]:
    """pip's options by their names, for what decides where packages come from; uv's where pip has none of its own.

    Raises:
        Failure: a configuration file cannot be read.
    """
    parsed = [_parsed(file) for file in files(environment)]
    found: dict[str, str] = {}
    # What a file says of the command goes before what any of them says in general.
    for section in ("global", "install"):
        for each in parsed:
            found.update(_options(each, section))
    named = {name[4:]: value for name, value in environment.items() if name.startswith("PIP_") and value.strip()}
    found.update({_normal(name): value for name, value in named.items()})
    for option, value in _beside_pip(environment):
        found.setdefault(option, value)
    return {option: found[option].strip() for option in sorted(_CARRIED & found.keys()) if found[option].strip()}


def values(options: Mapping[str, str], option: str) -> list[str]:
    """The values of an option, one where it may have only one."""
    value = options.get(option, "")
    return value.split() if option in MANY else [value] if value else []


def _parsed(file: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(file.read_text(encoding="utf-8"), source=str(file))
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        # Not configparser's own words: they repeat the line, and an index may have a password in it.
        reason = f": {(error.strerror or str(error)).lower()}" if isinstance(error, OSError) else ""
        hint = "mend it; `pip config list` reads it too"
        raise Failure(f"{file} cannot be read{reason}", hint=hint, code=ENVIRONMENT) from None
    return parser


def _options(parser: configparser.RawConfigParser, section: str) -> dict[str, str]:
    return {_normal(name): value for name, value in parser.items(section)} if parser.has_section(section) else {}


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").removeprefix("--")


def _beside_pip(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for option, names in _OF_UV.items():
        told = [environment[name].replace(",", " ") for name in names if environment.get(name)]
        addresses = [_with_login(each, environment) for each in " ".join(told).split()]
        if addresses:
            yield option, " ".join(addresses) if option in MANY else addresses[0]
    bundle = next((environment[name] for name in _BUNDLES if environment.get(name)), "")
    if bundle:
        yield "cert", bundle


def _with_login(told: str, environment: Mapping[str, str]) -> str:
    """An index as uv is told of it, `name=address`; its login may stand in two more variables."""
    name, equals, address = told.partition("=")
    if not equals or "/" in name:
        return told
    variable = f"UV_INDEX_{''.join(letter if letter.isalnum() else '_' for letter in name.upper())}"
    login = environment.get(f"{variable}_USERNAME", ""), environment.get(f"{variable}_PASSWORD", "")
    scheme, _, place = address.partition("://")
    if not any(login) or "@" in place.split("/")[0]:
        return address
    from urllib.parse import quote

    return f"{scheme}://{quote(login[0], safe='')}:{quote(login[1], safe='')}@{place}"
