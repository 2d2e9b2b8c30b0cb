"""Setting a channel up: the modal, the other company's confirmation, and the mention that offers it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import time
from functools import lru_cache, partial
from importlib import resources
from typing import Any

from handlers import blocks, members, profiles
from handlers.blocks import Option, Screen
from handlers.call import Call
from handlers.forms import Choice, Choices, Clock, Form, Text
from handlers.listeners import Listeners
from handlers.text import escape
from quality import partnership, people
from quality.partnership import SetUpForm
from quality.people import Profile
from quality.refusal import Refusal
from quality.working_time import supported_countries
from storage.partnership import Company, Side

CALLBACK = "partnership.set_up"
FORM = Form(
    CALLBACK,
    "Set up channel",
    "Set up",
    (
        Text("sponsor", "Sponsor", required=True, limit=80, hint="The company's name."),
        Text("cmo", "CMO", required=True, limit=80, hint="The contract manufacturer's name."),
        Choice("sponsor_team", "Sponsor workspace", required=True),
        Choices("sponsor_qa", "Sponsor QA", required=True, hint="They may approve, and keep the sponsor's roster."),
        Choices("cmo_qa", "CMO QA", required=True, hint="They may approve, and keep the CMO's roster."),
        Choice("time_zone", "Time zone", required=True),
        Clock("digest_at", "Daily digest at", required=True),
        Choice("sponsor_country", "Sponsor country", required=True, hint="For public holidays."),
        Choice("cmo_country", "CMO country", required=True, hint="For public holidays."),
    ),
)
DIGEST_AT = time(8)
ENROLLED_AT_ONCE = 50  # in one transaction, so that clicks get their turn between


async def start(call: Call, _text: str = "") -> None:
    """Open the modal at once, and fill it when Slack has told who is in the channel."""
    channel_id = call.channel_id or ""
    if not channel_id.startswith(("C", "G")):
        raise Refusal("Run `/quality setup` in the channel that the sponsor and the CMO share, not here.")
    await call.desk.database.read(lambda session: partnership.require_free(session, channel_id))
    await members.ask(call, FORM, channel_id, {"c": channel_id}, partial(_filled, call, channel_id))


async def on_button(call: Call) -> None:
    """Open the modal from the button under a mention."""
    await start(call)


async def on_submitted(call: Call) -> None:
    """Set the channel up; its people join the roster afterwards."""
    form = _to_form(call, FORM.read(call.view))
    named = {
        "sponsor": [Profile(call.identity, call.data["me"], "UTC")],
        "sponsor_qa": form.sponsor_qa,
        "cmo_qa": form.cmo_qa,
    }
    who, *qa = await members.still_there(call.slack, form.channel_id, named)
    first_of_cmo = len(form.sponsor_qa)
    form = replace(form, sponsor_qa=tuple(qa[:first_of_cmo]), cmo_qa=tuple(qa[first_of_cmo:]))
    there = await call.run(lambda session: partnership.set_up(session, who, form, call.now))
    call.desk.later(_enrol_channel(call, there.id, form.channel_id))


async def on_confirm(call: Call) -> None:
    """Confirm for the other company."""
    await call.do(partnership.confirm)


def draw_confirm(partnership_id: int, companies: dict[Side, Company]) -> Screen:
    """Draw the card on which the other company confirms."""
    waiting = [company for company in companies.values() if company.confirmed_at is None]
    names = f"{companies[Side.SPONSOR].name} (sponsor) and {companies[Side.CMO].name} (CMO)"
    if not waiting:
        text = f"Both companies confirmed: this channel keeps the quality records of {names}."
        return Screen(escape(text), [blocks.typed(text)])
    text = (
        f"This channel was set up for {names}. QA of {waiting[0].name}, please confirm. "
        "Until then everybody can log records, but your company cannot approve or close any."
    )
    button = blocks.button("Confirm", "partnership.confirm", {"p": partnership_id}, "primary")
    return Screen(escape(text), [blocks.typed(text), blocks.actions(button)])


async def _filled(call: Call, channel_id: str, there: Sequence[Profile], missing: int) -> blocks.Block:
    slack = call.slack
    opener = next((who for who in there if who.identity.user_id == call.identity.user_id), None)
    opener = opener or await profiles.fetch(slack, call.identity)
    names = await profiles.team_names(slack, {who.identity.team_id for who in there} | {opener.identity.team_id})
    offered = members.options(there or [opener], names)
    countries = [Option(f"{name} ({code})", code) for code, name in supported_countries().items()]
    options = {
        "sponsor_team": [Option(name, team_id) for team_id, name in names.items()],
        "sponsor_qa": offered,
        "cmo_qa": offered,
        "time_zone": [Option(zone, zone) for zone in sorted({*zones(), opener.time_zone})],
        "sponsor_country": countries,
        "cmo_country": countries,
    }
    values = {"digest_at": DIGEST_AT, "time_zone": opener.time_zone}
    return FORM.view({"c": channel_id, "me": opener.name}, values, options, members.told(missing))


def _to_form(call: Call, given: dict[str, Any]) -> SetUpForm:
    return SetUpForm(
        channel_id=call.data["c"],
        home_team_id=call.installation.team_id,
        sponsor=given["sponsor"],
        cmo=given["cmo"],
        sponsor_team_id=given["sponsor_team"],
        sponsor_qa=tuple(members.read(one.value, "sponsor_qa") for one in given["sponsor_qa"]),
        cmo_qa=tuple(members.read(one.value, "cmo_qa") for one in given["cmo_qa"]),
        time_zone=given["time_zone"],
        digest_at=given["digest_at"],
        sponsor_country=given["sponsor_country"],
        cmo_country=given["cmo_country"],
    )


async def _enrol_channel(call: Call, partnership_id: int, channel_id: str) -> None:
    """Put the companies' people in the channel on the roster; guests and strangers are left for QA to say."""
    present, _ = await profiles.in_channel(call.slack, channel_id)
    for start in range(0, len(present), ENROLLED_AT_ONCE):
        end = start + ENROLLED_AT_ONCE
        some = partial(people.enrol_all, partnership_id=partnership_id, profiles=present[start:end], now=call.now)
        await call.desk.database.write(some)


@lru_cache
def zones() -> tuple[str, ...]:
    """List the time zones to choose from."""
    table = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    lines = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return ("UTC", *(line[2] for line in lines))


LISTENERS = Listeners(
    buttons={"partnership.start": on_button, "partnership.confirm": on_confirm},
    modals={CALLBACK: on_submitted},
)
