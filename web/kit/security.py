"""What every answer tells the browser about safety, the CSRF check, and the counting of failed logins."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from flask import Flask, Response, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from inbox.settings import settings

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # data: the style sheet's own small drawings
        "font-src 'self'",
        "connect-src 'self'",
        "media-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

csrf = CSRFProtect()

# The counters live in the broker so that several machines share them. They must never stop a login: the
# broker has a fifth of a second to answer, after which this process counts by itself and asks again later.
limiter = Limiter(
    get_remote_address,
    strategy="moving-window",
    key_prefix="cozum",
    in_memory_fallback_enabled=True,
    headers_enabled=False,
)
REDIS_PATIENCE: dict[str, str | int] = {
    "socket_timeout": 0.2,  # type: ignore[dict-item]  # the library says int and passes floats on
    "socket_connect_timeout": 0.2,  # type: ignore[dict-item]
}


def limits_storage(broker_url: str) -> str:
    """Where failed logins are counted: the broker where it is a Redis or Valkey, else this process.

    Celery and the counting library spell a socket file differently: `redis+socket:///run/s?virtual_host=0`.
    """
    parts = urlsplit(broker_url)
    if parts.scheme in ("redis", "rediss"):
        return urlunsplit(parts._replace(query=""))
    if parts.scheme in ("redis+socket", "unix"):
        return f"redis+unix://{parts.netloc}{parts.path}"
    return "memory://"


def safety_headers() -> dict[str, str]:
    """What every answer tells the browser."""
    if settings().cookie_secure:
        return {**_HEADERS, "Strict-Transport-Security": "max-age=31536000"}
    return _HEADERS


def _add_headers(response: Response) -> Response:
    for name, value in safety_headers().items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        # A shared municipal PC must not show the last user's screens after the log-out.
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def install(app: Flask) -> None:
    """Give `app` its cookies, its CSRF check, its counters and its headers."""
    storage = limits_storage(settings().broker_url)
    app.config.update(
        SECRET_KEY=settings().secret_key.get_secret_value(),
        SESSION_COOKIE_NAME="cozum_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings().cookie_secure,
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=8 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,  # a desk keeps its page open all day; the session is the limit
        RATELIMIT_STORAGE_URI=storage,
        RATELIMIT_STORAGE_OPTIONS={} if storage == "memory://" else REDIS_PATIENCE,
    )
    if settings().trusted_proxies:
        hops = settings().trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    csrf.init_app(app)
    limiter.init_app(app)
    app.after_request(_add_headers)
