"""The end of an installation: its tokens are forgotten, whatever order Slack tells of it in."""

from datetime import UTC, datetime

from handlers.call import Call
from handlers.listeners import Listeners


async def on_uninstalled(call: Call) -> None:
    """Forget an installation: nothing more is said by it, and nobody of that workspace has commands any more."""
    known, team_id = call.desk.installations, str(call.body.get("team_id") or "")
    serves = call.installation.team_id
    if team_id != serves and await known.just_ended(team_id):
        return  # it was the workspace's own that ended; its organisation's goes on
    at = call.body.get("event_time")
    told_at = datetime.fromtimestamp(at, UTC) if isinstance(at, int) else None
    await known.end(serves, call.event["type"], told_at)


async def on_revoked(call: Call) -> None:
    """Forget an installation whose own token was revoked; those of users are no business of ours."""
    revoked = (call.event.get("tokens") or {}).get("bot") or []
    if call.installation.user_id in revoked:
        await on_uninstalled(call)


LISTENERS = Listeners(events={"app_uninstalled": on_uninstalled, "tokens_revoked": on_revoked})
