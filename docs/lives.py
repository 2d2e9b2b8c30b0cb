"""Writes docs/lives.md, the manual's states and buttons, from the transition tables.

.venv/bin/python -m docs.lives
"""  # noqa: INP001 - a folder of documents, no package

from collections.abc import Iterator
from pathlib import Path

from quality.transitions import ENDS, LIVES, OPEN, Act
from storage.record import Kind, State

PAGE = Path(__file__).with_suffix(".md")
INTRO = """\
# The lives of records

Every state, and every button with who may press it, on what conditions, and to what effect. This page is written by
`make manual` from `quality/transitions.py`, the tables that the bot itself decides by; do not edit it by hand.
[Four lives, walked through](walkthrough.md) shows them.

- A button stands on the card and in lists while the record is in one of its states and there is a use for it: **Grant**
  only while an extension is asked, **Acknowledge** only until somebody did. Whoever may not press it is told who may.
- *Everybody on the roster* means the people of both companies; [roles](permissions.md#roles) say what a viewer may not.
- While the owner is out of office, their stand-in may do what is for *the owner*, but accept a CAPA for them.
- **Sign** is the form that asks for a code: [what a signature is](signatures.md).
- *Their company has confirmed*: the button speaks for a company, which has to have confirmed the partnership.
- Where the other company's QA has to agree, as to **Reopen**, the state changes when **Agree** is pressed.
- **Check effectiveness** closes a CAPA, unless its outcome is *Inconclusive*: then it is checked again.
"""
TITLES = {
    Kind.DEVIATION: "Deviation",
    Kind.OOS: "OOS or OOT result",
    Kind.CAPA: "CAPA",
    Kind.SPECIFICATION: "Specification",
    Kind.DISPOSITION: "Disposition of a batch",
}
LOGGED_BY = {
    Kind.DEVIATION: "Log deviation",
    Kind.OOS: "Log OOS result",
    Kind.CAPA: "New CAPA",
    Kind.SPECIFICATION: "New specification",
    Kind.DISPOSITION: "Propose disposition",
}
HEAD = "| button | in | who | conditions | effect | form |\n|---|---|---|---|---|---|"
CONFIRMED = "their company has confirmed"


def manual() -> str:
    """Give the whole page."""
    return "\n".join([INTRO, *(_section(kind) for kind in LIVES)])


def _section(kind: Kind) -> str:
    rows = "\n".join(_row(act) for act in LIVES[kind])
    return f"## {TITLES[kind]}\n\n```mermaid\n{diagram(kind)}\n```\n\n{HEAD}\n{rows}\n"


def diagram(kind: Kind) -> str:
    """Give the state diagram of a kind of record."""
    ends = (*ENDS[kind], State.VOID)
    named = [f'    state "{state}" as {_id(state)}' for state in (*OPEN[kind], *ends)]
    begins = f"    [*] --> {_id(OPEN[kind][0])} : {LOGGED_BY[kind]}"
    return "\n".join(
        ["stateDiagram-v2", *named, begins, *_arrows(kind), *(f"    {_id(state)} --> [*]" for state in ends)]
    )


def _arrows(kind: Kind) -> Iterator[str]:
    for act in LIVES[kind]:
        for start in act.states:
            yield from (f"    {_id(start)} --> {_id(end)} : {act.button}" for end in act.to)


def _id(state: State) -> str:
    """Give a name that Mermaid takes for a state: `under_investigation`."""
    return str(state).lower().replace(" ", "_")


def _row(act: Act) -> str:
    conditions = "; ".join([guard.words for guard in act.guards] + [CONFIRMED] * act.binds)
    cells = (f"**{act.button}**", ", ".join(act.states), act.who.words, conditions, act.effect, act.opens)
    return f"|{'|'.join(f' {cell} ' if cell else ' ' for cell in cells)}|"


if __name__ == "__main__":
    PAGE.write_text(manual(), encoding="utf-8")
