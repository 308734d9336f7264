"""What the agent says when something did not work out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCE = "CYN-220"
DATA_MISSING = "CYN-131"
DATA_UNREADABLE = "CYN-132"
REFERENCE_UNKNOWN = "CYN-150"
TOKEN_NEEDED = "CYN-151"  # noqa: S105 - an error's code
SECRET_MISSING = "CYN-134"  # noqa: S105 - an error's code
PYTHON_MISSING = "CYN-135"
NO_ENGINE = "CYN-136"
HOST = "CYN-420"
ENVIRONMENT = "CYN-421"
GPUS_TAKEN = "CYN-422"
NOT_RUNNING = "CYN-501"
DISK_FULL = "CYN-504"
PORT_TAKEN = "CYN-506"
BUCKET = "CYN-507"
DOWNLOAD = "CYN-520"
CONTENT_WRONG = "CYN-521"
ARCHIVE = "CYN-522"
REGISTRY = "CYN-523"
REGISTRY_LOGIN = "CYN-152"


class Failure(Exception):
    """An error as data. `code` is one of cynthus/errors.py, which the agent does not carry."""

    def __init__(self, message: str, *, hint: str, code: str = HOST, details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.details = tuple(details)

    def problem(self) -> dict[str, object]:
        """The error as one of its processes tells another."""
        return {"code": self.code, "message": self.message, "hint": self.hint, "details": list(self.details)}

    def document(self) -> dict[str, object]:
        """The error as the agent prints it."""
        return {"error": self.problem()}


def of_system(error: OSError) -> Failure:
    """The failure that stands for an error of the operating system."""
    import errno

    where = f"{error.filename}: " if error.filename else ""
    message = where + (error.strerror or str(error)).lower()
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failure(message, hint="make room on that disk and run the command again", code=DISK_FULL)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Failure(message, hint="make it writable for this user, and run the command again")
    return Failure(message, hint="mend that, and run the command again")
