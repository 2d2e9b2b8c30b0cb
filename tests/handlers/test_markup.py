"""What people typed never becomes markup: names and texts are escaped wherever Slack reads mrkdwn."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.stage import Stage, staged

LOUD = "Aurora <!channel> & Sons"
METHODS = ("chat.postMessage", "chat.update", "chat.postEphemeral", "views.open", "views.update", "views.publish")


def markup(node: Any) -> Iterator[str]:
    """Give every text that Slack would read as mrkdwn."""
    if isinstance(node, dict):
        if node.get("type") == "mrkdwn":
            yield str(node["text"])
        for value in node.values():
            yield from markup(value)
    if isinstance(node, list):
        for value in node:
            yield from markup(value)


def said(stage: Stage) -> Iterator[str]:
    """Give all markup of what the bot said so far, the top-level texts as well."""
    for method in METHODS:
        for call in stage.calls(method):
            given = call.arguments
            yield str(given.get("text", ""))
            for name in ("blocks", "view"):
                body = given.get(name)
                yield from markup(json.loads(body) if isinstance(body, str) else body)


async def test_a_companys_name_calls_nobody(tmp_path: Path) -> None:
    """A company named like a mention of everybody is shown as it is written, in cards, lists and the digest."""
    async with staged(tmp_path) as stage:
        await stage.set_up(Sponsor=LOUD)
        card = await stage.investigated(Title="<!here> filter", Batch_or_lot="<!here>", Batch_distributed="Yes")
        assert await stage.sign(stage.elif_, "Approve", card) == {}
        for command in (
            "mine",
            "digest",
            "batch <!here>",
            "list",
            "agreement",
            "history DEV-2026-0001",
            "search filter",
        ):
            await stage.anna.command(f"/quality {command}")
            await stage.settle()
        await stage.beat(days=1)
        await stage.anna.open_home()
        await stage.settle()
        told = list(said(stage))
    assert any("aiting for approval by Aurora &lt;!channel&gt;" in text for text in told)
    assert [text for text in told if "<!channel>" in text or "<!here>" in text] == []
