"""Reads every table in ./data and writes one line of statistics for each station to ./outputs."""

import csv
from collections import defaultdict
from pathlib import Path
from statistics import fmean, stdev

HEADER = ("station", "days", "mean", "deviation", "lowest", "highest")


def read(folder: Path) -> dict[str, list[float]]:
    temperatures = defaultdict(list)
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                temperatures[row["station"]].append(float(row["celsius"]))
        print("read", path)
    return temperatures


def main() -> None:
    outputs = Path("outputs")
    outputs.mkdir(exist_ok=True)
    with (outputs / "statistics.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for station, values in sorted(read(Path("data")).items()):
            mean, deviation = round(fmean(values), 2), round(stdev(values), 2)
            writer.writerow((station, len(values), mean, deviation, min(values), max(values)))
            print(f"{station}: {mean} °C on average of {len(values)} days")


if __name__ == "__main__":
    main()
