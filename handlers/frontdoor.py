"""The front door: the pinned message from which everything starts, for people with and without the app."""

from typing import Any

from handlers import blocks
from handlers.blocks import Block, Screen
from storage.partnership import Company, Side


def draw(partnership_id: int, companies: dict[Side, Company]) -> Screen:
    """Draw the front door of a partnership."""
    names = f"{companies[Side.SPONSOR].name} and {companies[Side.CMO].name}"
    return Screen(
        "QualBridge: log a deviation, an OOS result or a CAPA, and see what is open.",
        [
            blocks.header("QualBridge"),
            blocks.typed(
                f"Deviations, OOS results and CAPAs of {names}. Log one here; the other company sees it at once."
            ),
            *buttons({"p": partnership_id}),
        ],
    )


def buttons(data: dict[str, Any]) -> list[Block]:
    """Draw the buttons that start everything."""
    return [
        blocks.actions(
            blocks.button("Log deviation", "deviation.log", data, "primary"),
            blocks.button("Log OOS result", "oos.log", data),
            blocks.button("New CAPA", "capa.log", data),
        ),
        blocks.actions(
            blocks.button("Open records", "record.list", data),
            blocks.button("My work", "quality.mine", data),
            blocks.button("Search", "quality.search", data),
            blocks.button("Batch", "quality.batch", data),
            blocks.button("Specifications", "specification.list", data),
            blocks.button("Figures", "figures.show", data),
            blocks.button("Product review", "review.ask", data),
            blocks.button("Inspection", "inspection.show", data),
            blocks.button("People", "roster.show", data),
            blocks.button("Agreement", "agreement.show", data),
            blocks.button("Signing device", "device.start", data),
            blocks.button("Inspection pack", "export.start", data),
        ),
    ]
