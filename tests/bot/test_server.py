"""The bot in service, over HTTP and over Socket Mode."""

import asyncio
import hashlib
import hmac
import io
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.sandbox import connected
from bot.server import Server, in_service, listening
from storage.database import Database
from tests.stage import DEVIATION, Stage, staged


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def until(true: Callable[[], object]) -> None:
    for _ in range(300):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come true")


def signed(secret: str, body: str, at: float | None = None) -> dict[str, str]:
    stamp = str(int(at or time.time()))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    kind = "application/x-www-form-urlencoded"
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={digest}", "content-type": kind}


COMMAND = "command=%2Fquality&text=help&team_id=T0AURORA&user_id=U0ANNA&channel_id=C0SHARED&trigger_id=1"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        ({"x-slack-signature": "v0=" + "0" * 64}, 401),
        ({"x-slack-signature": ""}, 401),
        ({"x-slack-signature": "v0=\u00e9"}, 401),
        ({"x-slack-request-timestamp": "1"}, 401),
        ({"x-slack-request-timestamp": "soon"}, 401),
    ],
)
async def test_only_signed_requests_are_served(
    stage: Stage, http: ClientSession, change: dict[str, str], status: int
) -> None:
    """A request without Slack's own signature is refused."""
    headers = signed(stage.box.signing_secret, COMMAND) | change
    async with http.post(stage.box.events_url or "", data=COMMAND, headers=headers) as answer:
        assert answer.status == status


async def test_an_old_request_is_refused(stage: Stage, http: ClientSession) -> None:
    """A request signed more than five minutes ago is refused."""
    headers = signed(stage.box.signing_secret, COMMAND, at=time.time() - 400)
    async with http.post(stage.box.events_url or "", data=COMMAND, headers=headers) as answer:
        assert answer.status == 401


async def test_broken_bodies_are_refused(stage: Stage, http: ClientSession) -> None:
    """Ten megabytes, broken UTF-8 and broken JSON are answered, and the bot lives on."""
    url = stage.box.events_url or ""
    headers = signed(stage.box.signing_secret, "")
    async with http.post(url, data=io.BytesIO(b"x" * 10_000_000), headers=headers) as answer:
        assert answer.status == 413
    async with http.post(url, data=b"\xff\xfe\xfd", headers=headers) as answer:
        assert answer.status == 401
    for body in ("payload=%7Bbroken", "{", "[]", "[" * 5000, "payload=null", "payload=[]", "", "command=/quality"):
        async with http.post(url, data=body, headers=signed(stage.box.signing_secret, body)) as answer:
            assert answer.status in (200, 400, 404), body
        async with http.post(url, data=body, headers={"x-slack-request-timestamp": "9" * 5000}) as answer:
            assert answer.status in (400, 401), body
    async with http.post(url, data=COMMAND, headers=signed(stage.box.signing_secret, COMMAND)) as answer:
        assert answer.status == 200


async def test_alive_and_ready(stage: Stage, http: ClientSession) -> None:
    """/healthz says the process lives; /readyz says whether Slack and the database are there."""
    server = Server()
    async with listening(server, "127.0.0.1", 0) as port:
        base = f"http://127.0.0.1:{port}"
        for path, status in (("/healthz", 200), ("/readyz", 503), ("/nothing", 404)):
            async with http.get(base + path) as answer:
                assert answer.status == status
        async with http.post(base + "/slack/events", data=COMMAND) as answer:
            assert answer.status == 503
        server.bot = stage.bot
        async with http.get(base + "/readyz") as answer:
            assert answer.status == 200
        _lose(Path(stage.database.engine.url.database or ""))
        stage.database.engine.dispose()
        async with http.get(base + "/readyz") as answer:
            assert answer.status == 503


def _lose(file: Path) -> None:
    """Put a folder where the database was, which no database can be opened from."""
    file.unlink()
    file.mkdir()


async def test_in_service_everything_happens_by_itself(stage: Stage) -> None:
    """With delivery and timetable running, a logged deviation stands in the channel without anything else."""
    async with in_service(stage.bot):
        await stage.gita.click("Log deviation")
        stage.gita.fill(DEVIATION)
        assert await stage.gita.submit() == {}
        await until(lambda: stage.cards)


async def test_socket_mode(tmp_path: Path) -> None:
    """The same bot over Socket Mode: command, modal, submission, click, and after a reconnect."""
    async with staged(tmp_path) as http_stage:
        await http_stage.set_up()
        box, database = http_stage.box, Database(http_stage.database.url)
        try:
            async with connected(box, database, socket_mode=True) as bot, in_service(bot):
                box.events_url = None
                stage = Stage(box, bot)
                await stage.anna.command("/deviation Over the socket")
                stage.anna.fill({"What happened": "x"})
                assert "detected_at" in str(await stage.anna.submit(client_checks=False)) or stage.anna.modal is None
                await until(lambda: stage.cards)
                await box.sockets.refresh()
                await until(lambda: box.sockets.connected if hasattr(box.sockets, "connected") else True)
                await asyncio.sleep(0.5)
                await stage.gita.click("Comment", stage.cards[0])
                stage.gita.fill({"Comment": "Still there."})
                assert await stage.gita.submit() == {}
                await until(lambda: stage.gita.thread(stage.cards[0]))
        finally:
            database.close()
