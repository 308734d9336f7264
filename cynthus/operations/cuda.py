"""The base with CUDA that an app is built on, where its packages need one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.errors import PlacementRefused

if TYPE_CHECKING:

    from cynthus.core.placement import Placement
    from cynthus.operations.app import App


def with_cuda(app: App, placement: Placement, listed: bytes | None) -> tuple[App, Placement]:
    """The app on such a base, and the placement with the reason, where GPUs were asked for and a package needs it.

    `listed` are the requirements that we write, with the user's edits.

    Raises:
        PlacementRefused: the CUDA that `image.cuda` names cannot be had on these hosts.
    """
    image = app.spec.image
    if placement.runtime != "container" or not placement.gpus or app.dockerfile is not None or image.base is not None:
        return app, placement
    # With all that reads requirements, which only apps on GPUs need.
    from cynthus.images import cuda

    # Of a range that a file names any version will do; one of them was chosen without a look at bases.
    python = None if app.needs.allowed else image.python
    lines, constraints = _lines(app, listed)
    choice = cuda.choose(
        lines, constraints, driver=placement.driver, python=python, allowed=app.needs.allowed, wanted=image.cuda
    )
    if choice.base is None:
        if choice.warnings and image.cuda != "auto":
            raise PlacementRefused(choice.warnings[-1], hint="mend that, or leave `image.cuda` out")
        warned = replace(app.needs, warnings=(*app.needs.warnings, *choice.warnings)) if choice.warnings else app.needs
        return replace(app, needs=warned), placement
    apt = tuple(dict.fromkeys((*cuda.APT, *image.apt)))
    built = replace(image, base=choice.base.image, python=choice.base.python, apt=apt)
    return (
        replace(
            app,
            spec=replace(app.spec, image=built),
            needs=replace(app.needs, warnings=(*app.needs.warnings, *choice.warnings), python=None),
            tools=choice.base.tools,
            beside=choice.base.beside,
        ),
        replace(placement, reasons=(*placement.reasons, choice.because)),
    )


def _lines(app: App, listed: bytes | None) -> tuple[list[str], list[str]]:
    """The requirements, of all files that they stand in, and the constraints."""
    from cynthus.agent import requirements
    from cynthus.agent.failure import Failure

    if listed is not None:
        return listed.decode("utf-8", "replace").splitlines(), []
    if app.needs.requirements is None:
        return [], []
    try:
        found = requirements.texts(app.folder / app.needs.requirements)
    except Failure:
        return [], []  # what cannot be read is told by whoever installs it
    lines, constraints = list[str](), list[str]()
    for text, constrains in found:
        (constraints if constrains else lines).extend(text.splitlines())
    return lines, constraints
