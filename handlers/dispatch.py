"""From Bolt to the handlers: a few catch-all listeners with tables behind them.

Bolt asks every registered listener in turn whether a request is its own, so a listener for each button would
cost more than all else together.
"""

import logging
import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.response import BoltResponse

from handlers import request
from handlers.call import UNKNOWN, Call
from handlers.desk import Desk
from handlers.errors import answer_error
from handlers.installation import Installation
from handlers.listeners import Handler, Listeners
from handlers.payload import Lacking
from quality.refusal import Refusal

log = logging.getLogger(__name__)

SENSELESS = (AttributeError, LookupError, TypeError, ValueError)  # what a payload raises whose parts are not whole
ANY = re.compile(".*", re.DOTALL)
BEGUN = "begun"  # under which Bolt's context tells that a handler was asked
INSTALLATION = "installation"  # under which Bolt's context carries the one that a request came to


def register(app: AsyncApp, desk: Desk, listeners: Listeners) -> None:
    """Register everything the bot listens to."""
    commands = {command.name: command.handler for command in listeners.commands}
    shortcuts = {shortcut.callback: shortcut.handler for shortcut in listeners.shortcuts}

    async def on_command(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        await _dispatch(desk, context, commands, body["command"], body, ack)

    async def on_button(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        pressed = (body.get("actions") or [{}])[0]
        await _dispatch(desk, context, listeners.buttons, pressed.get("action_id", ""), body, ack)

    async def on_modal(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        await _dispatch(desk, context, listeners.modals, body["view"].get("callback_id", ""), body, ack)

    async def on_shortcut(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        await _dispatch(desk, context, shortcuts, body["callback_id"], body, ack)

    async def on_options(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        await _dispatch(desk, context, listeners.options, body["block_id"], body, ack)

    async def on_event(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        await _dispatch(desk, context, listeners.events, _subscription(body["event"]), body, ack)

    app.command(ANY)(on_command)
    app.action(ANY)(on_button)
    app.view(ANY)(on_modal)
    app.shortcut(ANY)(on_shortcut)
    app.options(ANY)(on_options)
    app.event(ANY)(on_event)
    app.error(_answer_failed)


async def _answer_failed(error: Exception, context: AsyncBoltContext) -> BoltResponse:
    """Answer what no handler did: an event that failed, or a payload in which Bolt itself does not find its parts."""
    if isinstance(error, SENSELESS) and BEGUN not in context:
        log.warning("a signed request is none that Slack makes: %s", type(error).__name__)
        return BoltResponse(status=400, body="not a request of Slack")
    log.error("a request failed, and Slack is to say it again", exc_info=error)
    return BoltResponse(status=500)


def _subscription(event: dict[str, Any]) -> str:
    """Give the name by which an event is subscribed to: that of a message tells where it was said."""
    kinds = {"channel": "message.channels", "group": "message.groups", "im": "message.im", "mpim": "message.mpim"}
    return kinds.get(event.get("channel_type") or "", "message") if event["type"] == "message" else str(event["type"])


async def _dispatch(
    desk: Desk,
    context: AsyncBoltContext,
    handlers: Mapping[str, Handler],
    name: str,
    body: dict[str, Any],
    ack: AsyncAck,
) -> None:
    request.begin()
    context[BEGUN] = True
    installation = context.get(INSTALLATION) or await _installation(desk, body)
    if installation is None:  # Slack tells of its end in two events: it is over with the first
        await ack()
        return
    try:
        call = Call(desk, installation, body, ack)
    except (Lacking, TypeError, AttributeError, RecursionError) as error:  # of whom it is, nobody can say
        log.warning("a payload that says not even who acts: %s", error)
        await ack()
        return
    try:
        await _act(handlers.get(name, _unknown), call)
        if ack.response is None:
            await ack()
    except Exception as error:  # noqa: BLE001 - the one place that turns errors into answers
        await _answer(call, error)


async def _answer(call: Call, error: Exception) -> None:
    """Answer an error, where what Slack sent back of our own form is whole enough for it."""
    for _ in range(2):
        try:
            await answer_error(call, error)
        except (Lacking, TypeError, AttributeError) as lacking:
            error = lacking if isinstance(lacking, Lacking) else Lacking("form")
        else:
            return
    log.warning("a payload that cannot even be answered: %s", error)
    await call.ack()


async def _act(handler: Handler, call: Call) -> None:
    """Let a handler act; an event only once, and noted afterwards: what failed is told by Slack once more."""
    if not call.event or call.is_talk:  # these note their receipts with what they write
        await handler(call)
    elif await call.is_new():
        await handler(call)
        await call.first_time()


async def _installation(desk: Desk, body: dict[str, Any]) -> Installation | None:
    """Find the installation that Bolt does not ask for: of events that tell of its end."""
    return await desk.installations.find(str(body.get("team_id") or ""), body.get("enterprise_id"))


async def _unknown(call: Call) -> None:
    """Answer what an older version drew, or another app's command."""
    if call.event:
        return
    raise Refusal(UNKNOWN)
