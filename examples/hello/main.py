"""The smallest app: it prints, and what it writes to ./outputs comes home."""

import platform
from pathlib import Path

print("Hello from", platform.node())
print("Python", platform.python_version())

outputs = Path("outputs")
outputs.mkdir(exist_ok=True)
(outputs / "greeting.txt").write_text("Hello!\n")
print("wrote outputs/greeting.txt")
