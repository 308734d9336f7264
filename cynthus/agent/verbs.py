"""What the agent can be asked for: each verb takes its arguments and gives its answer."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.agent.failure import NOT_RUNNING, Failure
from cynthus.agent.home import Home, default_folder, host_folder

if TYPE_CHECKING:
    from cynthus.agent.arguments import Arguments
    from cynthus.agent.spec import Spec

Answer = Mapping[str, object]
_STDIN_LIMIT = 1 << 20


def environment(given: Arguments) -> Answer:
    """Make the Python environment or the container image."""
    from cynthus.agent import ahead, program, registry_login
    from cynthus.agent import environment as room

    spec, _, home = _spec(given)
    program.install(home)
    begun = ahead.finish(home, spec, _folder(given))
    made = room.prepare(home, spec, _folder(given), os.environ, registry_login.told(given))
    return made.answer(begun=begun)


def data(given: Arguments) -> Answer:
    """Bring the data where the app reads it."""
    from cynthus.agent import data as room
    from cynthus.agent import program

    spec, _, home = _spec(given)
    program.install(home)
    changed = room.bring(home, spec, _folder(given), os.environ, fetched=given.options.get("elsewhere") != "later")
    mounts = room.mounts(home, spec, _folder(given))
    listed = [
        {"name": entry.name, "path": mount.path, "read_only": entry.copied or spec.in_container}
        for entry, mount in zip(spec.data, mounts)  # noqa: B905 - `strict` is not needed: one mount an entry
    ]
    return {"changed": changed, "data": listed}


def fetch(given: Arguments) -> Answer:
    """Fetch what stdin names, with the tokens that stand there too: they are in no file and on no command line."""
    from cynthus.agent import fetch as room
    from cynthus.agent import program

    home = _new_home(given)
    program.install(home)
    fetched = room.fetch(home, room.asked(sys.stdin.buffer.read(_STDIN_LIMIT)), os.environ)
    return {"changed": any(each.changed for each in fetched), "fetched": [each._asdict() for each in fetched]}


def hub(given: Arguments) -> Answer:  # noqa: ARG001 - every verb takes its arguments
    """Fetch what stdin names, in a Python that has the library of its place."""
    from cynthus.agent import hub as room

    return room.fetch(room.asked(sys.stdin.buffer.read(_STDIN_LIMIT)))


def source(given: Arguments) -> Answer:
    """Give a run its copy of the source."""
    from cynthus.agent import program
    from cynthus.agent import source as room

    spec, document, home = _spec(given)
    program.install(home)
    packed = Path(given.options["archive"]) if given.options.get("archive") else None
    brought = room.bring(
        home, spec, document, _folder(given), packed, given.options.get("run"), given.number("rank") or 0
    )
    restored = brought.restored and brought.restored._asdict()
    return {
        "changed": brought.changed, "run_id": brought.run, "source": brought.hash, "large": list(brought.large),
        "restored": restored,
    }


def pack(given: Arguments) -> Answer:
    """Make the kit for hosts that cannot see the app's folder."""
    from cynthus.agent import clock
    from cynthus.agent import kit as room
    from cynthus.agent.send import has_any

    spec, document, _ = _spec(given)
    run = given.options.get("run") or spec.run_id or clock.mint_run(time.time(), os.urandom(2))
    packed = Path(given.options["archive"]) if given.options.get("archive") else None
    made = room.pack(_folder(given), spec, {**document, "run_id": run}, packed, _absolute(given.need("kit")))
    return {
        "changed": made.changed, "kit": str(made.path), "run_id": run, "large": list(made.large),
        "more": has_any(_folder(given), spec),
    }


def receive(given: Arguments) -> Answer:
    """Unpack a kit on the host."""
    from cynthus.agent import kit as room
    from cynthus.agent import program, unit

    home = _new_home(given)
    program.install(home)
    unit.install(home, sys.executable, os.environ)
    got = room.receive(home, _absolute(given.need("kit")))
    # What was here already has its environment, or had a failure that may be mended by now.
    if given.options.get("ahead") == "environment" and (got.changed or home.ahead.exists()):
        from cynthus.agent import ahead
        from cynthus.agent.spec import read

        ahead.begin(home, read(got.spec)[0], got.folder, os.environ)
    return {
        "changed": got.changed, "home": str(home.folder), "folder": str(got.folder), "spec": str(got.spec),
        "archive": str(got.source),
    }


def send(given: Arguments) -> Answer:
    """Bring the data to a host."""
    import json

    from cynthus.agent import send as room

    spec, _, _ = _spec(given)
    python, program, home = given.options.get("python", "python3"), given.need("program"), given.need("home")
    words = (python, "-I", "-S", program, "take", "--deployment", spec.deployment, "--home", home)
    return room.send(_folder(given), spec, json.loads(given.need("ssh")), words, host=given.options.get("host", ""))


def take(given: Arguments) -> Answer:
    """Take the data that arrives on stdin."""
    from cynthus.agent import take as room

    return room.take(_new_home(given), sys.stdin.buffer, sys.stdout.buffer)._asdict()


def start(given: Arguments) -> Answer:
    """Start a run, detached."""
    from cynthus.agent import fellows
    from cynthus.agent import start as room

    spec, _, home = _spec(given)
    run = given.options.get("run") or spec.run_id
    if not run:
        raise Failure("start needs --run, or a spec that names a run", hint="the verb `source` prints the run's id")
    number = given.number("attempt") or 1
    others = fellows.parse(given.options.get("addresses", ""), given.number("rank") or 0)
    changed = room.start(home, spec, run, number, others, os.environ)
    return {"changed": changed, "run_id": run, "attempt": number}


