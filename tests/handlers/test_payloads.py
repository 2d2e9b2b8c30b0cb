"""What Slack sends in each of the four set-ups: whole, with fields of the future, with fields missing, by strangers.

The shapes lie in `payloads/`, one file for each set-up. `python -m tests.handlers.test_payloads` writes them anew from
the sandbox; what Slack itself sent can be laid beside them to see where the sandbox differs.
"""

import asyncio
import copy
import json
import logging
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox import CannotDo, cast_of
from sandbox.line import Delivery, NotAcknowledged
from tests.stage import CMO, GRID, SHARED, SPONSOR, Stage, staged

SETUPS = ("guests", "connect", "both", "grid")
FILES = Path(__file__).parent / "payloads"
SEPARATOR = "/"
NAMED_QA = {"guests": {"CMO QA": [f"Elif Kaya · {SPONSOR}", f"Gita Rao · {SPONSOR}"]}, "grid": GRID}
SERVED = 200
READ = (200, 400, 404)  # served, not readable as a request of Slack, or none that the bot listens to
NOT_FOR_BOLT = ("actions/0", "actions/0/action_id", "view/type")  # without which Bolt finds no listener, and says 500


@asynccontextmanager
async def talked(setup: str, folder: Path) -> AsyncIterator[tuple[Stage, dict[str, Delivery]]]:
    """Let people of both companies do what there is a kind of payload for; gives the last of each kind."""
    async with staged(folder, cast=cast_of(setup)) as stage:
        await stage.set_up(**NAMED_QA.get(setup, {}))
        await stage.hugo.leave(SHARED)
        await stage.hugo.join(SHARED)
        card = await stage.log(stage.gita)  # of the other company: a button, then a form
        await stage.press(stage.anna, "Acknowledge", card)
        await stage.press(stage.elif_, "Assign owner", card, Owner=f"Gita Rao · {CMO}")
        for who in (stage.anna, stage.elif_):
            try:
                await who.command("/deviation list")
                await who.shortcut("Log as deviation", await who.say("The freezer is warm."))
                await stage.settle()
                await who.close_modal()
                await who.open_home()
            except CannotDo:
                continue  # whose company has not installed the app
        await stage.anna.say("@QualBridge hello")
        await stage.box.archive(SHARED)
        await stage.box.unarchive(SHARED)
        await stage.settle()
        yield stage, {_kind(one): one for one in stage.box.line.deliveries if one.status == SERVED}


def _kind(delivery: Delivery) -> str:
    who = (delivery.body.get("user") or {}) if delivery.kind == "interaction" else {}
    side = " by the CMO" if who.get("id") in ("U0ELIF", "U0GITA") else ""
    return str(delivery.body.get("type") if delivery.kind == "interaction" else delivery.what) + side


def shape(value: Any) -> Any:
    """Give what a payload looks like: its fields, and the type of what stands in each."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in sorted(value.items()) if name not in ("blocks", "values")}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def paths(value: Any, above: str = "") -> Iterator[str]:
    """List the fields of a payload, and those within; of what the bot drew, its blocks are left out."""
    if isinstance(value, list):
        value = {str(place): one for place, one in enumerate(value)}
    if not isinstance(value, dict):
        return
    for name, one in value.items():
        yield above + name
        if name not in ("blocks", "metadata"):
            yield from paths(one, f"{above}{name}{SEPARATOR}")


def without(body: dict[str, Any], path: str) -> dict[str, Any]:
    """Give a payload without one of its fields."""
    changed = copy.deepcopy(body)
    *above, last = path.split(SEPARATOR)
    within: Any = changed
    for name in above:
        within = within[int(name)] if isinstance(within, list) else within[name]
    del within[int(last) if isinstance(within, list) else last]
    return changed


def of_the_future(value: Any) -> Any:
    """Give a payload with a field that nobody knows yet in each of its parts."""
    if isinstance(value, list):
        return [of_the_future(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: of_the_future(one) for name, one in value.items()} | {"sent_since_2031": {"any": ["thing", None]}}


class Sender:
    """Sends payloads that differ a little, each under ids of its own, and tells how they were answered."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.number = stage, 0

    async def send(self, delivery: Delivery, body: dict[str, Any]) -> tuple[int | None, Any]:
        self.number += 1
        world, user = self.stage.box.world, (body.get("user") or {})
        if "event_id" in body:
            body["event_id"] = f"Ev{self.number}"
        if "trigger_id" in body:
            who = user.get("id") if isinstance(user, dict) else body.get("user_id")
            body["trigger_id"] = world.new_trigger(str(who or body.get("user_id") or "U0ANNA"))
        if isinstance(body.get("view"), dict) and "id" in body["view"]:
            body["view"]["id"] = f"V{self.number}"
        try:
            if delivery.kind == "event":
                await self.stage.box.line.send_event(body)
            else:
                await self.stage.box.line.send(delivery.kind, delivery.what, body)
        except (NotAcknowledged, KeyError):
            pass
        sent = self.stage.box.line.deliveries[-1]
        await self.stage.settle()
        for stack in world.stacks.values():
            stack.clear()
        return sent.status, sent.answer


@pytest.mark.parametrize("setup", SETUPS)
async def test_payloads_are_understood(setup: str, tmp_path: Path) -> None:
    """Each kind is served as it is, and with fields of the future."""
    async with talked(setup, tmp_path) as (stage, sent):
        assert {kind: shape(one.body) for kind, one in sent.items()} == stored(setup)
        sender = Sender(stage)
        for kind, one in sent.items():
            for body in (copy.deepcopy(one.body), of_the_future(one.body)):
                if one.kind != "command":  # a form has no parts
                    assert (await sender.send(one, body))[0] == SERVED, kind


async def test_what_slack_leaves_out_breaks_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Any field: it was not needed, or what is missing is said; on Grid, where there are most."""
    async with talked("grid", tmp_path) as (stage, sent):
        sender = Sender(stage)
        for kind, one in sent.items():
            for path in paths(one.body):
                status, _ = await sender.send(one, without(one.body, path))
                assert status in READ or path in NOT_FOR_BOLT, f"{kind} without {path}: {status}"
                assert not unforeseen(caplog), f"{kind} without {path}: {unforeseen(caplog)}"
                caplog.clear()


def unforeseen(caplog: pytest.LogCaptureFixture) -> list[str]:
    """List what went wrong with us; Bolt says of a payload without a workspace that nobody installed the app there."""
    ours = [line for line in caplog.records if line.levelno >= logging.ERROR and not line.name.startswith("slack_bolt")]
    return [f"{line.getMessage()}: {line.exc_info and line.exc_info[1]!r}" for line in ours]


def stored(setup: str) -> Any:
    return json.loads((FILES / f"{setup}.json").read_text())


async def write(setup: str) -> None:
    """Write the shapes of a set-up."""
    with tempfile.TemporaryDirectory() as folder:
        async with talked(setup, Path(folder)) as (_, sent):
            shapes = {kind: shape(one.body) for kind, one in sorted(sent.items())}
            (FILES / f"{setup}.json").write_text(json.dumps(shapes, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    for name in SETUPS:
        asyncio.run(write(name))
