"""Forms that offer the people of a channel: opened at once, and filled when Slack has told who is there."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from slack_sdk.errors import SlackApiError

from handlers import blocks, profiles, slack_errors
from handlers.blocks import Block, Option
from handlers.call import Call
from handlers.forms import Form, modal
from quality.people import Identity, Profile
from quality.refusal import FieldErrors, Refusal

NOT_THERE = ("channel_not_found", "not_in_channel")
MOST_VALUE = 150  # characters of an option's value

Fill = Callable[[Sequence[Profile], int], Awaitable[Block]]


async def ask(call: Call, form: Form, channel_id: str, data: Mapping[str, Any], fill: Fill) -> None:
    """Open a form, and fill it later; fill gets who is in the channel, and how many Slack did not tell."""
    waiting = modal(form.callback, form.title, [blocks.typed("Looking who is in this channel…")], data)
    view_id = await call.open(waiting)
    call.desk.later(_fill(call, form, channel_id, data, view_id, fill))


async def _fill(call: Call, form: Form, channel_id: str, data: Mapping[str, Any], view_id: str, fill: Fill) -> None:
    """Fill the waiting form, or say in it what keeps it from being filled."""
    update = call.slack.views_update
    try:
        there, missing = await profiles.in_channel(call.slack, channel_id)
        await update(view_id=view_id, view=call.signed_for(await fill(there, missing)))
    except (Refusal, *slack_errors.FAILURES) as error:
        why = slack_errors.word(error) if isinstance(error, SlackApiError) else "it does not answer."
        remedy = "Invite QualBridge with /invite" if why in NOT_THERE else "Wait a moment"
        says = f"Slack did not tell who is in this channel: {why}\n{remedy}, then try again."
        await update(view_id=view_id, view=modal(form.callback, form.title, [blocks.typed(says)], data))


def options(people: Sequence[Profile], teams: Mapping[str, str]) -> list[Option]:
    """Offer people with their workspaces; what comes back holds the profile."""
    return [Option(f"{who.name} · {teams[who.identity.team_id]}", _pack(who)) for who in people]


def told(missing: int) -> list[Block]:
    """Say how many people could not be offered."""
    says = f"{missing} people of this channel could not be listed; the others are offered."
    return [blocks.context(says)] if missing else []


def _pack(who: Profile) -> str:
    """Put a profile into an option's value, so that submitting needs no question to Slack."""
    name = who.name
    while len(packed := _packed(who, name)) > MOST_VALUE:
        name = name[:-1]
    return packed


def _packed(who: Profile, name: str) -> str:
    parts = [who.identity.team_id, who.identity.user_id, who.time_zone, int(who.guest), name]
    return json.dumps(parts, separators=(",", ":"), ensure_ascii=False)


def read(value: str, field: str) -> Profile:
    """Read the profile of a chosen person."""
    try:
        team_id, user_id, time_zone, guest, name = json.loads(value)
    except (ValueError, TypeError):
        raise FieldErrors({field: "Choose people of the list."}) from None
    return Profile(Identity(team_id, user_id), name, time_zone, bool(guest))
