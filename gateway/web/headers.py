"""The headers of every page: nothing from elsewhere, no script but ours, no frame, no copy of what is personal."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

CONTENT_SECURITY_POLICY: Final = ("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
                                  "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
                                  "require-trusted-types-for 'script'; trusted-types 'none'")
_ALWAYS: Final = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def secure(response: Response, *, https: bool, personal: bool) -> Response:
    """Add the headers. ``personal``: the page shows or asks for something about a person, so no copy is kept."""
    for name, value in _ALWAYS.items():
        response.headers[name] = value
    response.headers.setdefault("cache-control", "no-store" if personal else "no-cache")
    response.headers["vary"] = "Cookie, Accept, Accept-Language"
    if personal:
        response.headers["x-robots-tag"] = "noindex"
    if https:
        response.headers["strict-transport-security"] = "max-age=31536000"
    return response
