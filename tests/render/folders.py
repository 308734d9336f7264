"""Rendered folders to try things on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cynthus.core.placement import Placement
from cynthus.render.folder import Rendered, render
from cynthus.render.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ID = "weather-1a2b3c"
AGENT = "ansible/roles/agent/files/cynthus-agent.pyz"

HOSTILE = (
    '${file("/etc/hostname")}',
    "${1+1}",
    "$${a}",
    "$$${a}",
    "${",
    "%{ if true }x%{ endif }",
    "%%{ if }",
    "%{",
    "{{ 7 * 7 }}",
    "{% for x in y %}",
    "{# gone #}",
    'a "quoted" word',
    "it's",
    "\\",
    "\\n",
    "\\u0041",
    "line\nline",
    "cr\r\nlf",
    "\ttab\b\f",
    "<<EOT\nx\nEOT\n",
    '"\n}\nresource "terraform_data" "x" {}\n',
    "# comment",
    "// comment",
    "/* comment */",
    "é☃😀",
    "\u2028\u2029",
    "\x01\x7f",
    "\ufeff",
    " lead and trail ",
    "",
    "null",
    "0123",
)

MAIN = "".join(f"line {number}\n" for number in range(1, 10))
"""A text of nine lines."""


def local(*, nodes: int = 1, agent: bytes = b"agent", **variables: object) -> Rendered:
    """The compute root of the target `local`."""
    return render(
        target="local",
        root="compute",
        placement=Placement("local", "venv", nodes=nodes),
        variables={"deployment": ID, "gpus": 0, **variables},
        run={"schema": 1, "deployment": ID, "command": ["python", "main.py"], "env": {}},
        agent=agent,
    )


def ssh(*machines: Mapping[str, object], agent: bytes = b"agent", **variables: object) -> Rendered:
    """The compute root of the target `ssh`; without machines there is one."""
    named = {f"host-{number}": dict(each) for number, each in enumerate(machines or ({"address": "192.0.2.10"},))}
    return render(
        target="ssh",
        root="compute",
        placement=Placement("ssh", "venv", nodes=len(named)),
        variables={"deployment": ID, "gpus": 0, "machines": named, **variables},
        run={"schema": 1, "deployment": ID, "command": ["python", "main.py"], "env": {}},
        agent=agent,
    )


STATE: dict[str, object] = {"bucket": "states-of-the-team", "prefix": f"apps/{ID}/compute"}
"""Where a state lies that a team shares."""

BASE: dict[str, object] = {
    "deployment": ID,
    "project": "rehearsal",
    "region": "us-central1",
    "network": None,
    "subnetwork": None,
    "ip_range": "10.128.0.0/20",
    "access": "iap",
    "secrets": ["HF_TOKEN"],
    "registry": True,
}
"""What the base root of the target `gcp` is told."""

UBUNTU = "projects/ubuntu-os-accelerator-images/global/images/family"

COMPUTE: dict[str, object] = {
    "deployment": ID,
    "project": "rehearsal",
    "region": "us-central1",
    "zone": "us-central1-a",
    "machine_type": "g2-standard-4",
    "gpus": 1,
    "accelerator": None,
    "image": f"{UBUNTU}/ubuntu-accelerator-2404-amd64-with-nvidia-580",
    "disk": {"type": "pd-balanced", "size": 100},
    "nic_type": "GVNIC",
    "spot": False,
    "flex_start": False,
    "reservation": None,
    "restart": True,
    "max_run_duration": 86400,
    "network": None,
    "subnetwork": None,
    "access": "iap",
    "user": "cynthus",
    "key": "~/.ssh/cynthus",
    "secure_boot": False,
}
"""What its compute root is told."""


def gcp(
    root: str = "compute",
    *,
    nodes: int = 1,
    backend: Mapping[str, object] | None = None,
    agent: bytes = b"agent",
    **variables: object,
) -> Rendered:
    """A root of the target `gcp`."""
    return render(
        target="gcp",
        root=root,
        placement=Placement("gcp", "venv", nodes=nodes, gpus=1),
        variables={**(BASE if root == "base" else COMPUTE), **variables},
        run={"schema": 1, "deployment": ID, "command": ["python", "main.py"], "env": {}},
        agent=agent,
        backend=backend,
    )


def some(main: str = MAIN, /, **files: str | None) -> Rendered:
    """A small root: main.tf, and files whose names have `__` for a dot. None leaves one out."""
    named = {name.replace("__", "."): text for name, text in files.items()}
    texts = {"main.tf": main, "README.md": "read me\n", "terraform.tfvars.json": '{"gpus": 0}\n', **named}
    return Rendered({path: text.encode() for path, text in texts.items() if text is not None})


@dataclass(frozen=True)
class Folder:
    """A user's folder with one root in it."""

    home: Path
    workspace: Workspace = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "workspace", Workspace(self.root, self.home / ".cynthus/pristine"))

    @property
    def root(self) -> Path:
        return self.home / "infra/local/compute"

    def write(self, files: Rendered) -> Mapping[str, str]:
        """Write, and give what became of each file."""
        return {change.path: change.kind for change in self.workspace.write(files)}

    def compare(self, files: Rendered) -> Mapping[str, str]:
        return {change.path: change.kind for change in self.workspace.compare(files)}

    def text(self, path: str = "main.tf") -> str:
        return (self.root / path).read_bytes().decode()

    def edit(self, old: str, new: str, path: str = "main.tf") -> None:
        text = self.text(path)
        assert old in text
        (self.root / path).write_bytes(text.replace(old, new, 1).encode())

    def clone(self, home: Path) -> Folder:
        """The folder as git gives it to somebody else: without what git ignores."""
        for path in self.root.rglob("*"):
            if path.is_file():
                copy = home / path.relative_to(self.home)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
        return Folder(home)


def snapshot(folder: Path) -> dict[str, bytes]:
    """All files below a folder with their content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
