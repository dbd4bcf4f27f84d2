"""Turns rows into the API's shapes. The caller loads related rows beforehand, to avoid a query a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from inbox import channels
from inbox.models import (
    Category,
    Channel,
    HistoryEntry,
    Message,
    Neighbourhood,
    Reason,
    Reply,
    TrackedRequest,
    Unit,
)
from inbox.queries import for_api
from inbox.queries.for_api import Names, WholeRequest
from web.api import shapes


def _names(row: Unit | Category | Neighbourhood | Reason) -> shapes.TranslatedName:
    return shapes.TranslatedName(tr=row.name_tr, en=row.name_en, ar=row.name_ar)


def unit(row: Unit) -> shapes.ListedUnit:
    return shapes.ListedUnit(key=row.key, names=_names(row), outside=row.is_outside, hotline=row.hotline)


def category(row: Category, names: Names) -> shapes.ListedCategory:
    proposed = names.units.get(row.unit_id) if row.unit_id is not None else None
    return shapes.ListedCategory(key=row.key, names=_names(row), unit=proposed)


def neighbourhood(row: Neighbourhood) -> shapes.ListedNeighbourhood:
    return shapes.ListedNeighbourhood(
        key=row.key,
        names=_names(row),
        postcode=row.postcode,
        latitude=row.latitude,
        longitude=row.longitude,
    )


def reason(row: Reason) -> shapes.ListedReason:
    return shapes.ListedReason(key=row.key, use=row.use, names=_names(row))


def channel(row: Channel) -> shapes.ListedChannel:
    return shapes.ListedChannel(
        key=row.key,
        platform=row.platform,
        name=row.name,
        handle=row.handle,
        external_id=row.external_id,
        voice=row.voice,
        health=channels.health(row),
        paused_until=row.paused_until,
        access_lost_at=row.access_lost_at,
        last_event_at=row.last_event_at,
        last_call_at=row.last_call_at,
        last_call_ok_at=row.last_call_ok_at,
    )


def message(row: Message, names: Names) -> shapes.CitizenMessage:
    """Reads the relations author, channel, doors with their channel, and attachments."""
    author = row.author
    return shapes.CitizenMessage(
        id=row.id,
        channel=row.channel.key,
        channels=[door.channel.key for door in row.doors],
        platform=row.platform,
        external_id=row.external_id,
        parent_external_id=row.parent_external_id,
        thread=row.thread_id,
        group=row.group_id,
        author=shapes.MessageAuthor(id=author.id, name=author.name, handle=author.handle) if author else None,
        text=row.text,
        kind=row.kind,
        attachments=[
            shapes.AttachedFile(
                kind=file.kind,
                state=file.state,
                mime=file.mime,
                name=file.name,
                url=file.url,
                latitude=file.latitude,
                longitude=file.longitude,
            )
            for file in row.attachments
        ],
        permalink=row.permalink,
        sent_at=row.sent_at,
        received_at=row.received_at,
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
        state=row.state,
        urgency=row.urgency,
        intent=row.intent,
        suggestion=shapes.Suggestion(
            unit=_named(names.units, row.suggested_unit_id),
            category=_named(names.categories, row.suggested_category_id),
            neighbourhood=_named(names.neighbourhoods, row.suggested_neighbourhood_id),
            confidence=row.suggestion_confidence,
        ),
        request=names.requests.get(row.request_id) if row.request_id is not None else None,
    )


def _named(keys: Mapping[int, str], row_id: int | None) -> str | None:
    return keys.get(row_id) if row_id is not None else None


def reply(row: Reply, names: Names) -> shapes.OurReply:
    return shapes.OurReply(
        id=row.id,
        kind=row.kind,
        state=row.state,
        version=row.version,
        channel=names.channels[row.channel_id],
        message=row.message_id,
        request=names.requests.get(row.request_id) if row.request_id is not None else None,
        text=row.text,
        draft_reason=row.draft_reason,
        external_id=row.external_id,
        attempts=row.attempts,
        created_at=row.created_at,
        approved_at=row.approved_at,
        sent_at=row.sent_at,
        delivered_at=row.delivered_at,
        read_at=row.read_at,
        failure=row.failure,
    )


def event(row: HistoryEntry, names: Names) -> shapes.Event:
    return shapes.Event(
        id=row.id,
        at=row.at,
        kind=row.kind,
        by=row.by,
        message=row.message_id,
        request=names.requests.get(row.request_id) if row.request_id is not None else None,
        reply=row.reply_id,
        channel=_named(names.channels, row.channel_id),
        from_state=row.from_state,
        to_state=row.to_state,
        details=row.details,
    )


def requests(session: Session, rows: Sequence[TrackedRequest]) -> list[shapes.CitizenRequest]:
    """The requests with their messages, answers, replies and history, in a fixed number of statements."""
    whole = for_api.load_requests(session, rows)
    ids = [row.id for row in rows] + [row.part_of_id for row in rows]
    names = for_api.names(session, requests=ids)
    return [_request(request, names) for request in whole]


def _request(whole: WholeRequest, names: Names) -> shapes.CitizenRequest:
    """`names` must hold the numbers of the request and of the one it is part of."""
    row = whole.row
    return shapes.CitizenRequest(
        number=row.number,
        state=row.state,
        version=row.version,
        unit=row.unit.key,
        category=row.category.key,
        neighbourhood=row.neighbourhood.key if row.neighbourhood else None,
        priority=row.priority,
        opened_at=row.opened_at,
        due_at=row.due_at,
        overdue=row.is_overdue,
        planned_until=row.planned_until,
        part_of=names.requests.get(row.part_of_id) if row.part_of_id is not None else None,
        messages=[message(each, names) for each in row.messages],
        answers=[
            shapes.UnitAnswer(
                id=answer.id,
                outcome=answer.outcome,
                text=answer.text,
                until=answer.until,
                unit=answer.unit.key,
                answered_at=answer.answered_at,
            )
            for answer in row.answers
        ],
        replies=[reply(each, names) for each in row.replies],
        ratings=_ratings(row.replies),
        history=[event(entry, names) for entry in whole.history],
    )


def _ratings(replies: Sequence[Reply]) -> list[shapes.CitizenRating]:
    given = [each.rating for each in replies if each.rating is not None]
    return [
        shapes.CitizenRating(
            reply=rating.reply_id, stars=rating.stars, text=rating.text, rated_at=rating.rated_at
        )
        for rating in given
    ]
