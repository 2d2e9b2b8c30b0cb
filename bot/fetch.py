"""One file from Slack: asked for with the token nowhere but at Slack, and no more of it read than may be kept."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from aiohttp import ClientResponse, ClientTimeout
from slack_sdk.web.async_client import AsyncWebClient

from handlers import slack_errors
from quality.evidence import Fetched, examined
from quality.files import MOST_BYTES, Unfit, check_known, clean_name

SLACK = "slack.com"
MOST_REDIRECTS = 3
CHUNK = 64 * 1024
TIMEOUT = ClientTimeout(total=240, sock_read=30)
REDIRECTS = (301, 302, 303, 307, 308)
OK = 200
UNSEEN = ("file_not_found", "file_not_visible", "not_visible")
WITHOUT_CONTENT = ("external", "tombstone", "hidden_by_limit", "email", "space", "canvas", "list")


class Broken(Exception):  # noqa: N818 - a reason to try again
    """A file that did not come whole this time; the words say why."""


class Unseen(Unfit):
    """A file that this bot may not see; another installation's may."""


async def fetch(slack: AsyncWebClient, file_id: str, known_as: str) -> Fetched:
    """Fetch a file; Unfit where it is never to be had, Broken where it may come another time.

    Slack is asked about the file first: what an event or a form says of it may be old, and of the other company's file
    it says nothing but its id.
    """
    about = await _ask(slack, file_id, known_as)
    name = clean_name(str(about.get("name") or known_as))
    if about.get("mode") in WITHOUT_CONTENT or about.get("is_external"):
        raise Unfit(f"“{name}” lies outside Slack, or is none that can be fetched. Share the file itself.")
    size = about.get("size")
    check_known(name, size if isinstance(size, int) else None)
    url = str(about.get("url_private_download") or about.get("url_private") or "")
    content = await _read(slack, url, name)
    if isinstance(size, int) and len(content) != size:
        raise Broken(f"Slack gave {len(content)} of its {size} bytes.")
    return await asyncio.to_thread(examined, name, str(about.get("mimetype") or ""), content)


async def _ask(slack: AsyncWebClient, file_id: str, known_as: str) -> Mapping[str, Any]:
    try:
        answer = await slack.files_info(file=file_id)
    except slack_errors.FAILURES as error:
        word = slack_errors.word(error)
        name = f"“{known_as}”" if known_as != "file" else "It"
        if word == "file_deleted":
            raise Unfit(f"{name} was deleted in Slack before it was fetched. Share it again.") from error
        if word in UNSEEN:
            raise Unseen(f"{name} is not where the bot may see it. Share it in this channel's thread.") from error
        raise Broken(f"Slack says {word}.") from error
    return answer.get("file") or {}


async def _read(slack: AsyncWebClient, url: str, name: str) -> bytes:
    """Read what is at an address, following redirects within Slack by hand: the token goes nowhere else."""
    session = slack.session
    assert session is not None  # noqa: S101 - bot/wiring gives every client one
    headers = {"Authorization": f"Bearer {slack.token}"}
    for _ in range(MOST_REDIRECTS + 1):
        if not is_slacks(url, slack.base_url):
            raise Unfit(f"“{name}” lies outside Slack, where the bot fetches nothing. Share the file itself.")
        try:
            async with session.get(
                url, headers=headers, allow_redirects=False, timeout=TIMEOUT, proxy=slack.proxy
            ) as answer:
                if answer.status not in REDIRECTS:
                    return await _body(answer, name)
                url = urljoin(url, answer.headers.get("Location", ""))
        except slack_errors.UNREACHABLE as error:
            raise Broken(f"the download broke off: {type(error).__name__}.") from error
    raise Broken("Slack leads from one address to the next.")


async def _body(answer: ClientResponse, name: str) -> bytes:
    if answer.status != OK:
        raise Broken(f"Slack answered the download with status {answer.status}.")
    if answer.content_type == "text/html":  # its page for logging in, sent where a token may not read files
        raise Broken("Slack sent a page in place of the file. Is the scope files:read granted?")
    content = bytearray()
    async for chunk in answer.content.iter_chunked(CHUNK):
        content += chunk
        if len(content) > MOST_BYTES:
            check_known(name, len(content))
    return bytes(content)


def is_slacks(url: str, api_url: str) -> bool:
    """Whether an address may be sent the token: Slack's by https, or that of the Web API itself."""
    try:
        wanted, api = urlsplit(url), urlsplit(api_url)
        same = (wanted.scheme, wanted.hostname, wanted.port) == (api.scheme, api.hostname, api.port)
    except ValueError:
        return False
    if same and wanted.hostname:
        return True
    host = wanted.hostname or ""
    return wanted.scheme == "https" and wanted.port in (None, 443) and (host == SLACK or host.endswith(f".{SLACK}"))
