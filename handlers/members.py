"""Forms that offer the people of a channel: opened at once, and filled when Slack has told who is there."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from handlers import blocks, profiles, slack_errors
from handlers.blocks import Block, Option
from handlers.call import Call
from handlers.forms import Form, modal
from quality.people import Identity, Profile
from quality.refusal import FieldErrors, Refusal

NOT_THERE = ("channel_not_found", "not_in_channel")
MOST_VALUE = 150  # characters of an option's value

Fill = Callable[[Sequence[Profile], int], Awaitable[Block]]


async def ask(
    call: Call, form: Form, channel_id: str, data: Mapping[str, Any], fill: Fill, home: AsyncWebClient | None = None
) -> None:
    """Open a form, and fill it later; fill gets who is in the channel, and how many Slack did not tell.

    `home` is the client of the installation that is in the channel, where it may be another than this came to.
    """
    waiting = modal(form.callback, form.title, [blocks.typed("Looking who is in this channel…")], data)
    view_id = await call.open(waiting)
    call.desk.later(_fill(call, form, channel_id, data, view_id, fill, home or call.slack))


async def _fill(
    call: Call,
    form: Form,
    channel_id: str,
    data: Mapping[str, Any],
    view_id: str,
    fill: Fill,
    slack: AsyncWebClient,
) -> None:
    """Fill the waiting form, or say in it what keeps it from being filled."""
    update = call.slack.views_update
    try:
        there, missing = await profiles.in_channel(slack, channel_id)
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


async def still_there(slack: AsyncWebClient, channel_id: str, chosen: Mapping[str, Sequence[Profile]]) -> list[Profile]:
    """Look up anew who was chosen in a form's fields: they may have left, or be somebody else's, since it was opened.

    Gives them in order; field errors for who left, a Refusal where Slack does not say.
    """
    everybody = [(field, who) for field, people in chosen.items() for who in people]
    # Of who has left Slack may not even say who they were: that they left is told first.
    looked_up = (profiles.fetch(slack, who.identity, f"{who.name} is") for _, who in everybody)
    looking = asyncio.gather(*looked_up, return_exceptions=True)
    present = await profiles.present(slack, channel_id, {who.identity.user_id for _, who in everybody})
    for field, who in everybody:
        if who.identity.user_id not in present:
            raise FieldErrors({field: f"{who.name} is not in this channel any more. Choose somebody who is."})
    found = await looking
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return [one for one in found if isinstance(one, Profile)]
