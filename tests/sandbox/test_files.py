"""Files by the real SDK: uploaded, shown, refused, deleted."""

import base64
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Message, Sandbox

SHARED, DM = "C0SHARED", "D0ANNA"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def send(client: AsyncWebClient, channel: str = DM, **more: Any) -> str:
    """Upload a picture and return its id."""
    picture = {"content": PNG, "filename": "key 1.png", "title": "Your key", "alt_txt": "A QR image"} | more
    return str((await client.files_upload_v2(channel=channel, **picture))["file"]["id"])


async def error(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


def newest(box: Sandbox, user: str = "U0ANNA") -> Message:
    return box.person(user).direct_messages[-1]


async def test_a_picture_with_a_comment(box: Sandbox, client: AsyncWebClient) -> None:
    """An uploaded picture stands in the DM with its comment, name, title, alt text and bytes."""
    await send(client, initial_comment="Scan *this*")
    anna = box.person("U0ANNA")
    [file] = anna.files(newest(box))
    assert newest(box).words == "Scan this"
    assert (file.name, file.title, file.alt_text) == ("key 1.png", "Your key", "A QR image")
    assert (file.mimetype, file.content) == ("image/png", PNG)


async def test_pictures_are_shown_and_the_rest_downloaded(box: Sandbox, client: AsyncWebClient) -> None:
    """A browser may show a picture; a page among the files is only downloaded."""
    await send(client)
    await send(client, content=b"<script>", filename="a.html")
    urls = [message.files[0]["url_private"] for message in box.person("U0ANNA").direct_messages]
    seen = []
    async with aiohttp.ClientSession() as session:
        for url in urls:
            async with session.get(url) as response:
                seen.append((response.content_type, response.headers["Content-Disposition"], await response.read()))
    assert seen == [("image/png", "inline", PNG), ("application/octet-stream", "attachment", b"<script>")]


async def test_a_deleted_file_leaves_a_tombstone(box: Sandbox, client: AsyncWebClient) -> None:
    """After files.delete the message stays and says so; the bytes are gone, and it cannot be deleted twice."""
    file = await send(client, initial_comment="Scan this")
    url = newest(box).files[0]["url_private"]
    assert (await client.files_delete(file=file))["ok"]
    assert newest(box).words == "Scan this\nThis file was deleted."
    assert newest(box).files == [{"id": file, "mode": "tombstone"}]
    assert box.person("U0ANNA").files(newest(box)) == []
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == 404
    assert await error(client.files_delete(file=file)) == "file_deleted"
    assert await error(client.files_info(file=file)) == "file_deleted"


async def test_files_that_are_not_the_apps(box: Sandbox, client: AsyncWebClient) -> None:
    """An unknown file is not found, and a person's file is not the app's to delete."""
    assert await error(client.files_delete(file="F0NONE")) == "file_not_found"
    theirs = box.person("U0ANNA")._file("a.txt", b"abc")
    assert await error(client.files_delete(file=theirs["id"])) == "cant_delete_file"
    assert (await client.files_info(file=theirs["id"]))["file"]["size"] == 3


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"content": b""}, "missing_argument"),
        ({"alt_txt": "x" * 1001}, "alt_txt_too_large"),
        ({"channel": "U0ANNA"}, "invalid_arguments"),
        ({"channel": "C0NOWHERE"}, "channel_not_found"),
    ],
)
async def test_refused_uploads(box: Sandbox, client: AsyncWebClient, more: dict[str, Any], word: str) -> None:
    """Empty files, overlong texts, and places that are no channel are refused, and nothing is posted."""
    assert await error(send(client, **more)) == word
    assert box.person("U0ANNA").direct_messages == []


async def test_sizes(client: AsyncWebClient) -> None:
    """A file larger than Slack's gigabyte is refused before its bytes are sent; what was never sent is incomplete."""
    most = 1024**3
    assert (
        await error(client.files_getUploadURLExternal(filename="a", length=most + 1)) == "file_upload_size_restricted"
    )
    announced = await client.files_getUploadURLExternal(filename="a", length=3)
    upload = client.files_completeUploadExternal(files=[{"id": announced["file_id"]}])
    assert await error(upload) == "file_upload_incomplete"
    async with aiohttp.ClientSession() as session, session.post(announced["upload_url"], data=b"four") as response:
        assert response.status == 400


async def test_scopes(box: Sandbox, client: AsyncWebClient, manifest: dict[str, Any]) -> None:
    """Uploading and deleting need files:write."""
    file = await send(client)
    box.use_manifest({**manifest, "oauth_config": {"scopes": {"bot": ["chat:write", "files:read"]}}})
    assert await error(send(client)) == "missing_scope"
    assert await error(client.files_delete(file=file)) == "missing_scope"
