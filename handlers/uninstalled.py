"""The end of an installation: its tokens are forgotten, whatever order Slack tells of it in."""

from handlers.call import Call
from handlers.listeners import Listeners


async def on_uninstalled(call: Call) -> None:
    """Forget an installation: nothing more is said by it, and nobody of that workspace has commands any more."""
    await call.desk.installations.end(call.installation.team_id, call.event["type"])


async def on_revoked(call: Call) -> None:
    """Forget an installation whose own token was revoked; those of users are no business of ours."""
    revoked = (call.event.get("tokens") or {}).get("bot") or []
    if call.installation.user_id in revoked:
        await on_uninstalled(call)


LISTENERS = Listeners(events={"app_uninstalled": on_uninstalled, "tokens_revoked": on_revoked})
