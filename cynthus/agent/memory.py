"""Where secrets wait for their run: a private folder in memory, never on a disk."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.agent.failure import SECRET_MISSING, Failure
from cynthus.files import read_json, write_atomic

if TYPE_CHECKING:
    from collections.abc import Mapping


def folder(environment: Mapping[str, str]) -> Path:
    """This user's private folder in memory; on a system without one, in the temporary folder."""
    base = "/dev/shm"  # noqa: S108 - the name is checked below for being ours
    if not (Path(base).is_dir() and os.access(base, os.W_OK)):
        base = environment.get("TMPDIR") or "/tmp"  # noqa: S108 - as above
    return Path(base) / f"cynthus-{os.getuid()}"


def asked(said: bytes) -> dict[str, str]:
    """The values that came on stdin.

    Raises:
        Failure: something else came.
    """
    try:
        values = json.loads(said)
    except ValueError:
        values = None
    if not isinstance(values, dict) or not all(isinstance(each, str) for each in values.values()):
        # What arrived is not repeated here: it may be a secret all the same.
        raise Failure("what came on stdin is no JSON object of texts", hint='send {"NAME": "value"}')
    return values


def secrets_folder(environment: Mapping[str, str], deployment: str) -> Path:
    """Where the secrets of a deployment's runs wait."""
    return folder(environment) / "secrets" / deployment


def put(environment: Mapping[str, str], deployment: str, run: str, values: Mapping[str, str]) -> bool:
    """Keep a run's secrets until it starts; false where the very same are there already.

    Raises:
        Failure: the folder belongs to somebody else.
        OSError: it cannot be written.
    """
    target = private(environment, deployment) / f"{run}.json"
    if take(environment, deployment, run) == dict(values):
        return False
    write_atomic(target, json.dumps(dict(values)).encode(), mode=0o600, durable=False)
    return True


def take(environment: Mapping[str, str], deployment: str, run: str) -> dict[str, str]:
    """The secrets that wait for a run; none where there are none."""
    try:
        values = read_json(secrets_folder(environment, deployment) / f"{run}.json")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in (values or {}).items()}


def forget(environment: Mapping[str, str], deployment: str, run: str) -> None:
    """Delete a run's secrets; fine where there are none."""
    (secrets_folder(environment, deployment) / f"{run}.json").unlink(missing_ok=True)


def wanted(names: tuple[str, ...], values: Mapping[str, str]) -> dict[str, str]:
    """The values of `names`.

    Raises:
        Failure: one of them is missing.
    """
    missing = [name for name in names if name not in values]
    if missing:
        raise Failure(
            f"no value has arrived for the secret{'s' * (len(missing) > 1)} {', '.join(missing)}",
            hint='`cynthus up` sends them; by hand, give {"NAME": "value"} to the verb `secrets` on its stdin',
            code=SECRET_MISSING,
        )
    return {name: values[name] for name in names}


def private(environment: Mapping[str, str], deployment: str) -> Path:
    """The same folder, made. Each on the way is ours alone: where everybody may write, somebody may have come first.

    Raises:
        Failure: one of them belongs to somebody else.
    """
    target = secrets_folder(environment, deployment)
    for each in (target.parent.parent, target.parent, target):
        try:
            each.mkdir(mode=0o700)
        except FileExistsError:
            found = each.lstat()
            if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode):
                raise Failure(f"{each} belongs to somebody else", hint="have it removed") from None
            each.chmod(0o700)
    return target
