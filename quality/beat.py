"""What is due now: one pass decides reminders, lists and digests and queues them; nothing is sent from here.

Each pass asks the database for what is due, so it costs what is due and not what exists; a pass that is
missed loses nothing, and a second one at the same time repeats nothing, for every message has a unique key.
"""

from datetime import datetime, timedelta

from sqlmodel import Session

from quality import agreement, digest, inspection_clock, lists, reminders, specification
from storage import clock, draft, inspection, installation, outbox, partnership, person, receipt

BATCH = 250  # of each kind in one transaction, so that people's clicks get their turn between
RECEIPTS_KEPT = timedelta(days=7)
DRAFTS_KEPT = timedelta(days=1)
DECIDED = (
    agreement.move_clocks,
    reminders.decide_due,
    reminders.decide_snoozed,
    lists.decide_due,
    digest.decide_due,
    specification.retire_due,
    inspection_clock.decide_due,
)


def look_again(session: Session, now: datetime) -> None:
    """Let everything be decided anew, for the machine's clock was ahead: what it put off to a time that has not come.

    Each decision goes by the day that it is now, and what was said before is not said again, for its key is taken.
    """
    for table in (clock, partnership, person, inspection, outbox):
        table.look_again(session, now)


def beat(session: Session, now: datetime) -> bool:
    """Decide what is due, at most a batch of each kind; True when there may be more."""
    more = [decide(session, now, BATCH) for decide in DECIDED]
    receipt.forget(session, now - RECEIPTS_KEPT)
    draft.forget(session, now - DRAFTS_KEPT)
    installation.forget_pending(session, now)
    return any(more)
