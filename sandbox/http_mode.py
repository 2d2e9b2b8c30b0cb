"""HTTP mode: a request signed as Slack signs it, posted to the app's address."""

import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

import aiohttp

from sandbox.elements import Json
from sandbox.line import Delivery, NoAnswer

_FORM = "application/x-www-form-urlencoded"


def encode(kind: str, body: Json) -> tuple[str, bytes]:
    """Return content type and bytes: commands are forms, interactions a form's `payload`, events JSON."""
    if kind == "event":
        return "application/json", json.dumps(body).encode()
    form = body if kind == "command" else {"payload": json.dumps(body)}
    return _FORM, urlencode(form).encode()


def signed(raw: bytes, content_type: str, secret: str) -> dict[str, str]:
    """Return the headers Slack sends, signed over the raw body with the real time."""
    moment = str(int(time.time()))
    digest = hmac.new(secret.encode(), b"v0:" + moment.encode() + b":" + raw, hashlib.sha256).hexdigest()
    return {
        "Content-Type": content_type,
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "X-Slack-Request-Timestamp": moment,
        "X-Slack-Signature": f"v0={digest}",
    }


async def post(session: aiohttp.ClientSession, url: str, delivery: Delivery, seconds: float) -> None:
    """Post the delivery's bytes and note the answer in it; NoAnswer if there is none Slack would accept."""
    try:
        timeout = aiohttp.ClientTimeout(total=seconds)
        async with session.post(url, data=delivery.raw, headers=delivery.headers, timeout=timeout) as response:
            delivery.status = response.status
            delivery.no_retry = "x-slack-no-retry" in response.headers
            delivery.answer = _read(await response.text())
    except TimeoutError:
        raise NoAnswer("operation_timeout", "http_timeout") from None
    except aiohttp.ClientError:
        raise NoAnswer("dispatch_failed", "connection_failed") from None
    if delivery.status != 200:  # noqa: PLR2004 -- the only status Slack takes for an acknowledgement
        raise NoAnswer("dispatch_failed", "http_error")


def _read(text: str) -> Json | str | None:
    try:
        parsed = json.loads(text)
    except ValueError:
        return text or None
    return parsed if isinstance(parsed, dict) else text
