"""Files as Slack keeps and describes them: entering one, what is left of a deleted one."""

import mimetypes
import secrets
from dataclasses import dataclass
from urllib.parse import quote

from sandbox.elements import Json
from sandbox.world import Message, World

MOST_BYTES = 1024**3  # Slack's own limit; the sandbox's server takes less
_HIDDEN = ("content", "announced")


@dataclass(frozen=True)
class SharedFile:
    """A file of a message, as a person who opens it has it."""

    name: str
    title: str
    alt_text: str
    mimetype: str
    content: bytes


def new_file(world: World, name: str, content: bytes, base_url: str, *, owner: str) -> Json:
    """Enter a file into the world and return it."""
    file_id = "F0" + secrets.token_hex(4).upper()
    address = f"{base_url}files/{file_id}/{quote(name, safe='')}"
    world.files[file_id] = {
        "id": file_id,
        "created": int(world.clock.now().timestamp()),
        "name": name,
        "title": name,
        "mimetype": mimetypes.guess_type(name)[0] or "application/octet-stream",
        "filetype": name.rpartition(".")[2],
        "user": owner,
        "size": len(content),
        "mode": "hosted",
        "url_private": address,
        "url_private_download": f"{base_url}files/{file_id}/download/{quote(name, safe='')}",
        "permalink": address,
        "content": content,
    }
    return world.files[file_id]


def stub(file: Json) -> Json:
    """Return what Slack tells of a file of another company: that one has to ask (`files.info`) what it is."""
    return {"id": file["id"], "created": file["created"], "user": file["user"], "file_access": "check_file_info"}


def shown(file: Json) -> Json:
    """Return the file as Slack describes it, without its bytes."""
    return {key: value for key, value in file.items() if key not in _HIDDEN}


def delete_file(world: World, file_id: str) -> None:
    """Leave of the file, everywhere it was shared, only that there was one."""
    gone = {"id": file_id, "mode": "tombstone"}
    world.files[file_id] = gone
    for message in world.messages:
        message.files = [gone if file["id"] == file_id else file for file in message.files]
    world.changed()


def is_deleted(file: Json) -> bool:
    """Say whether only the tombstone is left."""
    return bool(file["mode"] == "tombstone")


def files_of(world: World, message: Message) -> list[SharedFile]:
    """Return the message's files that are not deleted."""
    files = (world.files[file["id"]] for file in message.files)
    return [
        SharedFile(file["name"], file["title"], file.get("alt_txt", ""), file["mimetype"], file["content"])
        for file in files
        if not is_deleted(file)
    ]
