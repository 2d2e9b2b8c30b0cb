"""Whether a message that is in doubt stands in Slack already: each carries its key as metadata.

Looking needs the optional scopes channels:history, groups:history and im:history; without them nothing is found.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from handlers import slack_errors
from storage.outbox import Outgoing

log = logging.getLogger(__name__)

EVENT = "qualbridge"
SKEW = timedelta(minutes=2)  # between Slack's clock and ours
PAGE, MOST_PAGES = 100, 5


def metadata(rows: Sequence[Outgoing]) -> dict[str, Any]:
    """Give what a message carries unseen: the keys of what it says."""
    return {"event_type": EVENT, "event_payload": {"key": rows[0].key, "rows": [row.id for row in rows]}}


async def find(
    slack: AsyncWebClient, channel_id: str, thread_ts: str | None, rows: Sequence[Outgoing]
) -> dict[str, Any] | None:
    """Find the message that says any of some rows; None where there is none, or Slack lets nobody look.

    What passes, such as a limit or a page that is not Slack's own, is raised: the row waits, for posting it unseen is
    for those who can never look.
    """
    since = min(row.created_at for row in rows) - SKEW
    try:
        return await _search(slack, channel_id, thread_ts, since, {row.id for row in rows})
    except SlackApiError as error:
        if slack_errors.passes(error) or not slack_errors.is_refusal(error):
            raise
        log.warning("whether %s was posted cannot be seen: %s", rows[0].key, slack_errors.word(error))
        return None


async def _search(
    slack: AsyncWebClient, channel_id: str, thread_ts: str | None, since: datetime, wanted: set[int]
) -> dict[str, Any] | None:
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page: dict[str, Any] = {
            "channel": channel_id, "oldest": f"{since.timestamp():.6f}", "include_all_metadata": True,
            "limit": PAGE, "cursor": cursor,
        }  # fmt: skip
        answer = await (slack.conversations_replies(ts=thread_ts, **page) if thread_ts else
                        slack.conversations_history(**page))  # fmt: skip
        found = next((one for one in answer["messages"] if said(one) & wanted), None)
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
        if found is not None or cursor is None:
            return dict(found) if found else None
    return None


def said(message: dict[str, Any]) -> set[int]:
    """Give the ids of the rows that a message says."""
    noted = message.get("metadata") or {}
    if noted.get("event_type") != EVENT:
        return set()
    rows = (noted.get("event_payload") or {}).get("rows")
    return {row for row in rows if isinstance(row, int)} if isinstance(rows, list) else set()
