"""One pass of what is due: reminders, digests, files to be fetched, undelivered messages."""

from collections.abc import Callable
from datetime import datetime

from bot.settings import Settings
from bot.wiring import assemble, identify, installations_of, real_now, slack_client
from storage import outbox
from storage.database import Database
from storage.migrate import migrate


async def tick(settings: Settings, now: Callable[[], datetime] = real_now) -> tuple[int, int]:
    """Do one pass; gives how many messages were due and how many still wait."""
    database = Database(settings.database_url)
    try:
        migrate(database)
        async with slack_client(settings) as slack:
            own = await identify(slack) if settings.slack_bot_token else None
            bot = assemble(settings, database, slack, installations_of(settings, database, slack, own, now), now)
            await bot.timetable.beat()
            await bot.fetching.fetch_due()
            claimed = await bot.delivery.send_due()
        waiting, _ = await database.read(outbox.pending)
        return claimed, waiting
    finally:
        database.close()
