"""A program of its own: it writes to stdout, as JSON, what the files that it is given import by deptry's parser."""

from __future__ import annotations

import json
import logging
import re
import resource
import sys


class _Told(logging.Handler):
    """What cannot be read is told to the log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def main(files: list[str]) -> None:
    """Each file with its modules and their lines, or with null where it is no Python."""
    # Nobody wants a file of what it was like when it ended badly.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    told = _Told()
    logging.getLogger().addHandler(told)
    from deptry.rust import get_imports_from_py_files

    modules: dict[str, list[tuple[str, int]] | None] = {file: [] for file in files}
    for module, locations in get_imports_from_py_files(files).items():
        for location in locations:
            listed = modules[location.file]
            if listed is not None:
                listed.append((module, location.line))
    for message in told.messages:
        found = re.search(r"processing of (\S+\.py) because", message)
        if found:
            modules[found[1]] = None
    sys.stdout.write(json.dumps(modules))


if __name__ == "__main__":
    main(sys.argv[1:])
