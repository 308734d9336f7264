"""Learns from the stories in ./data which word follows which two, and writes a few stories of its own to ./outputs."""

import random
from collections import defaultdict
from pathlib import Path

END = "<|endoftext|>"
Chain = dict[tuple[str, str], list[str]]


def read(folder: Path) -> list[list[str]]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt")))
    return [words for story in text.split(END) if (words := story.split())]


def learn(stories: list[list[str]]) -> Chain:
    chain = defaultdict(list)
    for words in stories:
        for first, second, third in zip(["", "", *words], ["", *words], [*words, END]):
            chain[first, second].append(third)
    return chain


def tell(chain: Chain, chance: random.Random, longest: int = 200) -> str:
    words = ["", ""]
    while len(words) < longest:
        word = chance.choice(chain[words[-2], words[-1]])
        if word == END:
            break
        words.append(word)
    return " ".join(words[2:])


def main() -> None:
    stories = read(Path("data"))
    print(f"{len(stories)} stories, {sum(map(len, stories))} words")
    chain = learn(stories)
    print(f"{len(chain)} pairs of words are followed by another")
    chance = random.Random(7)
    told = [tell(chain, chance) for _ in range(3)]
    print(told[0])
    outputs = Path("outputs")
    outputs.mkdir(exist_ok=True)
    (outputs / "stories.txt").write_text("\n\n".join(told) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
