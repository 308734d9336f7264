"""Turns texts into numbers: a list of the words, and each text as places in that list."""

import json
import os
from array import array
from pathlib import Path

prepared = Path(os.environ["CYNTHUS_PREPARED"])
texts = {path.stem: path.read_text().lower().split() for path in sorted(Path("data").glob("*.txt"))}
words = sorted({word for text in texts.values() for word in text})
number = {word: place for place, word in enumerate(words)}

(prepared / "words.json").write_text(json.dumps(words))
for name, text in texts.items():
    (prepared / f"{name}.numbers").write_bytes(array("H", (number[word] for word in text)).tobytes())
print(f"prep.py: {len(texts)} texts, {len(words)} different words")
