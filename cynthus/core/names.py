"""Names and ids: what they may look like, and how they are minted."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

NAME_PATTERN = r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"
"""What a deployment may be called (the rule of Google Cloud's RFC 1035 resource names)."""

_NAME = re.compile(NAME_PATTERN + r"\Z")
_ID = re.compile(r"^[a-z][a-z0-9-]{0,15}-[0-9a-f]{6}\Z")
_RUN = re.compile(r"^\d{8}-\d{6}-[0-9a-f]{4}\Z")
BACKEND = "backend.tfbackend.json"
"""The file of a root that says where its state lies, as `terraform init -backend-config` takes it."""
TERRAFORM_TEXTS = (".tf", ".tf.json", ".tofu", ".tofu.json")
"""How the names of Terraform's own files end; `.tofu` is read by OpenTofu alone, in place of a `.tf` of that name."""
ADOPTED = "adopted.tf"
"""Import blocks in a Terraform root, there only while it is planned."""

_SECOND = "%Y%m%d-%H%M%S"
_LAST = 0xFFFF


def is_name(text: str) -> bool:
    """Whether a deployment may be called so."""
    return "\n" not in text and _NAME.match(text) is not None


def is_deployment_id(text: str) -> bool:
    """Whether it looks like what `mint_deployment_id` gives."""
    return _ID.match(text) is not None


def is_run_id(text: str) -> bool:
    """Whether it looks like what `mint_run_id` gives."""
    return _RUN.match(text) is not None


def name_from(folder: str) -> str:
    """The name a folder gets where cynthus.yaml says none: lower case, everything else made a dash."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")
    name = re.sub(r"^[^a-z]+", "", name)
    return name[:63].rstrip("-") or "app"


def mint_deployment_id(name: str, random: Random) -> str:
    """`<first 16 of name>-<6 hex>`: 23 characters at most, so that prefixed cloud names fit 30."""
    return f"{name[:16].rstrip('-')}-{random.getrandbits(24):06x}"


def mint_run_id(now: datetime, random: Random, *, after: str = "") -> str:
    """`YYYYMMDD-HHMMSS-xxxx` in UTC: sorts by time, and behind the id `after`, whatever the clock says."""
    minted = f"{now:{_SECOND}}-{random.getrandbits(16):04x}"
    if minted > after:
        return minted
    second, last = datetime.strptime(after[:15], _SECOND).replace(tzinfo=UTC), int(after[16:], 16)
    if last < _LAST:
        return f"{after[:16]}{last + 1:04x}"
    return f"{second + timedelta(seconds=1):{_SECOND}}-0000"
