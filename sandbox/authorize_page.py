"""The page on which a person lets the app into a workspace; what it asks and decides is in `oauth`."""

import html
from pathlib import Path

from aiohttp import web

from sandbox.oauth import OAuth
from sandbox.refused import Refused

_PAGE = Path(__file__).parent / "page" / "authorize.html"
_REFUSAL = "<h1>That cannot be authorized</h1><p class='trouble'>Slack’s word for it: {}</p>"  # noqa: RUF001 -- prose


def show(oauth: OAuth, request: web.Request, headers: dict[str, str]) -> web.Response:
    """Return the page; an address that is not in order is refused at once, in Slack's word."""
    page, status = _PAGE.read_text(encoding="utf-8"), 200
    try:
        oauth.read(request.query)
    except Refused as refused:
        page, status = page.replace("<!-- refusal -->", _REFUSAL.format(html.escape(refused.error))), 400
    return web.Response(text=page, status=status, content_type="text/html", headers=headers)
