"""Every table of the core, and the trigger that keeps the history as it was written.

Must be safe with the code already running: add, use, remove, in separate releases.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261124_core"
down_revision = None
branch_labels = None
depends_on = None


class Xid8(sa.types.UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Its name in DDL."""
        return "xid8"


_REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'history is append-only: % refused', TG_OP;
END $$;
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE ON history_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Every table of the core."""
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute(sa.schema.CreateSequence(sa.Sequence("request_number", start=10_001)))
    op.create_table(
        "channel",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.Column("voice", sa.Text(), nullable=False),
        sa.Column("credentials", sa.LargeBinary(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("access_lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_poll_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("polling_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_event_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_call_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_call_ok_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
        sa.UniqueConstraint("key", name=op.f("uq_channel_key")),
        sa.UniqueConstraint("platform", "external_id", name=op.f("uq_channel_platform_external_id")),
    )
    op.create_table(
        "city_setting",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_city_setting")),
    )
    op.create_table(
        "feed_epoch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_epoch")),
    )
    op.create_table(
        "hook_count",
        sa.Column("hook", sa.Text(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("last_rejected_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("hook", name=op.f("pk_hook_count")),
    )
    op.create_table(
        "neighbourhood",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name_tr", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("name_ar", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("aliases", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_ambiguous", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_neighbourhood")),
        sa.UniqueConstraint("key", name=op.f("uq_neighbourhood_key")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_table(
        "raw_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "PENDING",
                "APPLIED",
                "SET_ASIDE",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raw_event")),
    )
    op.create_index(
        "ix_raw_event_pending",
        "raw_event",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'PENDING'"),
    )
    op.create_index(
        "uq_raw_event_source_digest",
        "raw_event",
        ["source", "digest"],
        unique=True,
        postgresql_where=sa.text("starts_with(source, 'hook:')"),
    )
    op.create_table(
        "reason",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name_tr", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("name_ar", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reason")),
        sa.UniqueConstraint("use", "key", name=op.f("uq_reason_use_key")),
    )
    op.create_table(
        "reply_text",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("voice", sa.Text(), nullable=False),
        sa.Column("variants", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_text")),
        sa.UniqueConstraint(
            "key", "language", "scope", "voice", name=op.f("uq_reply_text_key_language_scope_voice")
        ),
    )
    op.create_table(
        "unit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name_tr", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("name_ar", sa.Text(), nullable=False),
        sa.Column("is_outside", sa.Boolean(), nullable=False),
        sa.Column("hotline", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("key", name=op.f("uq_unit_key")),
    )
    op.create_table(
        "category",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name_tr", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("name_ar", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("stems", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_category_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("key", name=op.f("uq_category_key")),
    )
    op.create_table(
        "channel_cursor",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("edge", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("last_digest", sa.LargeBinary(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channel.id"], name=op.f("fk_channel_cursor_channel_id_channel")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_cursor")),
        sa.UniqueConstraint("channel_id", "edge", name=op.f("uq_channel_cursor_channel_id_edge")),
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_contact_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_table(
        "parked_fact",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("raw_event_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("our_reference", sa.Text(), nullable=True),
        sa.Column("fact", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["raw_event_id"], ["raw_event.id"], name=op.f("fk_parked_fact_raw_event_id_raw_event")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parked_fact")),
        sa.UniqueConstraint("raw_event_id", "position", name=op.f("uq_parked_fact_raw_event_id_position")),
    )
    op.create_index(
        "ix_parked_fact_platform_external_id", "parked_fact", ["platform", "external_id"], unique=False
    )
    op.create_table(
        "set_aside",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("raw_event_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_set_aside_channel_id_channel")),
        sa.ForeignKeyConstraint(
            ["raw_event_id"], ["raw_event.id"], name=op.f("fk_set_aside_raw_event_id_raw_event")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_set_aside")),
        sa.UniqueConstraint("raw_event_id", "position", name=op.f("uq_set_aside_raw_event_id_position")),
    )
    op.create_table(
        "user",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "moderator",
                "unit_officer",
                "supervisor",
                "administrator",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            nullable=False,
        ),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("session_key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_user_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("email", name=op.f("uq_user_email")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("may_approve_alone", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_api_token_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_token_digest")),
    )
    op.create_index(op.f("ix_api_token_user_id"), "api_token", ["user_id"], unique=False)
    op.create_table(
        "contact_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_contact_key_contact_id_contact")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_key")),
        sa.UniqueConstraint("scope", "value", name=op.f("uq_contact_key_scope_value")),
    )
    op.create_index(op.f("ix_contact_key_contact_id"), "contact_key", ["contact_id"], unique=False)
    op.create_table(
        "history_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("xact", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("request_id", sa.BigInteger(), nullable=True),
        sa.Column("reply_id", sa.BigInteger(), nullable=True),
        sa.Column("channel_id", sa.BigInteger(), nullable=True),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_history_entry_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_entry")),
    )
    op.create_index(
        "ix_history_entry_message_id",
        "history_entry",
        ["message_id"],
        unique=False,
        postgresql_where=sa.text("message_id IS NOT NULL"),
    )
    op.create_index(
        "ix_history_entry_reply_id",
        "history_entry",
        ["reply_id"],
        unique=False,
        postgresql_where=sa.text("reply_id IS NOT NULL"),
    )
    op.create_index(
        "ix_history_entry_request_id",
        "history_entry",
        ["request_id"],
        unique=False,
        postgresql_where=sa.text("request_id IS NOT NULL"),
    )
    op.create_index("ix_history_entry_xact_id", "history_entry", ["xact", "id"], unique=False)
    op.create_table(
        "idempotency_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_idempotency_key_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_key")),
        sa.UniqueConstraint("user_id", "key", name=op.f("uq_idempotency_key_user_id_key")),
    )
    op.create_table(
        "thread",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=True),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("last_citizen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_thread_channel_id_channel")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_thread_contact_id_contact")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread")),
        sa.UniqueConstraint("channel_id", "key", name=op.f("uq_thread_channel_id_key")),
    )
    op.create_index(op.f("ix_thread_contact_id"), "thread", ["contact_id"], unique=False)
    op.create_table(
        "tracked_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "WITH_UNIT",
                "RETURNED",
                "RESPONDED",
                "CLOSED",
                "CANCELLED",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.Column("neighbourhood_id", sa.BigInteger(), nullable=True),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_until", sa.Date(), nullable=True),
        sa.Column("part_of_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_tracked_request_category_id_category")
        ),
        sa.ForeignKeyConstraint(
            ["neighbourhood_id"],
            ["neighbourhood.id"],
            name=op.f("fk_tracked_request_neighbourhood_id_neighbourhood"),
        ),
        sa.ForeignKeyConstraint(
            ["part_of_id"], ["tracked_request.id"], name=op.f("fk_tracked_request_part_of_id_tracked_request")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_tracked_request_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracked_request")),
        sa.UniqueConstraint("number", name=op.f("uq_tracked_request_number")),
    )
    op.create_index(
        "ix_tracked_request_unit_id_state", "tracked_request", ["unit_id", "state", "id"], unique=False
    )
    op.create_table(
        "answer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "positive",
                "negative",
                "outside",
                "planned",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["tracked_request.id"], name=op.f("fk_answer_request_id_tracked_request")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_answer_unit_id_unit")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_answer_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
    )
    op.create_index(op.f("ix_answer_request_id"), "answer", ["request_id"], unique=False)
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "mention",
                "comment",
                "chat",
                "post",
                "unsupported",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            nullable=False,
        ),
        sa.Column("is_ours", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=True),
        sa.Column("parent_external_id", sa.Text(), nullable=True),
        sa.Column("permalink", sa.Text(), nullable=True),
        sa.Column("button", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("visibility_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("raw_event_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "NEW",
                "WAITING",
                "ANSWERED",
                "CONVERTED",
                "DISMISSED",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            nullable=True,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "intent",
            sa.Enum(
                "emergency",
                "request",
                "question",
                "praise",
                "irrelevant",
                name="intent",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            nullable=False,
        ),
        sa.Column(
            "urgency",
            sa.Enum(
                "siren",
                "look_now",
                "prompt",
                "normal",
                name="urgency",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            nullable=False,
        ),
        sa.Column("suggested_unit_id", sa.BigInteger(), nullable=True),
        sa.Column("suggested_category_id", sa.BigInteger(), nullable=True),
        sa.Column("suggested_neighbourhood_id", sa.BigInteger(), nullable=True),
        sa.Column("suggestion_confidence", sa.Double(), nullable=True),
        sa.Column("request_id", sa.BigInteger(), nullable=True),
        sa.Column("changed_after_conversion", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "(intent = 'emergency') = (urgency IN ('siren', 'look_now'))",
            name=op.f("ck_message_emergency_is_urgent"),
        ),
        sa.CheckConstraint(
            "(state IS NULL) = (is_ours OR kind = 'post')", name=op.f("ck_message_state_where_work")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["contact.id"], name=op.f("fk_message_author_id_contact")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_message_channel_id_channel")),
        sa.ForeignKeyConstraint(["group_id"], ["message.id"], name=op.f("fk_message_group_id_message")),
        sa.ForeignKeyConstraint(
            ["raw_event_id"], ["raw_event.id"], name=op.f("fk_message_raw_event_id_raw_event")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["tracked_request.id"], name=op.f("fk_message_request_id_tracked_request")
        ),
        sa.ForeignKeyConstraint(
            ["suggested_category_id"], ["category.id"], name=op.f("fk_message_suggested_category_id_category")
        ),
        sa.ForeignKeyConstraint(
            ["suggested_neighbourhood_id"],
            ["neighbourhood.id"],
            name=op.f("fk_message_suggested_neighbourhood_id_neighbourhood"),
        ),
        sa.ForeignKeyConstraint(
            ["suggested_unit_id"], ["unit.id"], name=op.f("fk_message_suggested_unit_id_unit")
        ),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_message_thread_id_thread")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("platform", "external_id", name=op.f("uq_message_platform_external_id")),
    )
    op.create_index("ix_message_conversation", "message", ["platform", "conversation"], unique=False)
    op.create_index("ix_message_group_id", "message", ["group_id"], unique=False)
    op.create_index(
        "ix_message_request_id",
        "message",
        ["request_id"],
        unique=False,
        postgresql_where=sa.text("request_id IS NOT NULL"),
    )
    op.create_index(
        "ix_message_search_text",
        "message",
        ["search_text"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_message_state_id",
        "message",
        ["state", "id"],
        unique=False,
        postgresql_where=sa.text("state IS NOT NULL"),
    )
    op.create_index("ix_message_thread_id_sent_at", "message", ["thread_id", "sent_at"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("media_id", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("mime", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "PENDING",
                "FETCHED",
                "FAILED",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_attachment_message_id_message")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("message_id", "position", name=op.f("uq_attachment_message_id_position")),
    )
    op.create_table(
        "deed",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_deed_channel_id_channel")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_deed_message_id_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deed")),
    )
    op.create_table(
        "former_text",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_former_text_message_id_message")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_text")),
        sa.UniqueConstraint("message_id", "observed_at", name=op.f("uq_former_text_message_id_observed_at")),
    )
    op.create_table(
        "message_door",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channel.id"], name=op.f("fk_message_door_channel_id_channel")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_message_door_message_id_message")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_door")),
        sa.UniqueConstraint("message_id", "channel_id", name=op.f("uq_message_door_message_id_channel_id")),
    )
    op.create_table(
        "reply",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=True),
        sa.Column("answer_id", sa.BigInteger(), nullable=True),
        sa.Column("rates_reply_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "acknowledgement",
                "question",
                "interim",
                "answer",
                "rating",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "DRAFT",
                "READY",
                "SENDING",
                "SENT",
                "UNCERTAIN",
                "FAILED",
                "WITHDRAWN",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("choices", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("in_private", sa.Boolean(), nullable=False),
        sa.Column("compose_key", sa.Text(), nullable=True),
        sa.Column("written_by_id", sa.BigInteger(), nullable=True),
        sa.Column("approved_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("draft_reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("next_look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "receipt",
            sa.Enum(
                "sent",
                "delivered",
                "read",
                "failed",
                name="receipt",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            nullable=True,
        ),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind != 'rating' OR rates_reply_id IS NOT NULL", name=op.f("ck_reply_rating_rates")
        ),
        sa.ForeignKeyConstraint(["answer_id"], ["answer.id"], name=op.f("fk_reply_answer_id_answer")),
        sa.ForeignKeyConstraint(["approved_by_id"], ["user.id"], name=op.f("fk_reply_approved_by_id_user")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_reply_channel_id_channel")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_reply_message_id_message")),
        sa.ForeignKeyConstraint(["rates_reply_id"], ["reply.id"], name=op.f("fk_reply_rates_reply_id_reply")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["tracked_request.id"], name=op.f("fk_reply_request_id_tracked_request")
        ),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_reply_thread_id_thread")),
        sa.ForeignKeyConstraint(["written_by_id"], ["user.id"], name=op.f("fk_reply_written_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply")),
        sa.UniqueConstraint("answer_id", "thread_id", name=op.f("uq_reply_answer_id_thread_id")),
        sa.UniqueConstraint("compose_key", name=op.f("uq_reply_compose_key")),
        sa.UniqueConstraint("rates_reply_id", name=op.f("uq_reply_rates_reply_id")),
    )
    op.create_index("ix_reply_message_id", "reply", ["message_id"], unique=False)
    op.create_index(
        "ix_reply_request_id",
        "reply",
        ["request_id"],
        unique=False,
        postgresql_where=sa.text("request_id IS NOT NULL"),
    )
    op.create_index("ix_reply_state_id", "reply", ["state", "id"], unique=False)
    op.create_index(
        "ix_reply_unfinished",
        "reply",
        ["channel_id", "thread_id", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('READY', 'SENDING', 'UNCERTAIN')"),
    )
    op.create_index(
        "uq_reply_platform_external_id",
        "reply",
        ["platform", "external_id"],
        unique=True,
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_table(
        "note",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("request_id", sa.BigInteger(), nullable=True),
        sa.Column("reply_id", sa.BigInteger(), nullable=True),
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column("reason_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(message_id, request_id, reply_id) = 1", name=op.f("ck_note_one_subject")
        ),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_note_message_id_message")),
        sa.ForeignKeyConstraint(["reason_id"], ["reason.id"], name=op.f("fk_note_reason_id_reason")),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.id"], name=op.f("fk_note_reply_id_reply")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["tracked_request.id"], name=op.f("fk_note_request_id_tracked_request")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_note_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    op.create_index(
        "ix_note_message_id",
        "note",
        ["message_id"],
        unique=False,
        postgresql_where=sa.text("message_id IS NOT NULL"),
    )
    op.create_index(
        "ix_note_request_id",
        "note",
        ["request_id"],
        unique=False,
        postgresql_where=sa.text("request_id IS NOT NULL"),
    )
    op.create_table(
        "rating",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reply_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_rating_stars")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_rating_message_id_message")),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.id"], name=op.f("fk_rating_reply_id_reply")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating")),
        sa.UniqueConstraint("reply_id", name=op.f("uq_rating_reply_id")),
    )
    op.execute(_REFUSE_CHANGE)
    op.execute("INSERT INTO feed_epoch (id, epoch) VALUES (1, 1)")


def downgrade() -> None:
    """Back to an empty database."""
    op.execute("DROP TRIGGER history_is_append_only ON history_entry")
    op.execute("DROP FUNCTION refuse_change()")
    op.execute("DROP SEQUENCE request_number")
    op.drop_table("rating")
    op.drop_index("ix_note_request_id", table_name="note", postgresql_where=sa.text("request_id IS NOT NULL"))
    op.drop_index("ix_note_message_id", table_name="note", postgresql_where=sa.text("message_id IS NOT NULL"))
    op.drop_table("note")
    op.drop_index(
        "uq_reply_platform_external_id",
        table_name="reply",
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_reply_unfinished",
        table_name="reply",
        postgresql_where=sa.text("state IN ('READY', 'SENDING', 'UNCERTAIN')"),
    )
    op.drop_index("ix_reply_state_id", table_name="reply")
    op.drop_index(
        "ix_reply_request_id", table_name="reply", postgresql_where=sa.text("request_id IS NOT NULL")
    )
    op.drop_index("ix_reply_message_id", table_name="reply")
    op.drop_table("reply")
    op.drop_table("message_door")
    op.drop_table("former_text")
    op.drop_table("deed")
    op.drop_table("attachment")
    op.drop_index("ix_message_thread_id_sent_at", table_name="message")
    op.drop_index("ix_message_state_id", table_name="message", postgresql_where=sa.text("state IS NOT NULL"))
    op.drop_index(
        "ix_message_search_text",
        table_name="message",
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    op.drop_index(
        "ix_message_request_id", table_name="message", postgresql_where=sa.text("request_id IS NOT NULL")
    )
    op.drop_index("ix_message_group_id", table_name="message")
    op.drop_index("ix_message_conversation", table_name="message")
    op.drop_table("message")
    op.drop_index(op.f("ix_answer_request_id"), table_name="answer")
    op.drop_table("answer")
    op.drop_index("ix_tracked_request_unit_id_state", table_name="tracked_request")
    op.drop_table("tracked_request")
    op.drop_index(op.f("ix_thread_contact_id"), table_name="thread")
    op.drop_table("thread")
    op.drop_table("idempotency_key")
    op.drop_index("ix_history_entry_xact_id", table_name="history_entry")
    op.drop_index(
        "ix_history_entry_request_id",
        table_name="history_entry",
        postgresql_where=sa.text("request_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_history_entry_reply_id",
        table_name="history_entry",
        postgresql_where=sa.text("reply_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_history_entry_message_id",
        table_name="history_entry",
        postgresql_where=sa.text("message_id IS NOT NULL"),
    )
    op.drop_table("history_entry")
    op.drop_index(op.f("ix_contact_key_contact_id"), table_name="contact_key")
    op.drop_table("contact_key")
    op.drop_index(op.f("ix_api_token_user_id"), table_name="api_token")
    op.drop_table("api_token")
    op.drop_table("user")
    op.drop_table("set_aside")
    op.drop_index("ix_parked_fact_platform_external_id", table_name="parked_fact")
    op.drop_table("parked_fact")
    op.drop_table("contact")
    op.drop_table("channel_cursor")
    op.drop_table("category")
    op.drop_table("unit")
    op.drop_table("reply_text")
    op.drop_table("reason")
    op.drop_index(
        "uq_raw_event_source_digest",
        table_name="raw_event",
        postgresql_where=sa.text("starts_with(source, 'hook:')"),
    )
    op.drop_index(
        "ix_raw_event_pending", table_name="raw_event", postgresql_where=sa.text("state = 'PENDING'")
    )
    op.drop_table("raw_event")
    op.drop_table("person")
    op.drop_table("neighbourhood")
    op.drop_table("hook_count")
    op.drop_table("feed_epoch")
    op.drop_table("city_setting")
    op.drop_table("channel")
