"""Public images by their families. Google has many more; those are here that Cynthus and its users begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_VERSION = "v20260701"


class PublicImage(Struct, frozen=True):
    """The newest one of a family."""

    project: str
    family: str
    name: str
    gigabytes: int
    architecture: str = "X86_64"

    @property
    def key(self) -> str:
        return f"projects/{self.project}/global/images/{self.name}"


def _all() -> Iterator[PublicImage]:
    for number, word in (("11", "bullseye"), ("12", "bookworm"), ("13", "trixie")):
        yield PublicImage("debian-cloud", f"debian-{number}", f"debian-{number}-{word}-{_VERSION}", 10)
    for number, word in (("2204", "jammy"), ("2404", "noble")):
        for cpu, architecture in (("amd64", "X86_64"), ("arm64", "ARM64")):
            family = f"ubuntu-{number}-lts-{cpu}"
            name = f"ubuntu-{number}-{word}-{cpu}-{_VERSION}"
            yield PublicImage("ubuntu-os-cloud", family, name, 10, architecture)
        for driver in ("535", "550", "570", "580"):
            for branch in ("", "-server"):
                family = f"ubuntu-accelerator-{number}-amd64-with-nvidia-{driver}{branch}"
                yield PublicImage("ubuntu-os-accelerator-images", family, f"{family}-{_VERSION}", 10)
    for family in (
        "common-cu128-ubuntu-2204-nvidia-570",
        "common-cu129-ubuntu-2404-nvidia-580",
        "pytorch-2-7-cu128-ubuntu-2204-nvidia-570",
    ):
        yield PublicImage("deeplearning-platform-release", family, f"{family}-{_VERSION}", 50)
    yield PublicImage("rocky-linux-cloud", "rocky-linux-9", f"rocky-linux-9-{_VERSION}", 20)
    yield PublicImage("cos-cloud", "cos-stable", f"cos-stable-{_VERSION}", 10)


PUBLIC: Mapping[str, PublicImage] = {image.key: image for image in _all()}
FAMILIES: Mapping[tuple[str, str], PublicImage] = {(image.project, image.family): image for image in _all()}
PROJECTS = frozenset(image.project for image in _all())
