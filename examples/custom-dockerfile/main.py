"""Looks for the widest gap between two primes, in a table that the image brings along."""

import os
from pathlib import Path

primes = [int(line) for line in Path(os.environ["PRIMES"]).read_text().split()]
width, below = max((after - before, before) for before, after in zip(primes, primes[1:]))
Path("outputs/gap.txt").write_text(f"{below} {width}\n")
print(f"{len(primes)} primes; the widest gap is {width}, after {below}")
