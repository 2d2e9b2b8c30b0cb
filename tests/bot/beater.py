"""One process that beats and delivers without pause until it is killed; tests start several on one database.

    python beater.py DATABASE_URL SLACK_API_URL TOKEN AHEAD

AHEAD is a file that says how many seconds this program's clock is ahead of the machine's.
"""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.settings import Settings
from bot.wiring import assemble, identify, slack_client
from handlers.installation import OneInstallation
from storage.database import Database

PAUSE = 0.02  # seconds between two passes


async def main(database_url: str, slack_url: str, token: str, ahead: str) -> None:
    settings = Settings.model_construct(
        slack_bot_token=token, slack_signing_secret="unused", slack_app_token="", slack_api_url=slack_url,
        encryption_key="",
    )  # fmt: skip
    database = Database(database_url)
    async with slack_client(settings) as slack:
        bot = assemble(
            settings, database, slack, OneInstallation(await identify(slack)), clock(Path(ahead)), between_posts=0
        )
        print(bot.delivery.speaker, flush=True)  # noqa: T201 - what the test waits for
        while True:
            await bot.timetable.beat()
            await bot.delivery.send_due()
            await asyncio.sleep(PAUSE)


def clock(ahead: Path) -> Callable[[], datetime]:
    def now() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(ahead.read_text()))

    return now


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
