"""`pull --watch`: what is new comes home while the run goes on, until it has ended and everything is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.core.amounts import size
from cynthus.core.progress import Unsaid
from cynthus.core.run import RunState
from cynthus.errors import Locked, NothingToPull, PullFailed
from cynthus.operations.at_work import at_work
from cynthus.operations.checkpoints import checkpoints_pair
from cynthus.operations.fetch import compare, fetch, pull_failed, remarks, text_of
from cynthus.operations.found import adopt
from cynthus.operations.log_home import fetch_log, log_grew
from cynthus.operations.observe import observe
from cynthus.operations.pull import Pulled, bring, outputs_pair, point_latest
from cynthus.operations.recover import settle
from cynthus.operations.ripe import Ripe
from cynthus.operations.saved import readers
from cynthus.operations.silence import note_run
from cynthus.operations.site import as_it_stands, locate, newest_run, with_entry
from cynthus.state.locks import BRIEF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeVar

    from cynthus.core.progress import Step
    from cynthus.core.run import Run
    from cynthus.operations.fetch import Difference, Pair
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools

    Found = TypeVar("Found")

GLANCE = 1.0
"""Seconds between two looks at how the run stands, which is one small file."""
LOOK = 5.0
"""Seconds between two looks at what it has written, at least."""
SHARE = 10
"""So many times as long as a look takes is the pause after it: many files are listed more seldom."""
NAMED = 3
"""How many files a line names."""


class _Part(Struct, frozen=True):
    """What there is to bring of one folder of a host; `shown` is how to call the one at home."""

    pair: Pair
    difference: Difference
    shown: str


class Watch:
    """Stays with one run. `copied` and `bytes` are what has come so far. It can be left at any moment."""

    def __init__(self, tools: Tools, site: Site, run: Run) -> None:
        self._tools = tools
        self._site = site
        self.run = run
        self.copied = self.bytes = 0
        self._there, self._made_for = readers(tools, site, run), (run.attempt, run.state.begun)
        self._ripe = Ripe()
        self._note, self._warn = _Once(tools.progress.note), _Once(tools.progress.warn)

    def to_the_end(self) -> Pulled:
        """Bring what is new until the run has ended, and then the rest.

        Raises:
            PullFailed: something could not be read or written; everything else has come home.
            NothingToPull: it never came home and lies on no host any more.
            HostUnreachable: a host does not answer any more.
        """
        clock, due = self._tools.clock, 0.0
        while not (self._glance().over or self.run.state is RunState.PREEMPTED):
            begun = clock.monotonic()
            if begun >= due:
                took = self._round()
                pause = GLANCE if self._ripe.left else max(LOOK, SHARE * took)
                due = clock.monotonic() + pause
            clock.sleep(GLANCE)
        pulled = _alone(self._tools, self._site, self._rest, self._note)
        return replace(pulled, copied=pulled.copied + self.copied, bytes=pulled.bytes + self.bytes)

    def _glance(self) -> Run:
        # Anew each time: somebody else may cancel a run before it has begun, or bring it home and remove its host.
        known = self._site.runs.get(self.run.id) or self.run
        if known.state is RunState.PREEMPTED:
            self.run = known
            return known
        if known.attempt > 1 and self._made_for != (made_for := (known.attempt, known.state.begun)):
            # Other machines, and what those before have saved is all there once these have begun.
            entry = self._tools.index.known(self._site.id)
            self._site = as_it_stands(self._tools, replace(self._site, entry=entry))
            self._there, self._made_for = readers(self._tools, self._site, known), made_for
        # Only a look: to end the others of several hosts is for those who started them.
        self.run = observe(known, self._there[: known.nodes], self._tools.clock)
        return self.run

    def _round(self) -> float:
        """Bring what is ripe; gives for how many seconds the host was busy with being looked at."""
        clock, begun = self._tools.clock, self._tools.clock.monotonic()
        try:
            parts = list(self._look(begun))
            looked = clock.monotonic() - begun
            grew = (log_grew(self._site, self.run, agent) for agent in self._ranks)
            if any(part.difference.missing for part in parts) or any(grew):
                self._bring(parts)
        except Locked as error:
            self._note(_wait(error))
            return 0.0
        except PullFailed as error:
            self._warn(f"{error.message}; it is tried again")
            return clock.monotonic() - begun
        self._note.forget()
        note_run(self._tools, self._site, self.run)
        return looked

    def _look(self, now: float) -> Iterator[_Part]:
        self._ripe.begin()
        pairs = [outputs_pair(self._site, self.run, agent) for agent in self._ranks]
        several = len(self._there) > 1
        pairs += [checkpoints_pair(self._site, agent, several=several) for agent in self._there]
        for pair in pairs:
            shown = str(pair.folder.relative_to(self._site.folder))
            found = compare(pair.connection, pair.source, pair.folder)
            yield _Part(pair, self._ripe.choose(shown, found, now), shown)

    def _bring(self, parts: Sequence[_Part]) -> None:
        files = [(part, file) for part in parts for file in part.difference.missing]
        with at_work(self._tools, self._site, BRIEF):
            if not files:
                self._fetch([], Unsaid())
                return
            amount, begun = sum(file.size for _, file in files), self._tools.clock.monotonic()
            with self._tools.progress.step("Bring home", brief=True) as step:
                self._fetch(parts, step)
                names = [text_of(f"{part.shown}/{file.path}") for part, file in files[:NAMED]]
                rest = f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
                step.result(f"{', '.join(names)}{rest} ({size(amount)})")
            self._ripe.learn(amount, self._tools.clock.monotonic() - begun)
            self.copied, self.bytes = self.copied + len(files), self.bytes + amount

    def _fetch(self, parts: Sequence[_Part], step: Step) -> None:
        try:
            for agent in self._ranks:
                if problem := fetch_log(self._site, self.run, agent):
                    self._warn(problem)
            for part in parts:
                beside = fetch(part.pair, part.difference, step) if part.difference.missing else ()
                for remark in remarks(part.difference, beside, part.shown):
                    self._warn(remark)
            outputs = self._site.folder / "outputs" / self.run.id
            if outputs.exists():
                point_latest(outputs)
        except OSError as error:
            raise pull_failed(error, self._site.folder) from error

    def _rest(self, site: Site) -> Pulled:
        self.run = settle(site, self.run)
        newest = newest_run(site)
        if newest is not None and newest.id == self.run.id:
            with_entry(self._tools, site, last_run=self.run)
        try:
            pulled = bring(self._tools, site, self.run)
        except NothingToPull:
            if not self.run.pulled:
                raise
            # Whoever removed the host has brought everything home before.
            folder = site.folder / "outputs" / self.run.id
            return Pulled(self.run, folder, 0, 0, sum(1 for path in folder.rglob("*") if not path.is_dir()))
        self.run = pulled.run
        return pulled

    @property
    def _ranks(self) -> tuple[HostAgent, ...]:
        """The agents of the hosts that it runs on."""
        return self._there[: self.run.nodes]


def watch(tools: Tools, where: str | None, *, target: str | None = None, run_id: str | None = None) -> Watch:
    """The verb: a watch over the run (the newest where none is named). A folder in which somebody is at work is waited
    for: that may be the `up` that makes the run.

    Raises:
        NothingToPull: there is no run.
        UnknownRun: there is none of that id.
    """
    site = locate(tools, where, target=target)
    return _alone(tools, site, lambda fresh: _begun(tools, fresh, run_id), _Once(tools.progress.note))


def _begun(tools: Tools, site: Site, run_id: str | None) -> Watch:
    adopt(tools, site)
    run = site.runs.load(run_id) if run_id else newest_run(site)
    if run is None:
        raise NothingToPull(f"{site.name} has no run yet", hint="`cynthus up` starts one")
    return Watch(tools, site, run)


def _alone(tools: Tools, site: Site, act: Callable[[Site], Found], say: Callable[[str], None]) -> Found:
    """Act while nobody else does, as soon as that is so."""
    while True:
        try:
            with at_work(tools, site, BRIEF) as (fresh, _):
                return act(fresh)
        except Locked as error:
            say(_wait(error))
            tools.clock.sleep(GLANCE)


def _wait(error: Locked) -> str:
    return f"{error.message}; what is new comes when that has ended"


class _Once:
    """Says each line once, until it forgets them."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said: set[str] = set()

    def __call__(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._say(text)

    def forget(self) -> None:
        self._said.clear()
