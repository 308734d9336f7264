"""The environment variables that main.py gets: an allowed few of the caller's, and what the spec says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.agent.home import RunFolder
    from cynthus.agent.spec import Spec

_ALLOWED = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TERM", "LD_LIBRARY_PATH",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
    "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "HF_HOME", "TORCH_HOME",
})
_ALLOWED_BEGINNINGS = ("LC_", "CUDA_", "NVIDIA_", "NCCL_", "OMP_", "MKL_", "ROCR_", "HIP_")


def allowed(environment: Mapping[str, str]) -> dict[str, str]:
    """What of the caller's environment concerns any program; settings of Python, Ansible and Terraform do not."""
    return {
        key: value for key, value in environment.items() if key in _ALLOWED or key.startswith(_ALLOWED_BEGINNINGS)
    }


def own(spec: Spec, run: RunFolder, others: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the spec and the run say, wherever main.py runs; `others` is what there is to say of its other hosts."""
    # Python would hold back what is printed into a file, and nobody could follow it.
    said = {"PYTHONUNBUFFERED": "1", "CYNTHUS_RUN_ID": run.id, "CYNTHUS_DEPLOYMENT": run.deployment}
    return {**said, **(others or {}), **spec.env}


def in_environment(
    spec: Spec, run: RunFolder, folder: Path, environment: Mapping[str, str],
    others: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The variables of a program in the Python environment at `folder`; `others` as in `own`."""
    caller = allowed(environment)
    path = caller.get("PATH") or os.defpath
    entered = {"VIRTUAL_ENV": str(folder), "PATH": f"{folder / 'bin'}{os.pathsep}{path}"}
    return {**caller, **entered, **own(spec, run, others)}
