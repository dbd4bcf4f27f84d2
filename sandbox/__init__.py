"""Stand-ins for X, Facebook, Instagram and WhatsApp that speak the platforms' HTTP, with faults on demand.

Imports nothing of the system it stands opposite to. `with sandbox.running({...}) as base_url:` serves one in
a thread; `python -m sandbox --port N --config FILE.json [--dir DIR]` in a process of its own.
"""

from sandbox.config import Config, read_config
from sandbox.server import running

__all__ = ["Config", "read_config", "running"]
