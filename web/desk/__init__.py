"""The moderators' screens: the three-pane inbox, the requests, approval, and replies that may be public.

`inbox` and `requests` read; `triage`, `replies` and `tracked` act, each with one call of the core.
"""

from web.desk import approval, inbox, replies, requests, tracked, triage, uncertain
from web.desk.blueprint import blueprint
from web.kit import filters

blueprint.record_once(lambda state: filters.install(state.app))

__all__ = ["approval", "blueprint", "inbox", "replies", "requests", "tracked", "triage", "uncertain"]
