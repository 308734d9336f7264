"""Throw-away keys and certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.process import Command, run

if TYPE_CHECKING:
    from pathlib import Path


def new_key(path: Path, comment: str) -> None:
    """An SSH key without a passphrase at `path`, and its public half beside it."""
    _make("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path))


def new_certificate(path: Path, *addresses: str, names: tuple[str, ...] = ()) -> None:
    """A certificate at `path` that signs for itself, for IP addresses and names; its key is beside it, as .key."""
    told = ",".join([*(f"IP:{address}" for address in addresses), *(f"DNS:{name}" for name in names)])
    _make(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-keyout", str(path.with_suffix(".key")), "-out", str(path), "-days", "2",
        "-subj", "/CN=test bed", "-addext", f"subjectAltName={told}",
    )  # fmt: skip


def _make(*argv: str) -> None:
    answer = run(Command(argv))
    assert answer.returncode == 0, answer.stderr.decode()
