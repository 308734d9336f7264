"""``python -m cynthus`` is the ``cynthus`` command."""

from cynthus.cli.main import main

main()
