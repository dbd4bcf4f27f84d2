"""The desk's screens: the inbox in three panes, what a moderator does there, requests and their approval.

`inbox` and `requests` read; `triage`, `replies` and `tracked` act, each with one call of the core.
"""

from web import marks
from web.desk import approval, inbox, replies, requests, tracked, triage, uncertain
from web.desk.blueprint import blueprint

blueprint.record_once(lambda state: marks.install(state.app))

__all__ = ["approval", "blueprint", "inbox", "replies", "requests", "tracked", "triage", "uncertain"]
