"""The desk's screens: the inbox in three panes, what a moderator does there, requests and their approval.

`inbox` and `requests` read; `triage`, `replies` and `tracked` act, each with one call of the core.
"""

from web.desk import approval, inbox, replies, requests, tracked, triage, uncertain
from web.desk.blueprint import blueprint
from web.kit import filters

blueprint.record_once(lambda state: filters.install(state.app))

__all__ = ["approval", "blueprint", "inbox", "replies", "requests", "tracked", "triage", "uncertain"]
