"""files.*: uploads in Slack's three steps; the bytes stay in memory."""

import secrets

from sandbox.api.registry import Call, Refused, method
from sandbox.elements import Json
from sandbox.world import World


@method("files.getUploadURLExternal", "files:write")
def upload_url(call: Call) -> Json:
    """Announce a file and return where its bytes go."""
    name, length = str(call.need("filename")), int(call.need("length"))
    if length <= 0:
        raise Refused("invalid_arguments")
    file = new_file(call.world, name, b"", call.base_url, owner=call.world.cast.app.user)
    file["announced"] = length
    return {"upload_url": f"{call.base_url}upload/{file['id']}", "file_id": file["id"]}


@method("files.completeUploadExternal", "files:write")
def complete(call: Call) -> Json:
    """Finish uploads and, with a channel, share them there in one message."""
    shared = [_finished(call, item) for item in call.need("files")]
    if call.get("channel_id"):
        here = Call(call.method, {"channel": call.get("channel_id")}, call.world, call.base_url, call.tickets)
        content = {"text": call.get("initial_comment") or "", "blocks": call.get("blocks") or []}
        thread = call.get("thread_ts") or None
        call.world.post_as_app(here.own_channel().id, content, files=shared, thread_ts=thread)
    return {"files": [{"id": file["id"], "title": file["title"]} for file in shared]}


@method("files.info", "files:read")
def info(call: Call) -> Json:
    """Describe a file."""
    file = call.world.files.get(str(call.need("file")))
    if file is None:
        raise Refused("file_not_found")
    return {"file": shown(file)}


def new_file(world: World, name: str, content: bytes, base_url: str, *, owner: str) -> Json:
    """Enter a file into the world and return it."""
    file_id = "F0" + secrets.token_hex(4).upper()
    address = f"{base_url}files/{file_id}/{name}"
    world.files[file_id] = {
        "id": file_id,
        "created": int(world.clock.now().timestamp()),
        "name": name,
        "title": name,
        "filetype": name.rpartition(".")[2],
        "user": owner,
        "size": len(content),
        "mode": "hosted",
        "url_private": address,
        "url_private_download": address,
        "permalink": address,
        "content": content,
    }
    return world.files[file_id]


def shown(file: Json) -> Json:
    """Return the file as Slack describes it, without its bytes."""
    return {key: value for key, value in file.items() if key not in ("content", "announced")}


def _finished(call: Call, item: Json) -> Json:
    file = call.world.files.get(item.get("id", ""))
    if file is None:
        raise Refused("file_not_found")
    if not file["content"]:
        raise Refused("file_upload_incomplete")
    file["title"] = item.get("title") or file["name"]
    return shown(file)
