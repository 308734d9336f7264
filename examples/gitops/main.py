"""Writes down what the pipeline started."""

import platform
from datetime import UTC, datetime
from pathlib import Path

line = f"{datetime.now(UTC):%Y-%m-%d %H:%M} {platform.node()}"
print(line)
Path("outputs").mkdir(exist_ok=True)
Path("outputs/ran.txt").write_text(line + "\n")
