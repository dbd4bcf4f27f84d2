"""Errors of the commands.

StackError            its text is printed to the terminal: what is wrong, and what to do about it
"""

from __future__ import annotations


class StackError(Exception):
    """The system cannot be started or reached. The text names the cause and the remedy."""
