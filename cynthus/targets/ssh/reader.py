"""Looks at a host and its files, and keeps the lock of a deployment there.

Its text is sent there and run by whatever Python is there, and needs nothing else. It says hello, then answers
questions, one line of JSON each, until its input ends. An answer is a line of JSON too; where that has a `size`, so
many bytes follow.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from typing import IO, Any, Callable, Dict, Iterator, Optional  # noqa: UP035 - a Python of 3.8 must run this

HELLO = "cynthus-reader"


def main(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answer until there is nothing more to answer."""
    _say(answers, {"hello": HELLO, "python": sys.version_info[:3], "base": base()})
    for line in questions:
        question = json.loads(line)
        try:
            value = VERBS[question["verb"]](**question["about"])
        except OSError as error:
            _say(answers, {"errno": error.errno, "said": error.strerror, "file": error.filename})
            continue
        if isinstance(value, bytes):
            _say(answers, {"size": len(value)}, value)
        else:
            _say(answers, {"value": value})


def base() -> str:
    """Where deployments lie on this host: the machine's own place for root, else the user's."""
    if os.getuid() == 0:
        return "/opt/cynthus"
    named = os.environ.get("XDG_DATA_HOME", "")
    return (named if named.startswith("/") else os.path.expanduser("~/.local/share")) + "/cynthus"  # noqa: PTH111 - as below


def size(path: str) -> int | None:
    """Bytes of a file; None where there is none."""
    try:
        return os.stat(path).st_size  # noqa: PTH116 - without pathlib it starts sooner
    except (FileNotFoundError, NotADirectoryError):
        return None


def read(path: str, offset: int, limit: int | None) -> bytes | None:
    """A part of a file; None where there is none."""
    try:
        with _opened(path, offset) as stream:
            return stream.read(-1 if limit is None else limit)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _opened(path: str, offset: int) -> IO[bytes]:
    # Without waiting for the other end of a named pipe.
    stream = open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))  # noqa: SIM115 - given on
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError(errno.EINVAL, "Not a regular file", path)
    stream.seek(offset)
    return stream


def read_several(wanted: list[Any]) -> bytes:
    """The beginnings of files, by path and limit: a line of JSON with the size of each (null: it is not there; a list:
    what is wrong with it), and all of them after it."""
    told: list[Any] = []
    parts = []
    for path, limit in wanted:
        try:
            data = read(path, 0, limit)
            told.append(None if data is None else len(data))
            parts.append(data or b"")
        except OSError as error:
            told.append((error.errno, error.strerror, error.filename))
    return json.dumps(told).encode() + b"\n" + b"".join(parts)


def sums(wanted: list[Any]) -> list[Any]:
    """The SHA-256 of parts of files, by path, offset and size: with how many bytes there are, and the file's last
    change; null for what cannot be read."""
    import hashlib  # most conversations need none

    told: list[Any] = []
    for path, offset, length in wanted:
        digest = hashlib.sha256()
        try:
            with _opened(path, offset) as stream:
                while True:
                    data = stream.read(min(1 << 20, offset + length - stream.tell()))
                    if not data:
                        break
                    digest.update(data)
                told.append((digest.hexdigest(), stream.tell() - offset, os.fstat(stream.fileno()).st_mtime_ns))
        except OSError:
            told.append(None)
    return told


def folders(path: str) -> list[str]:
    """The names of the folders in a folder."""
    try:
        return sorted(each.name for each in os.scandir(path) if each.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def files(path: str) -> list[Any]:
    """Path, size, time of change, mode and (of a link) target of every file and link below a folder."""
    found: list[Any] = []
    _walk(path, "", found)
    return sorted(found)


def _walk(folder: str, prefix: str, found: list[Any]) -> None:
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            _walk(entry.path, prefix + entry.name + "/", found)
            continue
        try:
            known = entry.stat(follow_symlinks=False)
            link = os.readlink(entry.path) if stat.S_ISLNK(known.st_mode) else None  # noqa: PTH115 - its own words
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.EINVAL):
                raise
            continue  # replaced while we look: a program at work does that
        if link is not None or stat.S_ISREG(known.st_mode):
            found.append((prefix + entry.name, known.st_size, known.st_mtime_ns, stat.S_IMODE(known.st_mode), link))


