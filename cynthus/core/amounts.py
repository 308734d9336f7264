"""Bytes and files as people say them."""

from __future__ import annotations


def size(count: int) -> str:
    """Bytes in decimal units: 1.2 MB."""
    if count < 1000:
        return f"{count} B"
    value, units = float(count), iter(("kB", "MB", "GB", "TB", "PB"))
    unit = ""
    while value >= 1000:
        value, unit = value / 1000, next(units)
    return f"{value:.1f} {unit}"


def files(count: int) -> str:
    """How many files: `1 file`, `2 files`."""
    return counted(count, "file")


def counted(count: int, what: str) -> str:
    """How many of something that has a regular plural."""
    return f"{count} {what}" + "s" * (count != 1)
