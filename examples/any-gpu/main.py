"""Draws the Mandelbrot set on whichever GPU it was given, and says which that is: with PyTorch where it is installed, in
plain Python otherwise."""

import json
import subprocess
import time
from pathlib import Path

try:
    import torch
except ImportError:
    torch = None

WIDTH, HEIGHT, DEPTH = 240, 160, 60


def gpus() -> list[str]:
    """Their models, as NVIDIA's driver names them; none where there is no driver."""
    try:
        argv = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        answer = subprocess.run(argv, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    return answer.stdout.splitlines()


def plane() -> list[list[complex]]:
    """The part of the plane that is drawn, row by row."""
    return [[complex(-2.2 + 3.2 * x / WIDTH, -1.1 + 2.2 * y / HEIGHT) for x in range(WIDTH)] for y in range(HEIGHT)]


def in_plain_python(points: list[list[complex]]) -> list[list[int]]:
    """After how many steps each point is out of reach."""

    def steps(c: complex) -> int:
        z = 0j
        for count in range(DEPTH):
            z = z * z + c
            if abs(z) > 2:
                return count
        return DEPTH

    return [[steps(c) for c in row] for row in points]


def with_torch(points: list[list[complex]]) -> list[list[int]]:
    """The same, all points at once."""
    c = torch.tensor(points, device="cuda" if torch.cuda.is_available() else "cpu")
    z, counts = torch.zeros_like(c), torch.zeros(c.shape, dtype=torch.int32, device=c.device)
    for _ in range(DEPTH):
        z = torch.where(z.abs() <= 2, z * z + c, z)
        counts += z.abs() <= 2
    return counts.tolist()


def main() -> None:
    began = time.monotonic()
    counts = (in_plain_python if torch is None else with_torch)(plane())
    seconds = time.monotonic() - began
    outputs = Path("outputs")
    outputs.mkdir(exist_ok=True)
    shades = bytes(255 - 255 * count // DEPTH for row in counts for count in row)
    (outputs / "mandelbrot.pgm").write_bytes(f"P5 {WIDTH} {HEIGHT} 255\n".encode() + shades)
    report = {"gpus": gpus(), "by": "plain Python" if torch is None else "PyTorch", "seconds": round(seconds, 3)}
    (outputs / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    print("drawn in", report["seconds"], "s by", report["by"], "on", ", ".join(report["gpus"]) or "the processor")


if __name__ == "__main__":
    main()