def watch(given: Arguments) -> Answer:
    """Look after all runs that go on, until there is none."""
    from cynthus.agent import watch as room

    room.watch(_home(given))
    return {}


def stop(given: Arguments) -> Answer:
    """End a run and wait for that."""
    from cynthus.agent import stop as room

    reason = given.options.get("reason") or "cancelled: it was asked to stop"
    return {"changed": room.stop(_home(given), given.need("run"), given.number("attempt"), reason)}


def status(given: Arguments) -> Answer:
    """How a run stands; whoever should watch it and was killed is started again."""
    from cynthus.agent import beat, clock
    from cynthus.agent import status as room

    run = _home(given).run(given.need("run"))
    number, rank = given.number("attempt"), given.number("rank") or 0
    begun = [each for each in run.attempts() if each.rank == rank and number in (None, each.number)]
    if not begun:
        raise Failure(f"run {run.id} has not been started here", hint="the verb `start` does that", code=NOT_RUNNING)
    beat.ensure_ended_or_watched(run, begun[-1])
    return room.evaluate(begun[-1], at=clock.stamp(time.time()))


def secrets(given: Arguments) -> Answer:
    """Take a run's secrets from stdin, or from the store that keeps them, and keep them in memory until it starts."""
    from cynthus.agent import memory

    home = _home(given)
    run = home.run(given.need("run"))
    said = sys.stdin.buffer.read(_STDIN_LIMIT)
    if "store" in given.options:
        from cynthus.agent import secret_store

        values = secret_store.read(secret_store.asked(said))
    else:
        values = memory.asked(said)
    return {"changed": memory.put(os.environ, home.deployment, run.id, values)}


def execute(given: Arguments) -> Answer:
    """Become a command beside main.py."""
    from cynthus.agent.execute import execute as become

    become(_home(given), given.need("run"), given.rest, os.environ)


def ray(given: Arguments) -> Answer:
    """Become this host's node of the run's Ray cluster; the first one runs the command after `--` in it."""
    from cynthus.agent import ray_node

    ray_node.become(ray_node.asked(given))


def preprocess(given: Arguments) -> Answer:
    """Prepare the data where nobody has yet, and become main.py."""
    from cynthus.agent import preprocess as room

    room.become(room.asked(given))


def strays(given: Arguments) -> Answer:
    """Files that main.py wrote outside of its outputs and checkpoints, by run."""
    from cynthus.agent import strays as room

    home = _home(given)
    return {"runs": room.of(home.run(given.options["run"])) if "run" in given.options else room.every(home)}


def prune(given: Arguments) -> Answer:
    """Delete the bulk of runs that are at home: those named after `--`."""
    from cynthus.agent import prune as room

    gone = room.prune(_home(given), given.rest, os.environ)
    return {"changed": any(gone), **gone._asdict()}


def remove(given: Arguments) -> Answer:
    """Leave nothing of the deployment on the host."""
    from cynthus.agent import remove as room

    folder = _absolute(given.need("home"))
    home = _home(given) if folder.exists() else Home(folder, folder.name)
    return {"changed": room.remove(home, os.environ)}


def version(given: Arguments) -> Answer:  # noqa: ARG001 - every verb takes its arguments
    """Which agent this is."""
    from cynthus import __version__

    return {"version": __version__, "python": "{}.{}.{}".format(*sys.version_info[:3])}


VERBS: dict[str, Callable[[Arguments], Answer]] = {
    "environment": environment, "data": data, "fetch": fetch, "hub": hub, "source": source, "pack": pack,
    "receive": receive, "send": send, "take": take, "start": start, "watch": watch, "stop": stop, "status": status,
    "secrets": secrets, "exec": execute, "ray": ray, "preprocess": preprocess, "strays": strays, "prune": prune,
    "remove": remove, "version": version,
}


def answer(given: Arguments) -> Answer:
    """What the verb answers.

    Raises:
        Failure: it could not be done.
    """
    verb = VERBS.get(given.verb)
    if verb is None:
        raise Failure(f"there is no verb {given.verb!r}", hint=f"verbs are: {', '.join(VERBS)}")
    return verb(given)


def _spec(given: Arguments) -> tuple[Spec, dict[str, object], Home]:
    from cynthus.agent.spec import read

    spec, document = read(_absolute(given.need("spec")))
    return spec, document, _place(given, spec.deployment)


def _new_home(given: Arguments) -> Home:
    """The home of a deployment of which nothing may be here yet."""
    return _place(given, given.need("deployment"))


def _place(given: Arguments, deployment: str) -> Home:
    named = given.options.get("home")
    default = host_folder if given.options.get("at") == "host" else default_folder
    return Home(_absolute(named) if named else default(deployment, os.environ), deployment)


def _home(given: Arguments) -> Home:
    """The home as it says itself whose it is; one that is not there yet is called after its folder."""
    from cynthus.agent import program

    folder = _absolute(given.need("home"))
    return Home(folder, program.owner(folder) or folder.name)


def _folder(given: Arguments) -> Path:
    folder = _absolute(given.need("folder"))
    if not folder.is_dir():
        raise Failure(f"{folder} is no folder", hint="name the folder that holds the app with --folder")
    return folder


def _absolute(path: str) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - a link that the user named stays a link
