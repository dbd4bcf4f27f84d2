"""Security headers, cookies, the CSRF check and the rate limit of failed logins."""

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
        "img-src 'self' data:",  # the style sheet embeds small images as data: URLs
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

# The counters are in the broker so that several machines share them. A hanging broker must not block logins:
# after 0.2 s without an answer this process counts by itself and tries the broker again later.
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
    """The storage URL for failed logins: the broker if it is Redis or Valkey, else this process's memory.

    Celery spells a socket file `redis+socket:///run/s?virtual_host=0`, Flask-Limiter `redis+unix:///run/s`.
    """
    parts = urlsplit(broker_url)
    if parts.scheme in ("redis", "rediss"):
        return urlunsplit(parts._replace(query=""))
    if parts.scheme in ("redis+socket", "unix"):
        return f"redis+unix://{parts.netloc}{parts.path}"
    return "memory://"


def safety_headers() -> dict[str, str]:
    """The security headers of every response."""
    if settings().cookie_secure:
        return {**_HEADERS, "Strict-Transport-Security": "max-age=31536000"}
    return _HEADERS


def _add_headers(response: Response) -> Response:
    for name, value in safety_headers().items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        # On a shared PC, the back button must not show the last user's screens after log-out.
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def install(app: Flask) -> None:
    """Configure cookies, CSRF check, rate limits and headers of `app`."""
    storage = limits_storage(settings().broker_url)
    app.config.update(
        SECRET_KEY=settings().secret_key.get_secret_value(),
        SESSION_COOKIE_NAME="cozum_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings().cookie_secure,
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=8 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,  # pages stay open all day; the session's lifetime is the limit
        RATELIMIT_STORAGE_URI=storage,
        RATELIMIT_STORAGE_OPTIONS={} if storage == "memory://" else REDIS_PATIENCE,
    )
    if settings().trusted_proxies:
        hops = settings().trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    csrf.init_app(app)
    limiter.init_app(app)
    app.after_request(_add_headers)
