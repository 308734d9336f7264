"""A range of addresses on the internet from which somebody comes: `198.51.100.7`, `203.0.113.0/24`."""

from __future__ import annotations

import ipaddress
from typing import Annotated

from cynthus.core.misfit import Misfit, quoted
from cynthus.core.section import Rule

WIDEST = 8
"""Bits that a range has in common at least. Half the internet is still the internet."""
PATTERN = r"^[0-9]{1,3}(\.[0-9]{1,3}){3}(/[0-9]{1,2})?$"
_INSIDE = tuple(
    ipaddress.ip_network(each)
    for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16")
)
"""What a machine calls itself at home; nobody outside is ever seen by such an address."""
_SAY = "write the one address, or the narrow range, that you come from: e.g. from: 203.0.113.7/32"


def _range(text: str) -> str:
    try:
        found = ipaddress.ip_network(text.strip())
    except ValueError:
        raise Misfit(f"{quoted(text)} is no range of addresses", hint=_nearest(text)) from None
    if isinstance(found, ipaddress.IPv6Network):
        raise Misfit(f"{quoted(text)} is of IPv6, and the machines have addresses of IPv4 only", hint=_SAY)
    if found.prefixlen < WIDEST:
        raise Misfit(f"{quoted(text)} is too much of the internet to let it in to SSH", hint=_SAY)
    if any(found.overlaps(each) for each in _INSIDE):
        raise Misfit(
            f"nobody comes from {quoted(text)} to a public address: so a machine is called in its own network",
            hint="write the address by which the internet sees you, which your network's administrator or your router "
            "knows; or leave `from` out and use `access: internal` where a VPN leads to the network",
        )
    return str(found)


def _nearest(text: str) -> str:
    """The range that an address with the bits of a host is in."""
    try:
        return f"write from: {ipaddress.ip_network(text.strip(), strict=False)}, or the one address alone"
    except ValueError:
        return _SAY


Cidr = Annotated[str, Rule(after=_range, schema={"type": "string", "pattern": PATTERN})]
