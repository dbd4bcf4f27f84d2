"""What stops the stack from starting.

StackError            said to the person at the terminal as it is: what is wrong, and what to do about it
"""

from __future__ import annotations


class StackError(Exception):
    """The system cannot be started or asked. The text names the thing and the way out."""
