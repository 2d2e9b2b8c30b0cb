"""Sends a file to Slack from the disk, however large, without holding it in memory."""

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import ClientTimeout
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

LARGEST = 1_000_000_000  # bytes, by Slack's own account
STANDS = 60  # seconds without a byte before it is given up
OK = 200


async def upload(slack: AsyncWebClient, channel_id: str, file: Path, name: str, comment: str) -> None:
    """Upload a file and share it in a conversation; Slack's own errors where it takes none."""
    size = await asyncio.to_thread(lambda: file.stat().st_size)
    asked = await slack.files_getUploadURLExternal(filename=name, length=size)
    if slack.session is None:
        raise RuntimeError("a client of Slack without a session sends no files")
    pause = ClientTimeout(total=None, connect=STANDS, sock_read=STANDS)
    with file.open("rb") as content:
        async with slack.session.post(
            str(asked["upload_url"]), data=content, proxy=slack.proxy, ssl=slack.ssl or True, timeout=pause
        ) as answer:
            if answer.status != OK:
                raise SlackApiError("the file was not taken", answer)  # type: ignore[no-untyped-call]  # the SDK leaves it so
    shared: list[dict[str, Any]] = [{"id": str(asked["file_id"]), "title": name}]
    await slack.files_completeUploadExternal(files=shared, channel_id=channel_id, initial_comment=comment)
