"""Finds the word that follows another one most often, in texts that prep.py has turned into numbers."""

import csv
import json
from array import array
from collections import Counter
from pathlib import Path

words = json.loads(Path("prepared/words.json").read_text())
pairs: Counter[tuple[int, int]] = Counter()
for path in sorted(Path("prepared").glob("*.numbers")):
    numbers = array("H", path.read_bytes())
    pairs.update(zip(numbers, numbers[1:]))

Path("outputs").mkdir(exist_ok=True)
with open("outputs/pairs.csv", "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["first", "second", "times"])
    for (first, second), times in sorted(pairs.items(), key=lambda each: (-each[1], each[0]))[:10]:
        writer.writerow([words[first], words[second], times])
(first, second), times = pairs.most_common(1)[0]
print(f"main.py: after {words[first]!r} comes {words[second]!r}, {times} times")
