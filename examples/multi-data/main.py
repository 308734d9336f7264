"""Joins two kinds of data, each at its own place below ./data."""

import csv
import json
from pathlib import Path

stations = json.loads(Path("data/stations/stations.json").read_text())
report = []
for path in sorted(Path("data/rain").glob("*.csv")):
    with path.open(newline="") as file:
        total = sum(float(row["millimetres"]) for row in csv.DictReader(file))
    station = stations[path.stem]
    report.append(f"{station['name']} ({station['height']} m): {total:.1f} mm")
    print(report[-1])

outputs = Path("outputs")
outputs.mkdir(exist_ok=True)
(outputs / "report.txt").write_text("\n".join(report) + "\n")
