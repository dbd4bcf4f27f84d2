"""Simulates the APIs of X, Facebook, Instagram and WhatsApp over HTTP, with faults on demand.

Imports nothing of the product it tests. `with sandbox.running({...}) as base_url:` serves it from a thread;
`python -m sandbox --port N --config FILE.json [--dir DIR]` from a process of its own.
"""

from sandbox.config import Config, read_config
from sandbox.server import running

__all__ = ["Config", "read_config", "running"]
