"""Fails half way, after it has printed and saved something."""

import sys
from pathlib import Path

print("step 1 of 2: done", flush=True)
outputs = Path("outputs")
outputs.mkdir(exist_ok=True)
(outputs / "partial.txt").write_text("what was saved before the failure\n")

print("step 2 of 2: the input makes no sense", file=sys.stderr)
sys.exit(3)
