"""Staff: users, sign-in, API tokens and permissions."""

from inbox.people.one_use_links import (
    FIRST_RUN_LASTS,
    RESET_LASTS,
    first_run_token,
    has_users,
    is_first_run_token,
    reset_token,
    user_for_reset_token,
)
from inbox.people.permissions import ACTIONS, may, require
from inbox.people.tokens import all_tokens, issue_token, revoke_token, user_for_token
from inbox.people.users import (
    add_user,
    all_users,
    authenticate,
    by_email,
    edit_user,
    knows_password,
    normal_email,
    set_language,
    set_password,
    user,
    user_for_session,
)

__all__ = [
    "ACTIONS",
    "FIRST_RUN_LASTS",
    "RESET_LASTS",
    "add_user",
    "all_tokens",
    "all_users",
    "authenticate",
    "by_email",
    "edit_user",
    "first_run_token",
    "has_users",
    "is_first_run_token",
    "issue_token",
    "knows_password",
    "may",
    "normal_email",
    "require",
    "reset_token",
    "revoke_token",
    "set_language",
    "set_password",
    "user",
    "user_for_reset_token",
    "user_for_session",
    "user_for_token",
]
