"""What every command is given: settings, the console, and the tools, each made when first asked for."""

from __future__ import annotations

import io
import os
import sys
from functools import cached_property
from typing import TYPE_CHECKING

import click

from cynthus import settings as settings_module

if TYPE_CHECKING:
    from cynthus.cli.console import Console
    from cynthus.operations.tools import Tools
    from cynthus.settings import Settings


class App:
    """One invocation of the command line."""

    @cached_property
    def settings(self) -> Settings:
        return settings_module.read(os.environ)

    @cached_property
    def console(self) -> Console:
        from cynthus.cli.console import Console

        for stream in (sys.stdout, sys.stderr):
            # A path with a character that the locale lacks is no reason to fail.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        return Console(sys.stdout, sys.stderr, color=self.settings.color)

    @cached_property
    def tools(self) -> Tools:
        from cynthus.bootstrap import assemble

        return assemble(self.settings, self.console.progress, self.console)


pass_app = click.make_pass_decorator(App)