def machine() -> dict[str, Any]:
    """What the host has. Sizes in bytes; `gpus` are the names that the driver gives, `time` is its clock."""
    system = dict(line.split("=", 1) for line in _lines("/etc/os-release") if "=" in line)
    return {
        "cpus": len(os.sched_getaffinity(0)),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "disk_free": _disk_free(base()),
        "nvidia_devices": _nvidia_devices(),
        # Where the driver is another system's, as in WSL2, the kernel does not tell.
        "driver": _lines("/proc/driver/nvidia/version")[:1] or _asked(
            "nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"
        )[:1],
        "gpus": _asked("nvidia-smi", "--query-gpu=name", "--format=csv,noheader"),
        "engine": "".join(_asked("docker", "version", "--format", "{{.Server.Version}}")[:1]),
        "system": system.get("PRETTY_NAME", "").strip('"'),
        "sudo": _sudo(),
        "user": os.environ.get("LOGNAME", ""),
        "lingers": _lingers(),
        "pythons": [name for name in _PYTHONS if shutil.which(name)],
        "time": time.time(),
    }


def hold(deployment: str, token: str, holder: dict[str, Any], seconds: float, over: str) -> dict[str, Any]:
    """Take the lock of a deployment, or renew it, unless somebody with another token did so in the last `seconds`.

    `over` is the token of one who is known to be gone. Tells whether it is `taken`, and of whoever has or had it
    `holder`, `token` and for how many seconds that one was `silent`.
    """
    os.makedirs(base(), exist_ok=True)  # noqa: PTH103 - without pathlib it starts sooner
    with _alone():
        before = _lock(deployment)
        if before is not None and before["token"] == token:
            before = None
        taken = before is None or before["token"] == over or _age(before) >= seconds
        if taken:
            when = {"boot": _boot(), "beat": time.monotonic(), "at": time.time()}
            _put(deployment, {"token": token, "holder": holder, **when})
    if before is None:
        return {"taken": True, "holder": None, "token": "", "silent": 0.0}
    return {"taken": taken, "holder": before["holder"], "token": before["token"], "silent": _age(before)}


def let_go(deployment: str, token: str) -> None:
    """Give the lock back, if it is still that of the token. What was made for it goes."""
    if not os.path.isdir(base()):  # noqa: PTH112 - as above
        return
    with _alone():
        before = _lock(deployment)
        if before is not None and before["token"] == token:
            os.unlink(_lock_path(deployment))  # noqa: PTH108 - as above
        with suppress(OSError):  # something else lies there
            os.rmdir(base())  # noqa: PTH106 - as above


@contextmanager
def _alone() -> Iterator[None]:
    """Nobody else looks at locks meanwhile. The folder itself is what is locked: no file has to stay for that."""
    while True:
        folder = os.open(base(), os.O_RDONLY | os.O_DIRECTORY)
        try:
            with suppress(OSError):  # a file system that knows no locks: then the last one to write has it
                fcntl.flock(folder, fcntl.LOCK_EX)
            if os.path.isdir(base()) and os.path.samestat(os.fstat(folder), os.stat(base())):  # noqa: PTH112, PTH116
                yield
                return
            os.makedirs(base(), exist_ok=True)  # noqa: PTH103 - it was removed while we waited
        finally:
            os.close(folder)


def _lock_path(deployment: str) -> str:
    return base() + "/.lock-" + deployment


