"""Trains a small classifier of handwritten digits and draws how it went."""

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # There is no screen where this runs.

from matplotlib import pyplot
from sklearn.datasets import load_digits
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

DIGITS = range(10)


def draw(history: list[dict[str, float]], model: MLPClassifier, x: object, y: object, path: Path) -> None:
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    epochs = [entry["epoch"] for entry in history]
    for name in ("train", "test"):
        left.plot(epochs, [entry[name] for entry in history], marker=".", label=name)
    left.set(title="Accuracy", xlabel="epoch", ylabel="share that is right")
    left.legend()
    ConfusionMatrixDisplay.from_estimator(model, x, y, ax=right, cmap="Blues", colorbar=False)
    right.set_title("Test digits")
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=15)
    epochs = parser.parse_args().epochs

    digits = load_digits()
    parts = train_test_split(digits.data, digits.target, test_size=0.25, stratify=digits.target, random_state=7)
    x_train, x_test, y_train, y_test = parts
    scaler = StandardScaler().fit(x_train)
    x_train, x_test = scaler.transform(x_train), scaler.transform(x_test)

    model = MLPClassifier(hidden_layer_sizes=(32,), learning_rate_init=0.003, random_state=7)
    history = []
    for epoch in range(1, epochs + 1):
        model.partial_fit(x_train, y_train, classes=DIGITS)
        train, test = model.score(x_train, y_train), model.score(x_test, y_test)
        history.append({"epoch": epoch, "train": train, "test": test})
        print(f"epoch {epoch:2}/{epochs}  train {train:.3f}  test {test:.3f}")

    outputs = Path("outputs")
    outputs.mkdir(exist_ok=True)
    metrics = {"accuracy": history[-1]["test"], "epochs": epochs, "history": history}
    (outputs / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    draw(history, model, x_test, y_test, outputs / "training.png")


if __name__ == "__main__":
    main()
