"""What a response_url and the immediate answer to a command may do."""

from sandbox.api.chat import checked_content
from sandbox.elements import Json
from sandbox.installations import Installation
from sandbox.refused import Refused
from sandbox.world import HOOK_USES, Hook, Message, World


def use(world: World, key: str, content: Json) -> None:
    """Do what was posted to a response_url, or refuse it."""
    hook = world.hooks.get(key)
    if hook is None:
        raise Refused("invalid_url")
    if world.clock.now() > hook.expires:
        raise Refused("expired_url")
    if hook.uses >= HOOK_USES:
        raise Refused("used_url")
    _do(world, hook, content)
    hook.uses += 1


def _do(world: World, hook: Hook, content: Json) -> None:
    original = _original(hook)
    if _yes(content, "delete_original"):
        if original:
            world.remove(original)
        return
    if original and _yes(content, "replace_original"):
        world.edit(original, {"blocks": [], "attachments": [], **checked_content(content)})
        return
    say_back(world, hook.installation, hook.channel, hook.person, content)


def _original(hook: Hook) -> Message | None:
    """Return the message the person acted on, if it is the installation's own and still there."""
    message = hook.message
    if message is None or message.deleted or message.user != hook.installation.user:
        return None
    return message


def _yes(content: Json, key: str) -> bool:
    return content.get(key) in (True, "true")


def say_back(world: World, installation: Installation, channel: str, person: str, content: Json) -> Message:
    """Post an answer for the person alone, or for the channel with `response_type: in_channel`."""
    checked_content(content)
    seen_by = None if content.get("response_type") == "in_channel" else person
    return world.post_as_app(installation, channel, content, seen_by=seen_by, thread_ts=content.get("thread_ts"))
