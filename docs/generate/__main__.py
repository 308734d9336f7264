"""``python -m docs.generate``"""

from __future__ import annotations

import sys

from docs.generate import stale, write

if __name__ == "__main__":
    check = "--check" in sys.argv[1:]
    names = stale() if check else write()
    sys.stdout.writelines(f"{'stale' if check else 'written'}: {name}\n" for name in names)
    sys.exit(2 if check and names else 0)
