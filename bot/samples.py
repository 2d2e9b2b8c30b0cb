"""Invented sample records: a lived-in partnership, made by its people pressing the real buttons.

Each line of the story is one act of one person on one day, so the sandbox's channel, threads and journal read
as if both companies had worked there for two months.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.wiring import Bot
from sandbox import Driver, Message, Sandbox

DAYS = 50  # how long ago the story begins
LAST_DAYS = 44  # from this day on reminders and digests are sent; before, they would only fill the channel
SPONSOR, CMO = "Aurora Therapeutics (example)", "Borealis Manufacturing (example)"
ANNA, BEN, CARLA = "U0ANNA", "U0BEN", "U0CARLA"
ELIF, FINN, GITA, HUGO = "U0ELIF", "U0FINN", "U0GITA", "U0HUGO"

SET_UP = {
    "Sponsor": SPONSOR,
    "CMO": CMO,
    "Sponsor workspace": SPONSOR,
    "Sponsor QA": [f"Anna Berg · {SPONSOR}", f"Ben Ortiz · {SPONSOR}"],
    "CMO QA": [f"Elif Kaya · {CMO}", f"Finn Larsen · {CMO}"],
    "Time zone": "Europe/Berlin",
    "Daily digest at": "08:00",
    "Sponsor country": "Germany (DE)",
    "CMO country": "Switzerland (CH)",
}


@dataclass(frozen=True)
class Scene:
    """One act: on which day of the story, by whom, what, on which record of the story."""

    day: int
    who: str
    act: str  # a button of the front door or of the record's card
    name: str  # what the story calls the record
    values: dict[str, Any] = field(default_factory=dict)


def _logs(day: int, who: str, name: str, title: str, happened: str, **more: Any) -> Scene:
    values = {"Title": title, "What happened": happened, **{key.replace("_", " "): v for key, v in more.items()}}
    return Scene(day, who, "Log deviation", name, values)


def _result(day: int, who: str, name: str, **values: Any) -> Scene:
    return Scene(day, who, "Log OOS result", name, {key.replace("_", " "): v for key, v in values.items()})


def _capa(day: int, who: str, source: str, name: str, title: str, owner: str, due_in: int, plan: str) -> Scene:
    values = {"Title": title, "Problem": title, "Owner": owner, "Due date": due_in, "Action plan": plan, "of": source}
    return Scene(day, who, "Add CAPA", name, values)


GITA_RAO, FINN_LARSEN, HUGO_MEYER = f"Gita Rao · {CMO}", f"Finn Larsen · {CMO}", f"Hugo Meyer · {CMO}"
STORY = (
    _logs(
        0,
        GITA,
        "leak",
        "Integrity test of the sterile filter failed after filling",
        "The post-use bubble point of filter 2 was 2.1 bar; at least 2.8 bar is required.",
        Batch_or_lot="AB-1001, AB-1002",
        Product="Auroprim 10 mg/ml (example)",
        Where="Filling line 2",
        Class="Critical",
        Immediate_action="Both batches quarantined, filter kept for examination.",
    ),
    Scene(0, ANNA, "Acknowledge", "leak"),
    Scene(0, ELIF, "Assign owner", "leak", {"Owner": FINN_LARSEN}),
    _logs(
        2,
        GITA,
        "label",
        "Label roll without reconciliation sheet",
        "The sheet of roll 7 was missing at line clearance.",
        Batch_or_lot="AB-0998",
        Where="Packaging line 1",
        Class="Minor",
    ),
    Scene(2, CARLA, "Acknowledge", "label"),
    Scene(3, ELIF, "Assign owner", "label", {"Owner": GITA_RAO}),
    _capa(
        4,
        FINN,
        "leak",
        "filter",
        "Pressure hold of the filter housing before each use",
        FINN_LARSEN,
        51,
        "Add a step to the batch record; train line 2.",
    ),
    _logs(
        5,
        GITA,
        "freezer",
        "Freezer 4 above -65 °C for 3 h 40 min",
        "Alarm at 02:10, answered at 05:50. Highest reading -58.2 °C.",
        Batch_or_lot="DS-220",
        Product="Auroprim drug substance (example)",
        Where="Cold store, freezer 4",
    ),
    Scene(6, BEN, "Acknowledge", "freezer"),
    Scene(6, FINN, "Assign owner", "freezer", {"Owner": GITA_RAO}),
    Scene(8, GITA, "Comment", "freezer", {"Comment": "Compressor replaced; mapping of the freezer is under way."}),
    _result(
        10,
        HUGO,
        "assay",
        Test="Assay (HPLC)",
        Test_category="Assay or potency",
        Sample_type="Finished product",
        Batch_or_lot="AB-1004",
        Product="Auroprim 10 mg/ml (example)",
        Result="93.4",
        Unit="%",
        Lower_limit="95.0",
        Upper_limit="105.0",
        Method="TM-014 v6",
        Analyst="H. Meyer",
        Batch_distributed="No",
    ),
    Scene(10, ANNA, "Acknowledge", "assay"),
    Scene(11, ELIF, "Assign owner", "assay", {"Owner": HUGO_MEYER}),
    Scene(14, ELIF, "Close", "label"),
    _capa(
        16,
        GITA,
        "freezer",
        "alarm",
        "Freezer alarms call the shift leader's phone",
        GITA_RAO,
        30,
        "Connect the alarm to the on-call phone, test monthly.",
    ),
    _logs(
        20,
        CARLA,
        "docs",
        "Certificate of analysis sent without the endotoxin page",
        "Page 3 of the certificate was missing on receipt.",
        Batch_or_lot="AB-0996",
        Class="Minor",
    ),
    Scene(21, FINN, "Acknowledge", "docs"),
    Scene(21, FINN, "Assign owner", "docs", {"Owner": FINN_LARSEN}),
    Scene(24, FINN, "Comment", "leak", {"Comment": "The filter's housing gasket was nicked. Pictures are in our QMS."}),
    Scene(29, ANNA, "Close", "leak"),
    _result(
        33,
        HUGO,
        "water",
        Test="Water (Karl Fischer)",
        Test_category="Water",
        Kind="OOT",
        Sample_type="Stability",
        Batch_or_lot="AB-0950",
        Result="2.4",
        Unit="%",
        Upper_limit="3.0",
    ),
    Scene(34, CARLA, "Acknowledge", "water"),
    _capa(
        36,
        ELIF,
        "docs",
        "release",
        "Second check of certificates before sending",
        FINN_LARSEN,
        21,
        "Checklist with page count, signed by a second person.",
    ),
    Scene(41, ELIF, "Close", "docs"),
    _logs(
        44,
        GITA,
        "yield",
        "Yield of compression below the limit",
        "87.9 % against at least 90.0 %; tooling of station 12 worn.",
        Batch_or_lot="TB-310",
        Product="Auroprim 20 mg tablets (example)",
        Where="Compression, press 3",
        Class="Major",
        Batch_distributed="No",
    ),
    Scene(45, BEN, "Acknowledge", "yield"),
    _logs(
        49,
        GITA,
        "spill",
        "Buffer spilled in the wash bay",
        "About 2 l of phosphate buffer, cleaned at once, no product near.",
        Where="Wash bay",
        Class="Minor",
    ),
    _result(
        49,
        HUGO,
        "dissolution",
        Test="Dissolution, 30 min",
        Test_category="Dissolution",
        Sample_type="Finished product",
        Batch_or_lot="TB-310",
        Product="Auroprim 20 mg tablets (example)",
        Result="71",
        Unit="%",
        Lower_limit="75",
        Analyst="H. Meyer",
    ),
)


class Stage:
    """Plays the story on a sandbox, with the bot that answers."""

    def __init__(self, box: Sandbox, bot: Bot, begins: datetime) -> None:
        self.box = box
        self.bot = bot
        self.begins = begins
        self.numbers: dict[str, str] = {}  # what the story calls a record -> its number

    async def play(self) -> None:
        """Set the channel up and act every scene."""
        await self._set_up()
        for scene in STORY:
            await self._forward(scene.day)
            await PLAYERS.get(scene.act, Stage._press)(self, scene)
            await self._delivered()
        await self._forward(DAYS)

    async def _set_up(self) -> None:
        anna = self.box.person(ANNA)
        await anna.command("/quality setup")
        await self._delivered()
        anna.fill(SET_UP)
        refused = await anna.submit()
        if refused:
            raise RuntimeError(f"the sample channel was not set up: {refused}")
        await self._delivered()
        await self.box.person(ELIF).click("Confirm")
        await self._delivered()

    async def _forward(self, day: int) -> None:
        at = self.begins + timedelta(days=day)
        moment = max(at, self.box.now() + timedelta(minutes=4))
        if moment < datetime.now(UTC):
            await self.box.move_clock(moment)
        if day >= LAST_DAYS:
            await self.bot.timetable.beat()
            await self._delivered()

    async def _log(self, scene: Scene) -> None:
        await self._fill_in(scene, self.box.person(scene.who), scene.values, None)

    async def _add_capa(self, scene: Scene) -> None:
        given = dict(scene.values)
        source = self._card(given.pop("of"))
        given["Due date"] = (self.begins + timedelta(days=scene.day + given["Due date"])).date()
        await self._fill_in(scene, self.box.person(scene.who), given, source)

    async def _press(self, scene: Scene) -> None:
        who = self.box.person(scene.who)
        await who.click(scene.act, self._card(scene.name))
        if scene.values:
            await self._submit(scene, who, scene.values)

    async def _fill_in(self, scene: Scene, who: Driver, values: dict[str, Any], source: Message | None) -> None:
        before = {card.ts for card in self._cards()}
        await who.click(scene.act, source)
        await self._submit(scene, who, values)
        await self._delivered()
        new = next(card for card in self._cards() if card.ts not in before)
        self.numbers[scene.name] = new.words.split(" ", 1)[0]

    async def _submit(self, scene: Scene, who: Driver, values: dict[str, Any]) -> None:
        who.fill(values)
        refused = await who.submit()
        if refused:
            raise RuntimeError(f"the sample {scene.name!r} was refused: {refused}")

    def _cards(self) -> list[Message]:
        return [message for message in self.box.person(ANNA).messages() if "History" in message.buttons]

    def _card(self, name: str) -> Message:
        return next(card for card in self._cards() if card.words.startswith(self.numbers[name]))

    async def _delivered(self) -> None:
        await self.bot.desk.finish()
        await self.bot.delivery.send_due()


PLAYERS: dict[str, Callable[[Stage, Scene], Awaitable[None]]] = {
    "Log deviation": Stage._log,  # noqa: SLF001 - the table of this class
    "Log OOS result": Stage._log,  # noqa: SLF001 - as above
    "Add CAPA": Stage._add_capa,  # noqa: SLF001 - as above
}
