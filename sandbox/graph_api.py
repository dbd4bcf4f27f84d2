"""The Graph API's routes: passes each call to Facebook, Instagram, Messenger or WhatsApp."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from sandbox import facebook, instagram, messenger, whatsapp
from sandbox.access import LONG_LIFE
from sandbox.calls import Answered, json_response
from sandbox.clock import unix
from sandbox.graph_calls import Call, authenticate, channel_of_token, error, unknown_object, with_usage
from sandbox.state import Sandbox, current_sandbox

blueprint = Blueprint("graph", __name__)

SCOPES = {
    "facebook": (
        "pages_show_list",
        "pages_read_engagement",
        "pages_read_user_content",
        "pages_manage_posts",
        "pages_manage_engagement",
        "pages_manage_metadata",
        "pages_messaging",
    ),
    "instagram": ("instagram_basic", "instagram_manage_comments", "instagram_manage_messages"),
    "whatsapp": ("whatsapp_business_management", "whatsapp_business_messaging"),
}
SUBSCRIBED_FIELDS = {
    "facebook": ["feed", "messages", "message_echoes", "message_deliveries", "message_reads"],
    "instagram": ["comments", "mentions", "messages"],
    "whatsapp": ["messages"],
}


blueprint.after_request(with_usage)


@blueprint.errorhandler(Answered)
def _answer(ended: Answered) -> Response:
    return ended.response


@blueprint.route("/<version>/<path:path>", methods=["GET", "POST", "DELETE"])
def serve(version: str, path: str) -> Response:
    """Answer any call of the Graph API."""
    if path == "oauth/access_token":
        return _exchanged(current_sandbox())
    call = authenticate(version, path)
    if call.node == "debug_token" and not call.edge:
        return json_response({"data": _debugged(call)})
    if call.edge == "subscribed_apps" and call.node in (call.channel.external_id, call.channel.waba_id):
        return _subscriptions(call)
    if call.channel.platform == "whatsapp":
        return whatsapp.serve(call)
    if call.node == call.channel.external_id:
        if call.method == "POST" and call.edge == "messages":
            return messenger.send(call)
        return (
            facebook.serve_page(call)
            if call.channel.platform == "facebook"
            else instagram.serve_account(call)
        )
    with call.sandbox.world.lock:
        entry = call.sandbox.world.find(call.channel.platform, call.node)
        if entry is None or not entry.is_public or entry.kind == "dm" or entry.channel != call.channel.key:
            raise unknown_object(call.node, call.method)
        if call.channel.platform == "facebook":
            return facebook.serve_object(call, entry)
        return instagram.serve_object(call, entry)


def _exchanged(sandbox: Sandbox) -> Response:
    """Exchange a valid token for a new long-lived one. Requires the app's secret."""
    args = {**request.args.to_dict(), **request.form.to_dict()}
    if args.get("grant_type") != "fb_exchange_token":
        raise error(100, "(#100) Unsupported grant type")
    config = sandbox.config
    if (args.get("client_id"), args.get("client_secret")) != (config.meta_app_id, config.meta_app_secret):
        raise error(101, "Error validating client secret.")
    channel = channel_of_token(sandbox, args.get("fb_exchange_token", ""))
    token = sandbox.access_of(channel.key).renew(channel.token, sandbox.clock.now())
    seconds = int(LONG_LIFE.total_seconds())
    return json_response({"access_token": token, "token_type": "bearer", "expires_in": seconds})


def _debugged(call: Call) -> dict[str, Any]:
    """What `debug_token` reports about the token in `input_token`."""
    asked = call.text("input_token")
    for channel in call.sandbox.config.channels:
        account_access = call.sandbox.access_of(channel.key)
        if channel.platform != "x" and asked in (channel.token, *account_access.tokens):
            given = account_access.scopes if account_access.scopes is not None else channel.scopes
            scopes = list(SCOPES[channel.platform] if given is None else given)
            return {
                "app_id": call.sandbox.config.meta_app_id,
                "type": "PAGE" if channel.platform == "facebook" else "USER",
                "application": "Sandbox",
                "data_access_expires_at": 0,
                "expires_at": unix(account_access.expires_at) if account_access.expires_at else 0,
                "is_valid": True,
                "issued_at": unix(call.sandbox.clock.now()) - 86_400,
                "profile_id": channel.external_id,
                "scopes": scopes,
                "granular_scopes": [
                    {"scope": scope, "target_ids": [channel.waba_id or channel.external_id]}
                    for scope in scopes
                ],
            }
    problem = {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"}
    return {"error": problem, "is_valid": False, "scopes": []}


def _subscriptions(call: Call) -> Response:
    """Read, set or delete the account's hook subscriptions (`subscribed_apps`)."""
    config, key = call.sandbox.config, call.channel.key
    fields = call.sandbox.subscriptions.get(key, SUBSCRIBED_FIELDS[call.channel.platform])
    if call.method == "GET":
        app = {"name": "Sandbox", "id": config.meta_app_id}
        if call.channel.platform == "whatsapp":
            return json_response({"data": [{"whatsapp_business_api_data": app}] if fields else []})
        return json_response({"data": [{**app, "subscribed_fields": fields}] if fields else []})
    if call.method == "DELETE":
        call.sandbox.subscriptions[key] = []
        call.sandbox.hooks.unsubscribed.add(key)
        return json_response({"success": True})
    asked = [name for name in call.text("subscribed_fields").split(",") if name]
    if not asked and call.channel.platform != "whatsapp":
        raise error(100, "(#100) The parameter subscribed_fields is required.")
    call.sandbox.subscriptions[key] = asked or SUBSCRIBED_FIELDS["whatsapp"]
    call.sandbox.hooks.unsubscribed.discard(key)
    return json_response({"success": True})
