"""What one Terraform command said, collected while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.plan import Change, Plan
from cynthus.terraform import events

if TYPE_CHECKING:
    from cynthus.terraform.events import Diagnostic, Event

MOST_TEXT = 40
"""Plain lines that are kept for an error message: the last ones."""

UNLISTED = Change("(not listed)", "update")


class Report:
    """Takes events and knows what they came to."""

    def __init__(self) -> None:
        self.version = ""
        self.changes: list[Change] = []
        self.output_changes: tuple[Change, ...] = ()
        self.outputs: dict[str, object] | None = None
        self.diagnostics: list[Diagnostic] = []
        self.text: list[str] = []
        self.summarised = False

    def take(self, event: Event) -> None:
        """Note one event. The same diagnostic said twice counts once."""
        take = {
            "version": self._take_version,
            "planned_change": self._take_change,
            "change_summary": self._take_summary,
            "outputs": self._take_outputs,
            "diagnostic": self._take_diagnostic,
            "text": self._take_text,
        }.get(event.kind)
        if take:
            take(event)

    def plan(self, *, differs: bool) -> Plan:
        """The plan that was told. `differs` is what the exit code said.

        Outputs count only where nothing else would change, so that numbers agree with Terraform's own.
        """
        if not differs:
            return Plan(())
        return Plan(tuple(self.changes) or self.output_changes or (UNLISTED,))

    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(found for found in self.diagnostics if found.severity == "error")

    def _take_version(self, event: Event) -> None:
        self.version = str(event.body.get("terraform") or event.body.get("tofu") or "")

    def _take_change(self, event: Event) -> None:
        change = events.change(event)
        if change:
            self.changes.append(change)

    def _take_summary(self, event: Event) -> None:  # noqa: ARG002 - all of these take an event
        self.summarised = True

    def _take_outputs(self, event: Event) -> None:
        self.output_changes = events.output_changes(event)
        self.outputs = events.output_values(event.part("outputs"))

    def _take_diagnostic(self, event: Event) -> None:
        found = events.diagnostic(event)
        if found not in self.diagnostics:
            self.diagnostics.append(found)

    def _take_text(self, event: Event) -> None:
        if event.message:
            self.text = [*self.text[-MOST_TEXT + 1 :], event.message]
