"""The cache of the library `huggingface_hub`, with the run's models in it: `from_pretrained("owner/name")` finds them.

It belongs to the deployment, and what main.py itself downloads is kept there, too.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.agent.home import Home
    from cynthus.agent.spec import Spec

INSIDE = "/cynthus/hub"
"""Where it is in a container."""


def variables(spec: Spec, folder: Path | str) -> dict[str, str]:
    """What leads the library there; nothing where the run has no models of its hub."""
    return {"HF_HUB_CACHE": str(folder)} if _models(spec) else {}


def make(home: Home, spec: Spec, app: str | None = None) -> bool:
    """Have the models in it, as the program sees them whose folder is `app` (None: on this machine as it is); whether
    there are any.

    Raises:
        OSError: it cannot be written.
    """
    models = _models(spec)
    for repository, revision, pin, name, path in models:
        folder = home.hub / f"models--{repository.replace('/', '--')}"
        (folder / "refs").mkdir(parents=True, exist_ok=True)
        (folder / "snapshots").mkdir(exist_ok=True)
        # Whoever does not name a revision means `main`, and gets what this run was pinned to.
        for ref in {"main", revision or "main"}:
            place = folder / "refs" / ref
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(pin)
        _lead(folder / "snapshots" / pin, f"{app}/models/{name}" if app else str(home.models / path))
    return bool(models)


def _models(spec: Spec) -> list[tuple[str, str | None, str, str, str]]:
    entries = [(each.name, each.wanted) for each in spec.models if each.wanted and each.wanted.scheme == "hf"]
    return [(one.name, one.revision, one.pin, name or "", one.id) for name, one in entries]


def _lead(link: Path, target: str) -> None:
    """A link there, in the place of one that leads elsewhere."""
    fresh = link.with_name(f".{link.name}.{os.urandom(4).hex()}")
    fresh.symlink_to(target)
    os.replace(fresh, link)
