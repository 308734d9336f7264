"""`init`: a folder to start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.names import is_name, name_from
from cynthus.errors import UsageError
from cynthus.files import write_atomic
from cynthus.writing import writing

if TYPE_CHECKING:
    from pathlib import Path

SPEC = """\
# What to run and where. Every key is optional: with this file deleted, `cynthus up` does the same.
name: {name}

# target: local                 # where it runs: local is this machine
# source: src                   # the folder that holds main.py
# run: [python, main.py]        # the command, started in a copy of that folder
# runtime: auto                 # container where a Docker engine answers, else venv; or say which
# requirements: auto            # found, or inferred from the imports; a path, or none
# engine: ray                   # one Ray cluster of all machines, with main.py on the first

# image:
#   python: "3.12"              # the Python to run on
#   base: python:3.12-slim      # the image to start from (runtime: container)
#   dockerfile: Dockerfile      # or one of your own, which then makes the whole environment
#   registry: ghcr.io/owner     # images are kept there, and fetched where somebody has built them

# data:                         # what main.py finds in ./data; without this key the folder data/
#   - data                      # one entry: its contents are ./data
#   - {{from: ../shared, as: shared}}   # several: each lies at ./data/<as>
#   - {{from: "hf://datasets/owner/name", as: words}}   # the host fetches it; also kaggle://, gs://, https://
# preprocess: prep.py           # makes ./prepared of ./data before main.py, once for each content of the data
# models: ["hf://owner/name"]   # at ./models/name, and where from_pretrained looks

# outputs: outputs/             # what main.py writes there comes home to outputs/<run>/
# checkpoints: checkpoints/     # kept from run to run

# ports: [8000]                 # where main.py listens; `cynthus forward` brings them to your machine

# resources: {{cpus: "2+", memory: 4GB+, gpu: "L4:1"}}
# limits: {{max_duration: 4h}}    # main.py is stopped after that

# env: {{EPOCHS: "3"}}
# secrets: [HF_TOKEN]           # from your environment or keyring; never written to a file
"""

MAIN = '''\
"""Counts the words in ./data and writes what it found to ./outputs."""

from collections import Counter
from pathlib import Path


def main() -> None:
    words = Counter(word.lower() for path in sorted(Path("data").rglob("*.txt")) for word in path.read_text().split())
    print(f"{words.total()} words, {len(words)} of them different")
    outputs = Path("outputs")
    outputs.mkdir(exist_ok=True)
    lines = [f"{count}\\t{word}" for word, count in words.most_common()]
    (outputs / "words.tsv").write_text("\\n".join(lines) + "\\n")


if __name__ == "__main__":
    main()
'''

FILES = {
    "src/main.py": MAIN,
    "data/poem.txt": "one folder in\none folder out\nand in between a machine\n",
    ".gitignore": "outputs/\ncheckpoints/\n.cynthus/\n__pycache__/\n.venv/\n",
}


def _sample(folder: Path) -> dict[str, str]:
    """The files of the sample app; where there is a program already, it stays alone."""
    if not any((folder / place).exists() for place in ("main.py", "src/main.py", "data")):
        return FILES
    return {} if (folder / ".gitignore").exists() else {".gitignore": FILES[".gitignore"]}


def init(folder: Path, *, name: str | None = None) -> Path:
    """Write the files of a new app into `folder`; where a program is already, only cynthus.yaml and .gitignore.

    Raises:
        UsageError: the name cannot be a deployment's, or one of the files is there already; nothing was written.
        FolderNotWritable, DiskFull: a file cannot be written.
    """
    name = name or name_from(folder.resolve().name)
    if not is_name(name):
        raise UsageError(
            f"{name!r} cannot be a name: lower-case letters, digits and dashes, a letter first, 63 at most",
            hint=f"for example: cynthus init {name_from(name)}",
        )
    # YAML takes these words for something else than text.
    spelled = f'"{name}"' if name in ("true", "false", "yes", "no", "on", "off", "null", "y", "n") else name
    files = {"cynthus.yaml": SPEC.format(name=spelled), **_sample(folder)}
    there = [path for path in files if (folder / path).exists()]
    if there:
        raise UsageError(
            f"{folder / there[0]} is there already, and nothing of yours is overwritten",
            hint="`cynthus up` runs a folder as it is; no file of Cynthus is needed in it",
        )
    for path, text in files.items():
        with writing(folder / path):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            write_atomic(folder / path, text.encode())
    return folder
