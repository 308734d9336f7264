from __future__ import annotations

import pytest

from cynthus.operations.layers import Layers

PUSH = """\
The push refers to repository [localhost:5000/lab/app]
bc588769a8b5: Preparing
0a1b2c3d4e5f: Preparing
111111111111: Waiting
"""
PULL = "3f0c: Pulling from lab/app\nbc588769a8b5: Pulling fs layer\n0a1b2c3d4e5f: Pulling fs layer\n"


def told(*pieces: str) -> str:
    layers = Layers()
    for piece in pieces:
        layers.hear(piece.encode())
    return layers.told


@pytest.mark.parametrize(
    ("said", "is_"),
    [
        ("Collecting numpy\n", ""),
        (PUSH, "Push the image: 0 of 3 layers"),
        (PUSH + "bc588769a8b5: Pushed\n111111111111: Layer already exists\n", "Push the image: 2 of 3 layers"),
        (PUSH + "bc588769a8b5: Mounted from lab/base\n", "Push the image: 1 of 3 layers"),
        (PUSH + "bc588769a8b5: Retrying in 5 seconds\n", "Push the image: 0 of 3 layers, waiting for the registry"),
        (PUSH + "bc588769a8b5: Retrying in 5 seconds\nbc588769a8b5: Pushed\n", "Push the image: 1 of 3 layers"),
        (PUSH + "bc588769a8b5: Pushed\n3f0c: digest: sha256:7a86 size: 527\n", ""),
        (PUSH + "unauthorized: authentication required\n", ""),
        (PULL, "Fetch the image: 0 of 2 layers"),
        (PULL + "bc588769a8b5: Download complete\nbc588769a8b5: Pull complete\n", "Fetch the image: 1 of 2 layers"),
        (PULL + "Digest: sha256:7a86\nStatus: Downloaded newer image for x\n", ""),
        (PULL + "Digest: sha256:7a86\n" + PUSH, "Push the image: 0 of 3 layers"),
    ],
)
def test_layers_are_counted_as_docker_tells_of_them(said: str, is_: str) -> None:
    assert told(said) == is_


def test_a_line_that_comes_in_two_pieces_is_one() -> None:
    assert told(PUSH + "bc588769a8b5: Pu", "shed\n") == "Push the image: 1 of 3 layers"