def _lock(deployment: str) -> Optional[Dict[str, Any]]:  # noqa: UP006, UP045 - a Python of 3.8 must run this
    """What the file of a lock says; None where it says nothing that could be read."""
    try:
        found = json.loads("\n".join(_lines(_lock_path(deployment))))
        _age(found)
        return {"token": str(found["token"]), "holder": dict(found["holder"]), **found}
    except (ValueError, KeyError, TypeError):
        return None


def _put(deployment: str, lock: dict[str, Any]) -> None:
    partial = _lock_path(deployment) + ".part"
    with open(partial, "w", encoding="utf-8") as stream:
        stream.write(json.dumps(lock))
    os.replace(partial, _lock_path(deployment))


def _age(lock: dict[str, Any]) -> float:
    """Seconds since it was renewed. A clock that somebody sets does not count, but over a reboot there is no other."""
    return float(time.monotonic() - lock["beat"] if lock["boot"] == _boot() else abs(time.time() - lock["at"]))


def _boot() -> str:
    return "".join(_lines("/proc/sys/kernel/random/boot_id"))


def _nvidia_devices() -> int:
    """How many GPUs of NVIDIA the bus has, whether or not there is a driver (PCI vendor 10de, class 03: display)."""
    bus = "/sys/bus/pci/devices"
    told = [["".join(_lines(f"{bus}/{name}/{about}")) for about in ("vendor", "class")] for name in folders(bus)]
    return sum(vendor == "0x10de" and kind.startswith("0x03") for vendor, kind in told)


_PYTHONS = [*(f"python3.{minor}" for minor in range(10, 20)), "uv"]
_PATIENCE = 20
"""Seconds for a program that is asked; a driver that hangs takes for ever."""


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read().splitlines()
    except OSError:
        return []


def _disk_free(folder: str) -> int:
    while not os.access(folder, os.F_OK):
        folder = os.path.dirname(folder)  # noqa: PTH120 - without pathlib it starts sooner
    return shutil.disk_usage(folder).free


def _sudo() -> str:
    """How the user becomes root: "is root", "without a password", "with a password" or "not at all".

    Only `-v` tells the last two apart. `-k` leaves out what sudo remembers of a password.
    """
    if os.getuid() == 0:
        return "is root"
    if _run("sudo", "-k", "-n", "true").returncode == 0:
        return "without a password"
    return "with a password" if re.search(_ASKS, _run("sudo", "-k", "-n", "-v").stderr) else "not at all"


def _lingers() -> bool:
    """Whether a unit of this user can run without a session, as far as there is systemd and a need for one."""
    on = "/var/lib/systemd/linger/" + os.environ.get("LOGNAME", "-")
    if os.getuid() == 0 or not os.access("/run/systemd/system", os.F_OK) or os.access(on, os.F_OK):
        return True
    # For users who may switch that on by themselves their agent does.
    own = ("pkcheck", "--action-id", "org.freedesktop.login1.set-self-linger", "--process", str(os.getpid()))
    return _run(*own).returncode == 0


_ASKS = b"(password|authentication) is required"
"""The words of sudo, and of the one in Rust that newer Ubuntus have."""


def _run(*words: str) -> subprocess.CompletedProcess[bytes]:
    """What a program comes to; 127 where it is not there or hangs."""
    try:
        return subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return subprocess.CompletedProcess(words, 127, b"", b"")


def _asked(*words: str) -> list[str]:
    """The lines that a program prints; none where it fails."""
    answer = _run(*words)
    text = "" if answer.returncode else answer.stdout.decode("utf-8", "replace")
    return [line.strip() for line in text.splitlines() if line.strip()]


VERBS: dict[str, Callable[..., Any]] = {
    "size": size, "read": read, "read_several": read_several, "sums": sums, "folders": folders, "files": files,
    "machine": machine, "hold": hold, "let_go": let_go,
}


def _say(answers: IO[bytes], header: dict[str, Any], data: bytes = b"") -> None:
    answers.write(json.dumps(header).encode() + b"\n" + data)
    answers.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
