"""files.*: uploads in Slack's three steps, and their removal; the bytes stay in memory."""

import re
from dataclasses import replace

from sandbox.api.chat import checked_content
from sandbox.api.registry import Call, invalid_arguments, method
from sandbox.elements import Json
from sandbox.files import MOST_BYTES, delete_file, is_deleted, new_file, shown
from sandbox.refused import Refused

_LONGEST_ALT_TEXT = 1000
_CHANNEL = re.compile(r"[CGDZ][A-Z0-9]+")  # the sandbox's ids are shorter than Slack's


@method("files.getUploadURLExternal", "files:write")
def upload_url(call: Call) -> Json:
    """Announce a file and return where its bytes go."""
    name, length = str(call.need("filename")), int(call.need("length"))
    if length <= 0:
        raise Refused("missing_argument")  # Slack's word for a length of 0
    if length > MOST_BYTES:
        raise Refused("file_upload_size_restricted")
    alt_text = str(call.get("alt_txt") or "")
    if len(alt_text) > _LONGEST_ALT_TEXT:
        raise Refused("alt_txt_too_large")
    file = new_file(call.world, name, b"", call.base_url, owner=call.installation.user)
    file |= {"announced": length} | ({"alt_txt": alt_text} if alt_text else {})
    return {"upload_url": f"{call.base_url}upload/{file['id']}", "file_id": file["id"]}


@method("files.completeUploadExternal", "files:write")
def complete(call: Call) -> Json:
    """Finish uploads and, with a channel, share them there in one message."""
    shared = [_finished(call, item) for item in call.need("files")]
    if call.get("channel_id"):
        thread = call.get("thread_ts") or None
        call.world.post_as_app(call.installation, _place(call), _comment(call), files=shared, thread_ts=thread)
    return {"files": [{"id": file["id"], "title": file["title"]} for file in shared]}


@method("files.info", "files:read")
def info(call: Call) -> Json:
    """Describe a file."""
    return {"file": shown(_file(call, call.need("file")))}


@method("files.delete", "files:write")
def delete(call: Call) -> Json:
    """Delete the app's own file."""
    file = _file(call, call.need("file"))
    if file["user"] != call.installation.user:
        raise Refused("cant_delete_file")
    delete_file(call.world, file["id"])
    return {}


def _file(call: Call, file_id: object) -> Json:
    file = call.world.files.get(str(file_id))
    if file is None or not _may_see(call, file):
        raise Refused("file_not_found")
    if is_deleted(file):
        raise Refused("file_deleted")
    return file


def _may_see(call: Call, file: Json) -> bool:
    """Say whether the file is the installation's, of a person it knows, or stands in a channel its bot is in."""
    own, world, owner = call.installation, call.world, file.get("user", "")
    if is_deleted(file) or owner == own.user or any(world.knows(p, own) for p in world.cast.people if p.id == owner):
        return True
    shown = {m.channel for m in world.messages if file["id"] in [one["id"] for one in m.files]}
    return any(own.user in world.channels[channel].members for channel in shown)


def _finished(call: Call, item: Json) -> Json:
    file = _file(call, item.get("id"))
    if not file["content"]:
        raise Refused("file_upload_incomplete")
    file["title"] = item.get("title") or file["name"]
    return shown(file)


def _place(call: Call) -> str:
    """Return the channel to share in; unlike chat.postMessage this takes no person's id."""
    channel = {"channel": call.get("channel_id")}
    if not _CHANNEL.fullmatch(str(channel["channel"])):
        raise invalid_arguments(["input must match regex pattern: ^[CGDZ][A-Z0-9]{8,}$ [json-pointer:/channel_id]"])
    return replace(call, arguments=channel).open_channel().id


def _comment(call: Call) -> Json:
    """Return what is said with the files; Slack ignores blocks beside a comment."""
    if comment := call.get("initial_comment"):
        return checked_content({"text": comment})
    return checked_content({"blocks": call.get("blocks")}) if call.get("blocks") else {}
