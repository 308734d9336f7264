"""The table as text: one machine to a line, so that a person can read what a refresh has changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cynthus.targets.gcp.catalog import Price
    from cynthus.targets.gcp.table import Family, File, Shape


def written(file: File) -> bytes:
    """The same table gives the same bytes."""
    sources = ((name, {"date": each.date, "what": each.what}) for name, each in file.sources.items())
    gpus = ((name, {"type": each.type, "memory": each.memory}) for name, each in file.gpus.items())
    prices = (f"{_text(source)}: {{\n{_priced(machines)}}}" for source, machines in file.prices.items())
    parts = (
        f'"version": {file.version}',
        f'"as_of": {_text(file.as_of)}',
        f'"sources": {_lines(sources)}',
        f'"images": {_text(file.images)}',
        f'"secrets": {_text(file.secrets)}',
        f'"storage": {_text(dict(file.storage))}',
        f'"disks": {_text({kind: dict(prices) for kind, prices in file.disks.items()})}',
        f'"zones": {_text(dict(file.zones))}',
        f'"gpus": {_lines(gpus)}',
        '"families": [\n' + ",\n".join(map(_family, file.families)) + "\n]",
        '"prices": {\n' + ",\n".join(prices) + "}",
    )
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


def _lines(entries: Iterable[tuple[str, Mapping[str, object]]]) -> str:
    return "{\n" + ",\n".join(f"{_text(name)}: {_text(dict(value))}" for name, value in entries) + "\n}"


def _priced(machines: Mapping[str, Mapping[str, Price]]) -> str:
    return ",\n".join(
        f"{_text(name)}: "
        + _text({region: [each.on_demand, each.spot, each.flex_start] for region, each in regions.items()})
        for name, regions in machines.items()
    )


def _family(family: Family) -> str:
    told = {
        "name": family.name,
        **({"gpu": family.gpu} if family.gpu else {}),
        **({"attached": True} if family.attached else {}),
        "disk": family.disk,
        **({"nic": family.nic} if family.nic else {}),
        "ways": list(family.ways),
    }
    machines = ",\n".join(f"  {_text(_shape(each))}" for each in family.machines)
    return f'{_text(told)[:-1]},\n "places": {_text(dict(family.places))},\n "machines": [\n{machines}]}}'


def _shape(shape: Shape) -> Mapping[str, object]:
    return {
        "type": shape.type,
        "cpus": shape.cpus,
        "memory": shape.memory,
        **({"gpus": shape.gpus} if shape.gpus else {}),
        **({"part": shape.part} if shape.part > 1 else {}),
    }


def _text(value: object) -> str:
    """As JSON; a whole number is written as one."""
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value
