"""Title and sentence for each inbox view without conversations."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

EMPTY: Mapping[str, tuple[LazyString, LazyString]] = {
    "new": (_l("All done"), _l("Whatever citizens write appears here within seconds.")),
    "waiting": (
        _l("Nobody owes us an answer"),
        _l("Questions we asked wait here until the citizen answers."),
    ),
    "answers": (_l("Nothing to approve"), _l("When a unit answers, the replies to its citizens wait here.")),
    "uncertain": (
        _l("Nothing is being checked"),
        _l("Replies that may be public appear here while they are looked for on the platform."),
    ),
    "failed": (_l("Everything went out"), _l("Replies that a platform refuses appear here.")),
    "answered": (_l("Nothing answered yet"), _l("What was answered directly is kept here.")),
    "converted": (_l("No requests yet"), _l("What became a request of a unit is kept here.")),
    "dismissed": (_l("Nothing dismissed"), _l("What needed nothing from us is kept here, with its reason.")),
    "all": (_l("Nothing has arrived yet"), _l("Whatever citizens write appears here within seconds.")),
}
