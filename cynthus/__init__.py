"""Cynthus: from a folder with a ``main.py`` to a finished run on a machine of your choice."""

__version__ = "0.1.0"
