"""What Slack says of people and teams: names, time zones, guests, and who is in a channel."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from handlers.slack_errors import FAILURES, retry_after
from handlers.text import clean, one_line
from quality.people import Identity, Profile
from quality.refusal import Refusal

PATIENCE = 1.5  # seconds; a click has to be answered within 3
AT_ONCE = 8
TRIES = 3
LONGEST_WAIT = 30  # seconds that Slack may ask to wait
MOST_PEOPLE = 400  # as many as a modal can offer


async def fetch(slack: AsyncWebClient, who: Identity, named: str = "you are") -> Profile:
    """Look one person up while somebody waits; a Refusal when Slack does not say."""
    try:
        async with asyncio.timeout(PATIENCE):
            answer = await slack.users_info(user=who.user_id)
    except FAILURES as error:
        raise Refusal(f"Slack did not say who {named} just now. Please try again in a moment.") from error
    if not is_present(answer["user"]):
        raise Refusal("Apps and deactivated accounts do not take part here.")
    return profile(answer["user"], who.team_id)


async def in_channel(slack: AsyncWebClient, channel_id: str) -> tuple[list[Profile], int]:
    """List the people in a channel, bots and former members left out; and how many could not be read."""
    ids: list[str] = []
    async for some in _members(slack, channel_id):
        ids += some
        if len(ids) >= MOST_PEOPLE:
            break
    gate = asyncio.Semaphore(AT_ONCE)
    users = await asyncio.gather(*(_user(slack, user_id, gate) for user_id in ids[:MOST_PEOPLE]))
    present = [profile(user) for user in users if user and is_present(user) and user.get("team_id")]
    missing = len(ids) - MOST_PEOPLE if len(ids) > MOST_PEOPLE else 0
    missing += sum(user is None for user in users)
    return sorted(present, key=lambda who: who.name.casefold()), missing


async def present(slack: AsyncWebClient, channel_id: str, wanted: set[str]) -> set[str]:
    """Tell who of some people is in a channel, by user id, while somebody waits; a Refusal when Slack does not say."""
    found: set[str] = set()
    try:
        async with asyncio.timeout(PATIENCE):
            async for some in _members(slack, channel_id):
                found |= wanted & set(some)
                if found == wanted:
                    break
    except FAILURES as error:
        raise Refusal("Slack did not say who is in this channel just now. Please try again in a moment.") from error
    return found


async def _members(slack: AsyncWebClient, channel_id: str) -> AsyncIterator[list[str]]:
    cursor = ""
    while True:
        page = await _patiently(partial(slack.conversations_members, channel=channel_id, limit=200, cursor=cursor))
        yield page["members"]
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return


async def team_names(slack: AsyncWebClient, team_ids: set[str]) -> dict[str, str]:
    """Name teams; one that Slack does not tell keeps its id."""
    names = {}
    for team_id in sorted(team_ids):
        try:
            names[team_id] = (await slack.team_info(team=team_id))["team"]["name"]
        except FAILURES:
            names[team_id] = team_id
    return names


def profile(user: dict[str, Any], team_id: str | None = None) -> Profile:
    """Read a profile from Slack's user object."""
    shown = user.get("profile") or {}
    name = (
        user.get("real_name") or shown.get("real_name") or shown.get("display_name") or user.get("name") or user["id"]
    )
    return Profile(
        identity=Identity(team_id or user["team_id"], user["id"]),
        name=one_line(clean(name)) or user["id"],
        time_zone=user.get("tz") or "UTC",
        guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        teams=_teams(user),
    )


def _teams(user: dict[str, Any]) -> frozenset[str]:
    """Give every id by which Slack names the workspace of somebody in an organisation."""
    organisation = user.get("enterprise_user") or {}
    if not organisation.get("enterprise_id"):
        return frozenset()
    return frozenset({user.get("team_id") or "", organisation["enterprise_id"], *(organisation.get("teams") or [])})


def is_present(user: dict[str, Any]) -> bool:
    """Whether a user is a person who still has an account."""
    return not user.get("is_bot") and not user.get("deleted") and user.get("id") != "USLACKBOT"


async def _user(slack: AsyncWebClient, user_id: str, gate: asyncio.Semaphore) -> dict[str, Any] | None:
    async with gate:
        try:
            user: dict[str, Any] = (await _patiently(partial(slack.users_info, user=user_id)))["user"]
        except FAILURES:
            return None
        return user


async def _patiently(ask: Callable[[], Awaitable[AsyncSlackResponse]]) -> AsyncSlackResponse:
    """Ask Slack, and again after the time it asks for; the last failure is raised."""
    for _ in range(TRIES - 1):
        try:
            return await ask()
        except FAILURES as error:
            await asyncio.sleep(min(retry_after(error) or 0, LONGEST_WAIT))
    return await ask()
