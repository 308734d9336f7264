"""Stand-ins for the package sources of Docker and NVIDIA, for hosts of the test bed: signed, and served over HTTP."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from contextlib import contextmanager
from itertools import count
from subprocess import DEVNULL
from typing import TYPE_CHECKING

from cynthus.process import Command, run, start
from tests.bed import packages
from tests.bed.hub import ADDRESS
from tests.processes import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.bed.tree import Tree

_PORTS = count(8080)
_CONTROL = """Package: {}
Version: {}
Architecture: amd64
Multi-Arch: allowed
Maintainer: nobody <nobody@example.org>
Description: a stand-in
"""
_OF_DEBIAN = {"docker-ce": "docker.io", "docker-ce-cli": "docker-cli"}
"""What of Docker's packages is made of which of Debian's. Debian 12 has the command in docker.io."""
_CLASHES = ("Conflicts:", "Breaks:", "Replaces:", "Recommends:", "Suggests:", " ")


@contextmanager
def served(bed: Bed, folder: Path) -> Iterator[str]:
    """Serve a folder to the hosts of a bed; gives its address."""
    port = next(_PORTS)
    argv = (*bed.hub.entry, "python3", "-m", "http.server", "--bind", ADDRESS, "--directory", str(folder), str(port))
    server = start(Command(("setpriv", "--pdeathsig", "KILL", *argv)), stdout=DEVNULL, stderr=DEVNULL)
    try:
        wait_for(lambda: f":{port} " in bed.hub.run("ss", "-ltn").stdout.decode(), "the repository to listen")
        yield f"http://{ADDRESS}:{port}"
    finally:
        server.kill()
        server.wait()


def write_dockers(tree: Tree, folder: Path) -> None:
    """Docker's repository below `folder`/linux, with the packages of a tree's Debian as Docker's."""
    suite = folder / "linux/debian/dists" / tree.suite
    index = suite / "stable/binary-amd64"
    index.mkdir(parents=True)
    for name in ("docker-ce", "docker-ce-cli", "containerd.io", "docker-buildx-plugin"):
        debian = _OF_DEBIAN.get(name)
        found = list((tree.base / "srv/packages").glob(f"{debian}_*.deb"))
        if debian and found:
            _repack(found[0], debian, name, index)
        else:
            write_deb(index, name)
    packages.index(index)
    # A file's place in the index is told from the top of the repository.
    place = f"Filename: dists/{tree.suite}/stable/binary-amd64/"
    text = (index / "Packages").read_text().replace("Filename: ./", place)
    (index / "Packages").write_text(text)
    head = f"Suite: {tree.suite}\nCodename: {tree.suite}\nComponents: stable\nArchitectures: amd64\n"
    (suite / "Release").write_text(head + _listed(text, "stable/binary-amd64/Packages"))
    _sign(suite / "Release", folder / "linux/debian/gpg")


def write_toolkit(folder: Path, files: Mapping[str, str]) -> None:
    """NVIDIA's flat repository below `folder`, with the container toolkit in it: `files` are its programs."""
    flat = folder / "stable/deb/amd64"
    flat.mkdir(parents=True)
    write_deb(flat, "nvidia-container-toolkit", "1.18.0", files)
    packages.index(flat)
    (flat / "Release").write_text(f"Architectures: amd64\n{_listed((flat / 'Packages').read_text(), 'Packages')}")
    _sign(flat / "Release", folder / "gpgkey")


def write_deb(folder: Path, name: str, version: str = "1", files: Mapping[str, str] | None = None) -> None:
    """A package in `folder` whose content is `files`: programs by their paths."""
    place = folder / name
    (place / "DEBIAN").mkdir(parents=True)
    (place / "DEBIAN/control").write_text(_CONTROL.format(name, version))
    for path, text in (files or {}).items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)
        (place / path).chmod(0o755)
    _run("dpkg-deb", "--build", str(place), str(folder / f"{name}.deb"))
    shutil.rmtree(place)


def _repack(deb: Path, old: str, new: str, index: Path) -> None:
    """A package of Debian's under another name, which gets along with itself."""
    place = index / "unpacked"
    _run("dpkg-deb", "--raw-extract", str(deb), str(place))
    control = place / "DEBIAN/control"
    lines = [line for line in control.read_text().splitlines() if not line.startswith(_CLASHES)]
    control.write_text("\n".join(lines).replace(f"Package: {old}", f"Package: {new}") + "\n")
    _run("dpkg-deb", "-Znone", "--build", str(place), str(index / f"{new}.deb"))
    shutil.rmtree(place)


def _listed(text: str, path: str) -> str:
    return f"SHA256:\n {hashlib.sha256(text.encode()).hexdigest()} {len(text.encode())} {path}\n"


def _sign(release: Path, public: Path) -> None:
    # A path that is short: gpg's agent has a socket there, whose path may have 107 bytes.
    with tempfile.TemporaryDirectory(prefix="cynthus-keys-") as keys:
        gpg = ("gpg", "--homedir", keys, "--batch", "--yes", "--quiet")
        _run(*gpg, "--passphrase", "", "--quick-generate-key", "a stand-in", "ed25519", "sign", "never")
        _run(*gpg, "--clearsign", "--output", str(release.with_name("InRelease")), str(release))
        _run(*gpg, "--armor", "--output", str(public), "--export")
        _run("gpgconf", "--homedir", keys, "--kill", "all")


def _run(*argv: str) -> None:
    answer = run(Command(argv, env={**os.environ, "LC_ALL": "C"}))
    assert answer.returncode == 0, answer.stderr.decode()
