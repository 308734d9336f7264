"""Trains a small network that tells points inside a ring from those outside: with PyTorch, on the GPU if there is one.

Where PyTorch is not installed the same network is trained in plain Python, more slowly.
"""

import argparse
import json
import math
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

try:
    import torch
except ImportError:
    torch = None

HIDDEN = 16
Point = tuple[float, float, int]


def points(count: int) -> list[Point]:
    """Some, each with 1 if it is in the ring."""
    places = [(random.uniform(-1, 1), random.uniform(-1, 1)) for _ in range(count)]
    return [(x, y, int(0.4 < math.hypot(x, y) < 0.8)) for x, y in places]


def gpus() -> list[str]:
    try:
        answer = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    return answer.stdout.splitlines()


def with_torch(train: list[Point], epochs: int, device: str) -> Iterator[float]:
    """The share that is right, after each epoch."""
    torch.manual_seed(7)
    table = torch.tensor(train, dtype=torch.float32, device=device)
    x, y = table[:, :2], table[:, 2:]
    model = torch.nn.Sequential(torch.nn.Linear(2, HIDDEN), torch.nn.Tanh(), torch.nn.Linear(HIDDEN, 1)).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(epochs):
        for batch in torch.randperm(len(train), device=device).split(32):
            optimizer.zero_grad()
            torch.nn.functional.binary_cross_entropy_with_logits(model(x[batch]), y[batch]).backward()
            optimizer.step()
        yield ((model(x) > 0) == (y > 0.5)).float().mean().item()
    torch.save(model.state_dict(), "outputs/model.pt")


def in_plain_python(train: list[Point], epochs: int) -> Iterator[float]:
    """The same without PyTorch: one point after the other down the slope."""
    inner = [[random.gauss(0, 2) for _ in range(3)] for _ in range(HIDDEN)]
    outer = [0.0] * (HIDDEN + 1)

    def look(x: float, y: float) -> tuple[list[float], float]:
        seen = [math.tanh(a * x + b * y + c) for a, b, c in inner] + [1.0]
        return seen, sum(weight * value for weight, value in zip(outer, seen))

    for _ in range(epochs):
        for x, y, wanted in random.sample(train, len(train)):
            seen, found = look(x, y)
            step = 0.05 * (1 / (1 + math.exp(-found)) - wanted)
            for unit, weights in enumerate(inner):
                back = step * outer[unit] * (1 - seen[unit] ** 2)
                weights[:] = [weights[0] - back * x, weights[1] - back * y, weights[2] - back]
            outer[:] = [weight - step * value for weight, value in zip(outer, seen)]
        yield sum((look(x, y)[1] > 0) == (wanted == 1) for x, y, wanted in train) / len(train)
    Path("outputs/model.json").write_text(json.dumps({"inner": inner, "outer": outer}) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=30)
    epochs = parser.parse_args().epochs
    random.seed(7)

    there = gpus()
    print("\n".join(there) or "no GPU here", flush=True)
    device = "cuda" if torch and torch.cuda.is_available() else "cpu"
    print(f"training on {device}{'' if torch else ', in plain Python: PyTorch is not installed'}", flush=True)
    Path("outputs").mkdir(exist_ok=True)
    train, history = points(600), []
    for accuracy in with_torch(train, epochs, device) if torch else in_plain_python(train, epochs):
        history.append(accuracy)
        if len(history) % 10 == 0:
            print(f"epoch {len(history)}/{epochs}  {accuracy:.3f} right", flush=True)
        # After each epoch: what is written here is saved while the run goes on.
        metrics = {"accuracy": accuracy, "epochs": len(history), "device": device, "gpus": there, "history": history}
        Path("outputs/metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")


if __name__ == "__main__":
    main()
