"""One interaction of a person: who, where, with what; and the ways to act on it and to answer."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from sqlmodel import Session

from handlers import profiles, slack_errors
from handlers.blocks import MOST_OPTIONS, Block, Option, Screen, option, section, without_charts
from handlers.desk import Desk
from handlers.forms import modal
from handlers.installation import Installation
from handlers.payload import Told, told
from handlers.text import escape, unescape
from quality import people
from quality.people import Actor, Identity
from quality.refusal import NotOnRoster, NotSetUp, Refusal, Witnessed
from storage import person, receipt

Result = TypeVar("Result")


LARGEST = 2**53  # of the numbers that buttons carry; a database holds no larger ones either
UNKNOWN = "QualBridge does not know this any more. Open the record again, or see `/quality help`."
ANSWER_BY = 2.5  # seconds; Slack shows a failure after 3


class Repeated(Exception):  # noqa: N818 - nothing is wrong, Slack only said it twice
    """A delivery that was acted on before."""


class SavedAlready(Refusal):
    """A form that was saved as first submitted, Slack's answer lost, and then submitted with other words."""

    def __init__(self) -> None:
        super().__init__(
            "This was saved already, as you first submitted it. Close this form and look at the record; "
            "what you changed can be added there as a comment."
        )


class Call:
    """A command, click, submission, shortcut or event, as a handler sees it."""

    def __init__(self, desk: Desk, installation: Installation, body: dict[str, Any], ack: AsyncAck) -> None:
        self.desk = desk
        self.installation = installation  # the one that it came to, and by which it is answered
        self.slack = installation.slack
        self.body = body = told(body)
        self.ack = ack
        self.now = desk.now()
        self.view: dict[str, Any] = body.get("view") or {}
        self.is_submission = body.get("type") == "view_submission"
        self.is_command = "command" in body
        self.text: str = unescape(body.get("text") or "").strip() if self.is_command else ""
        self.event: dict[str, Any] = body.get("event") or {}
        # Talk is told apart in the transaction that keeps it; most of it concerns no record and is worth no write.
        self.is_talk = self.event.get("type") == "message"
        self.identity = _identity(body)
        self.data = _data(body)
        named = body.get("channel_id") or _id(body.get("channel")) or _id(self.data.get("c"))
        self.channel_id: str | None = named or None

    @property
    def told_of(self) -> str:
        """The channel that an event tells of; Lacking where it tells of none."""
        return _id(self.event["channel"])

    @property
    def own_teams(self) -> set[str]:
        """The ids by which Slack names the workspace of somebody who acts in their own: Home is nobody else's."""
        named = [self.body, *(self.body.get("authorizations") or [])]
        ids = {one.get(name) for one in named for name in ("team_id", "enterprise_id")}
        return {self.installation.team_id, self.identity.team_id, *(one for one in ids if one)} - {""}

    def number(self, name: str) -> int:
        """Give a number that our own button or form carried; a Refusal where it holds none, or a forged one."""
        value = self.data.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
            raise Refusal(UNKNOWN)
        return value

    async def do(self, use_case: Callable[..., Result], *args: object, once: bool = True) -> Result:
        """Run a use case as the acting person, in one transaction; committed when this returns."""

        def work(session: Session) -> tuple[Result, int]:
            self._require_own()
            require_first = self._once(session) if once else _nothing
            try:
                actor = self._actor(session)
            except Refusal:
                require_first()  # it was acted on while they still took part
                raise
            require_first()
            return use_case(session, actor, *args, self.now), actor.partnership.id

        result, partnership_id = await self._known(lambda: self.desk.database.write(work))
        self.desk.wake()
        self.desk.changed(partnership_id)
        return result

    async def attempt(self, use_case: Callable[..., Result], *args: object) -> Result:
        """Run a use case that keeps a note of being refused: the note is committed, then the refusal raised."""

        def work(session: Session) -> Result | Witnessed:
            self._once(session)()
            try:
                return use_case(session, self.identity, *args, self.now)
            except Witnessed as refusal:
                receipt.take_back(session, self._receipt)  # the person may correct the form and send it again
                return refusal

        result = await self.desk.database.write(work)
        self.desk.wake()
        if isinstance(result, Witnessed):
            raise result.why
        self.desk.changed(self.number("p"))
        return result

    async def look(self, question: Callable[..., Result], *args: object) -> Result:
        """Ask a question as the acting person."""

        def work(session: Session) -> Result:
            return question(session, self._actor(session), *args)

        return await self._known(lambda: self.desk.database.read(work))

    async def look_each(self, question: Callable[..., Result]) -> list[tuple[Actor, Result]]:
        """Ask a question as the acting person: where they act in no channel, in each of theirs, one after the other."""

        def work(session: Session) -> list[tuple[Actor, Result]]:
            return [(actor, question(session, actor)) for actor in self._actors(session)]

        return await self._known(lambda: self.desk.database.read(work))

    async def run(self, use_case: Callable[[Session], Result]) -> Result:
        """Run a use case of somebody who is on no roster yet."""

        def work(session: Session) -> Result:
            self._once(session)()
            return use_case(session)

        result = await self.desk.database.write(work)
        self.desk.wake()
        return result

    async def hear(self, use_case: Callable[..., Result], *args: object) -> Result | None:
        """Run a use case about an event, whose receipt is noted in the same transaction; None for a repeated event."""

        def work(session: Session) -> Result | None:
            if receipt.note(session, self._event_receipt, self.now) is not None:
                return None
            return use_case(session, *args, self.now)

        result = await self.desk.database.write(work)
        self.desk.wake()
        return result

    async def slack_of(self, home_team_id: str) -> AsyncWebClient | None:
        """Give the client that is in a partnership's channel, whichever installation this came to."""
        found = await self.desk.installations.find(home_team_id)
        return found.slack if found is not None else None

    async def is_new(self) -> bool:
        """Whether this event was not acted on before."""
        return await self.desk.database.read(lambda session: receipt.find(session, self._event_receipt)) is None

    async def first_time(self) -> bool:
        """Note that this event was acted on; whether that is new."""
        return await self.desk.database.write(lambda s: receipt.note(s, self._event_receipt, self.now)) is None

    async def open(self, view: Block) -> str:
        """Open a modal, on top of the present one where there is one; gives its id."""
        view = self.signed_for(view)
        slack, trigger_id = self.slack, self.body["trigger_id"]
        method = slack.views_push if self.view.get("type") == "modal" else slack.views_open
        try:
            async with asyncio.timeout(ANSWER_BY):
                answer = await method(trigger_id=trigger_id, view=view)
        except TimeoutError as error:
            raise Refusal("Slack took too long to open the form. Please press once more.") from error
        except SlackApiError as error:
            why = slack_errors.word(error)
            if "trigger" in why:
                raise Refusal("Slack waited too long to open the form. Please press once more.") from error
            if why != "push_limit_reached":
                raise
            answer = await slack.views_update(view_id=self.view["id"], view=view)  # three lie on each other already
        await self.ack()
        return str(answer["view"]["id"])

    async def offer(self, choices: Iterable[Option]) -> None:
        """Offer the choices that hold what was typed, where a list of all would be too long; `_` is a blank."""
        typed = _as_typed(str(self.body.get("value") or ""))
        found = (choice for choice in choices if typed in _as_typed(choice.text))
        await self.ack(options=[option(choice) for choice in islice(found, MOST_OPTIONS)])

    def signed_for(self, view: Block) -> Block:
        """Note in a form who it is opened for: nobody else may submit it."""
        data = json.loads(view["private_metadata"]) | {"u": self.identity.user_id}
        return view | {"private_metadata": json.dumps(data, separators=(",", ":"), ensure_ascii=False)}

    async def answer(self, screen: Screen | str, *, replace: bool = False) -> None:
        """Answer the acting person alone; with replace in place of the answer they clicked in.

        What has charts is answered after the acknowledgement: in it, Slack would refuse them without a word to us.
        """
        shown = screen if isinstance(screen, Screen) else Screen(escape(screen), [])
        if self.is_command and shown == without_charts(shown):
            await self.ack(text=shown.text, blocks=shown.blocks or None)
            return
        if self.view:
            await self._answer_in_modal(shown, replace=replace)
            return
        await self.ack()
        self.desk.later(self._answer_later(shown, replace=replace and self._clicked_in_ephemeral()))

    async def _answer_in_modal(self, shown: Screen, *, replace: bool) -> None:
        """Answer a click in a modal or on Home, where an ephemeral message has no place."""
        view = modal("answer", "QualBridge", shown.blocks or [section(shown.text)], {})
        if replace and self.view["type"] == "modal":
            await self.ack()
            self.desk.later(self.slack.views_update(view_id=self.view["id"], view=view))
            return
        try:
            await self.open(view)
        except (Refusal, *slack_errors.FAILURES):
            await self.ack()
            self.desk.later(self._answer_later(shown, replace=False))

    async def _answer_later(self, shown: Screen, *, replace: bool) -> None:
        plain = without_charts(shown)
        for one in [shown] if plain == shown else [shown, plain]:
            if await self._sent_back(one, replace=replace):
                return
        message: dict[str, Any] = {"text": plain.text, "blocks": plain.blocks or None}
        user = self.identity.user_id
        if self.channel_id and not self.channel_id.startswith("D"):
            try:
                await self.slack.chat_postEphemeral(channel=self.channel_id, user=user, **message)
            except SlackApiError:
                pass  # Slack promises no ephemeral to people of the other company: a direct message then
            else:
                return
        direct = await self.slack.conversations_open(users=user)
        await self.slack.chat_postMessage(channel=direct["channel"]["id"], **message)

    async def _sent_back(self, shown: Screen, *, replace: bool) -> bool:
        """Whether an answer went by the interaction's own address."""
        url = self.body.get("response_url")
        if not url:
            return False
        webhook = AsyncWebhookClient(url, session=self.slack.session)
        webhook.proxy = self.slack.proxy
        message: dict[str, Any] = {"text": shown.text, "blocks": shown.blocks or None}
        sent = await webhook.send(**message, response_type="ephemeral", replace_original=replace)
        return sent.status_code == 200  # noqa: PLR2004 - OK

    @property
    def clicked_in_channel(self) -> bool:
        """Whether the click was on a message that everybody in the channel sees."""
        return not self._clicked_in_ephemeral() and (self.channel_id or "D").startswith(("C", "G"))

    def _clicked_in_ephemeral(self) -> bool:
        container = self.body.get("container") or {}
        return bool(container.get("is_ephemeral"))

    def _require_own(self) -> None:
        if self.is_submission and self.data.get("u", self.identity.user_id) != self.identity.user_id:
            raise Refusal("Somebody else opened this form. Press the button yourself.")

    @property
    def _event_receipt(self) -> str:
        return f"event:{self.body.get('event_id')}"

    @property
    def _receipt(self) -> str:
        return f"view:{self.view['id']}"

    def _once(self, session: Session) -> Callable[[], None]:
        """Note a submission's receipt, together with the next question; gives what raises where it came before."""
        # A submission that is refused rolls this back, so the person may correct it and send it again.
        if not self.is_submission:
            return _nothing
        given = json.dumps(self.view["state"], sort_keys=True)
        content = hashlib.sha256(given.encode()).hexdigest()
        noted = receipt.begin(session, self._receipt, self.now, content)

        def require_first() -> None:
            earlier = noted()
            if earlier is not None:
                raise Repeated if earlier.content == content else SavedAlready

        return require_first

    def _actor(self, session: Session) -> Actor:
        actor, *others = islice(self._actors(session), 2)
        if others:
            raise Refusal("You work in several channels with QualBridge. Use this in the channel you mean.")
        return actor

    def _actors(self, session: Session) -> Iterator[Actor]:
        """Give the actor in each partnership that is meant; the session is within the one that was given last."""
        if "p" in self.data:
            yield people.actor_of(session, self.number("p"), self.identity)
        elif self.channel_id and not self.channel_id.startswith("D"):
            yield people.actor_in_channel(session, self.channel_id, self.identity)
        else:
            rows = person.list_identities(session, self.identity.team_id, self.identity.user_id)
            if not rows:
                raise NotSetUp
            for row in rows:
                yield people.actor_of(session, row.partnership_id, self.identity)

    @property
    def _acted_in(self) -> str:
        """The channel in which something was typed, pressed or said, as Slack tells it."""
        return _id(self.body.get("channel_id") or self.body.get("channel") or self.event.get("channel"))

    async def _known(self, attempt: Callable[[], Awaitable[Result]]) -> Result:
        """Attempt; a colleague in the channel whom the roster does not know yet is looked up once and tried again."""
        try:
            return await attempt()
        except NotOnRoster as unknown:
            is_there = unknown.channel_id == self._acted_in
            if not is_there and not unknown.seen:
                raise  # who acts in the channel is in it; of anybody else we do not know that
            partnership_id = unknown.partnership_id
            admit = people.enrol if is_there else people.recognise
        profile = await profiles.fetch(self.slack, self.identity)
        await self.desk.database.write(lambda s: admit(s, partnership_id, profile, self.now))
        return await attempt()


def _identity(body: dict[str, Any]) -> Identity:
    """Tell who acts, by the one place for each kind of payload that names the person's own team.

    Never by a click's `team` or an event's outer `team_id`: across companies those name the installation.
    """
    if body.get("event"):
        event = body["event"]
        return Identity(_id(event.get("user_team") or event.get("team")), _id(event.get("user")))
    user = body.get("user")
    if isinstance(user, dict):
        return Identity(user.get("team_id") or "", user["id"])
    return Identity(body.get("team_id") or "", body["user_id"])


def _id(value: object) -> str:
    """Give what Slack names by its id, or by more that holds its id; nothing for anything else."""
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) else ""


def _as_typed(text: str) -> str:
    return text.casefold().replace("_", " ")


def _data(body: dict[str, Any]) -> dict[str, Any]:
    """Give what our own button or modal carried; nothing for anything else."""
    actions = body.get("actions") or [{}]
    text = actions[0].get("value") or (body.get("view") or {}).get("private_metadata") or "{}"
    try:
        data = json.loads(text)
    except ValueError:
        return Told()
    return Told(data) if isinstance(data, dict) else Told()


def _nothing() -> None:
    """Require nothing."""
