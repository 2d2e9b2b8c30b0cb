"""A mention of the bot: what it can do here, and in a thread the button that makes a record of what was said."""

import json
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel import Session

from handlers import blocks, deviation, frontdoor
from handlers.blocks import Block, Screen
from handlers.call import UNKNOWN, Call
from handlers.listeners import Listeners
from handlers.said import Saying
from handlers.text import clean, escape
from quality.people import Actor
from quality.refusal import NotSetUp, Refusal
from storage import message, partnership

MOST_CARRIED = 1500  # characters of a message's text, as JSON, that a button carries: it may have 2000 in all


async def on_mention(call: Call) -> None:
    """Answer a mention: the front door, the button that logs what was said, or the one that sets the channel up."""
    call.channel_id = channel_id = call.told_of
    thread = call.event.get("thread_ts")

    def question(session: Session, actor: Actor) -> tuple[Actor, bool]:
        own = message.find_at(session, actor.partnership.id, channel_id, thread or "")
        return actor, own is not None

    try:
        actor, is_own = await call.look(question)
        # What a thread of ours began with is a card, so it is the mention itself that may become a record.
        about = call.event["ts"] if is_own or not thread else thread
        screen = _offer(call, actor, about) if thread else _front_door(call, actor, about)
    except NotSetUp as not_yet:
        button = blocks.button("Set up", "partnership.start", {"c": channel_id}, "primary")
        screen = Screen(escape(str(not_yet)), [blocks.section(str(not_yet)), blocks.actions(button)])
    except Refusal as refusal:
        screen = Screen(escape(str(refusal)), [blocks.typed(str(refusal))])
    speaker = await _speaker(call, channel_id)
    if not await call.first_time():  # a message cannot be posted twice, the other events can be acted on again
        return
    # In the channel, not ephemeral: whoever mentions may be of the company without the app, for whom Slack
    # promises no ephemeral message. By the channel's own bot, whichever was mentioned; where it is silent, by none.
    if speaker is None:
        await call.answer(screen)
        return
    call.desk.later(
        speaker.chat_postMessage(
            channel=channel_id,
            thread_ts=thread or call.event["ts"],
            text=screen.text,
            blocks=screen.blocks,
            unfurl_links=False,
        )
    )


async def _speaker(call: Call, channel_id: str) -> AsyncWebClient | None:
    """Give who speaks in a channel: before it is set up, the bot that was mentioned."""
    there = await call.desk.database.read(lambda session: partnership.find_in_channel(session, channel_id))
    if there is None:
        return call.slack
    return None if there.muted_because else await call.slack_of(there.home_team_id)


def _offer(call: Call, actor: Actor, about: str) -> Screen:
    text = "A record of this? The form comes with the message's author, time, link and text filled in."
    return Screen(text, [blocks.typed(text), blocks.actions(_button(call, actor, about))])


def _front_door(call: Call, actor: Actor, about: str) -> Screen:
    shown = frontdoor.draw(actor.partnership.id, actor.companies)
    return Screen(shown.text, [*shown.blocks, blocks.actions(_button(call, actor, about))])


def _button(call: Call, actor: Actor, about: str) -> Block:
    data: dict[str, Any] = {"p": actor.partnership.id, "c": call.channel_id, "ts": about}
    if about == call.event["ts"]:  # its author and its beginning are known; the rest is asked for when it is pressed
        data |= {"by": call.identity.user_id, "text": _carried(str(call.event.get("text") or ""))}
    return blocks.button("Log as deviation", "mention.log", data, "primary")


def _carried(text: str) -> str:
    """Cut a text to what a button can carry, whatever signs in it take more room there than here."""
    text = clean(text)[:MOST_CARRIED]
    while len(json.dumps(text, ensure_ascii=False)) > MOST_CARRIED:
        text = text[: len(text) * 9 // 10]
    return text


async def on_log(call: Call) -> None:
    """Open Log deviation on the message that the button names."""
    channel_id, ts = str(call.data.get("c") or ""), str(call.data.get("ts") or "")
    if not channel_id or not ts:
        raise Refusal(UNKNOWN)
    carried = str(call.data["text"]) if "text" in call.data else None
    known = Saying(channel_id, ts, str(call.data.get("by") or ""), carried)
    await deviation.open_from(call, known, whole=False)


LISTENERS = Listeners(buttons={"mention.log": on_log}, events={"app_mention": on_mention})
