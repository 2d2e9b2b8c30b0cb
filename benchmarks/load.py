"""Load: signed requests as Slack sends them, and a client that costs little beside what it measures."""

import asyncio
import hashlib
import hmac
import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode


@dataclass(frozen=True)
class Figure:
    """What one measurement gave."""

    per_second: float
    median_ms: float
    p99_ms: float
    answers: int = 0


def request(port: int, secret: str, form: dict[str, Any]) -> bytes:
    """Give a signed request as bytes."""
    body = urlencode(form).encode()
    at = str(int(time.time()))
    digest = hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
    head = (
        f"POST /slack/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"X-Slack-Request-Timestamp: {at}\r\nX-Slack-Signature: v0={digest}\r\n\r\n"
    )
    return head.encode() + body


def command(text: str, name: str = "/quality") -> dict[str, Any]:
    """Give the form of a command with words after it."""
    who = {"team_id": "T0SPONSOR", "user_id": "U0ANNA", "channel_id": "C0SHARED"}
    return {"command": name, "text": text, "trigger_id": "1.2.3", **who}


def press(action: str, record_id: int) -> dict[str, Any]:
    """Give the form of a press of a button on the card of a record of the first channel, as it was first drawn."""
    value = json.dumps({"p": 1, "r": record_id, "v": 1})
    button = {"type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": "1.2"}
    who = {"user": {"id": "U0ANNA", "team_id": "T0SPONSOR"}, "team": {"id": "T0SPONSOR", "domain": "example"}}
    where = {"channel": {"id": "C0SHARED", "name": "shared"}, "container": {"type": "message", "is_ephemeral": False}}
    told = {"type": "block_actions", "actions": [button], "trigger_id": "1.2.3", **who, **where}
    return {"payload": json.dumps(told)}


def submission(number: int) -> dict[str, Any]:
    """Give the form of a filled-in Log deviation, each with a view id of its own."""
    values: dict[str, Any] = {
        "title": {"value": f"Yield below the limit in run {number}"},
        "happened": {"value": "87.9 % against at least 90.0 %; tooling of station 12 worn."},
        "lots": {"value": f"TB-{number}"},
        "detected_at": {"selected_date_time": int(time.time()) - 60},
        "class_": {"selected_option": {"value": "Major"}},
        "distributed": {"selected_option": {"value": "No"}},
    }
    view = {
        "id": f"V{time.time_ns()}{number}",
        "type": "modal",
        "callback_id": "deviation.log",
        "private_metadata": '{"p":1}',
        "blocks": [{"type": "input", "block_id": name} for name in values],
        "state": {"values": {name: {"value": given} for name, given in values.items()}},
    }
    who = {"user": {"id": "U0ANNA", "team_id": "T0SPONSOR"}, "team": {"id": "T0SPONSOR", "domain": "example"}}
    return {"payload": json.dumps({"type": "view_submission", "view": view, **who})}


async def measure(port: int, requests: list[bytes], at_once: int, seconds: float) -> Figure:
    """Send the requests, so many at once, until they or the seconds run out."""
    waiting, times = iter(requests), list[float]()
    began = time.perf_counter()
    await asyncio.gather(*(_sender(port, waiting, times, began + seconds) for _ in range(at_once)))
    spent = time.perf_counter() - began
    p99 = statistics.quantiles(times, n=100)[98]
    return Figure(len(times) / spent, statistics.median(times) * 1000, p99 * 1000, len(times))


async def _sender(port: int, waiting: Iterator[bytes], times: list[float], until: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for sent in waiting:
        before = time.perf_counter()
        if before > until:
            break
        writer.write(sent)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        body = await reader.readexactly(int(length.split(b":")[1]))
        times.append(time.perf_counter() - before)
        if not head.startswith(b"HTTP/1.1 200") or b"errors" in body:
            raise RuntimeError(f"refused: {(head + body).decode()}")
    writer.close()
