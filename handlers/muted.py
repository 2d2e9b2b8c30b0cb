"""The one notice that nothing can be said in a channel any more."""

from handlers import blocks
from handlers.blocks import Screen
from handlers.text import escape
from storage.partnership import Company, Partnership, Side

WHY = {
    **dict.fromkeys(("is_archived", "is_inactive"), "it is archived. Unarchive it"),
    "channel_not_found": "Slack does not find it: it was deleted, or the connection of the two workspaces was cut. "
    "Connect it again",
    **dict.fromkeys(
        ("not_installed", "account_inactive", "token_revoked", "invalid_auth"),
        "QualBridge is not installed any more in the workspace from which it writes there. Install it again",
    ),
    "not_shared": "one of the two companies is not connected to it any more, and nothing is said there behind its "
    "back. Share it again",
    "not_in_channel": "QualBridge is not in it. Invite it there with /invite @QualBridge",
}


def draw(there: Partnership, companies: dict[Side, Company]) -> Screen:
    """Tell why, and what to do; what is to be said waits, and nothing is lost."""
    names = f"{companies[Side.SPONSOR].name} and {companies[Side.CMO].name}"
    why = WHY.get(there.muted_because or "", f"Slack says {there.muted_because}")
    text = (
        f"QualBridge cannot write in the channel of {names} ({there.channel_id}): {why}, and what waits is posted "
        "there within the hour. Records, due dates and reminders by direct message go on meanwhile."
    )
    return Screen(escape(text), [blocks.typed(text)])
