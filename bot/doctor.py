"""The doctor: says what is missing or wrong with keys, scopes, database, clock and channels."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from bot.installations import speaking_by
from bot.settings import Settings
from bot.wiring import real_now, slack_client
from handlers import slack_errors
from handlers.manifest import SCOPES
from quality.words import days, moment
from storage import download, installation, outbox, partnership
from storage import migrate as schema
from storage.database import Database
from storage.secret import Safe, Sealed

LARGEST_SKEW = timedelta(seconds=60)  # Slack refuses nothing yet, but the journal's times would be wrong
OLDEST_WAITING = timedelta(minutes=10)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    well: bool
    says: str


async def examine(settings: Settings, now: Callable[[], datetime] = real_now) -> AsyncIterator[Finding]:
    """Look at everything and give a finding for each."""
    missing = settings.missing()
    for name in missing:
        yield Finding("settings", well=False, says=name)
    if not missing:
        yield Finding("settings", well=True, says="by Socket Mode" if settings.socket_mode else "by HTTP")
    yield _encryption(settings)
    database = Database(settings.database_url)
    try:
        for finding in _database(database, now()):
            yield finding
        async with slack_client(settings) as slack:
            served: set[str] | None = set() if settings.has_oauth else None
            for mouth in _mouths(settings, database, slack):
                if isinstance(mouth, Finding):
                    yield mouth
                    continue
                async for finding in _slack(mouth, database, now, served):
                    yield finding
        for finding in _homeless(database, served):
            yield finding
        if (kept := _row_level_security(database)) is not None:
            yield kept
    finally:
        database.close()


def _mouths(settings: Settings, database: Database, slack: AsyncWebClient) -> Iterator[AsyncWebClient | Finding]:
    """Give a client for each installation: of the static token, and of the workspaces that installed the app."""
    if settings.slack_bot_token:
        yield slack
    if not settings.has_oauth or not _is_present(database):
        return
    with database.reading() as session:
        live = installation.list_live(session)
    if not live and not settings.slack_bot_token:
        yield Finding("installations", well=True, says="none yet: open /slack/install to install the app")
    for one in live:
        try:
            token = Safe(settings.encryption_key).open(one.token)
        except Sealed as sealed:
            says = f"the token of {one.name} ({one.serves}) is out of use, {sealed}: put the key back into "
            yield Finding("installation", well=False, says=f"{says}ENCRYPTION_KEY, or install the app there again")
            continue
        yield speaking_by(token, slack)


def _homeless(database: Database, served: set[str] | None) -> list[Finding]:
    """Name the channels in which no installation can write any more."""
    if served is None or not _is_present(database):
        return []
    with database.reading() as session:
        channels = partnership.list_channels(session)
    says = "the app is not installed any more in the workspace whose bot writes there: install it again"
    return [Finding("channel", well=False, says=f"{one}: {says}") for one, team in channels if team not in served]


def _is_present(database: Database) -> bool:
    """Whether there is a database at the present schema; what is wrong with another is said by itself."""
    try:
        return database.exists and schema.revision(database) == schema.newest()
    except SQLAlchemyError:
        return False


def _row_level_security(database: Database) -> Finding | None:
    """Find whether PostgreSQL keeps partnerships apart: for a superuser it does not."""
    if database.engine.dialect.name != "postgresql" or not _is_present(database):
        return None
    if schema.bypasses_policies(database):
        says = "the user of DATABASE_URL is a superuser or has BYPASSRLS, so PostgreSQL keeps no partnership apart: "
        return Finding("isolation", well=False, says=f"{says}let the bot have a user of its own")
    return Finding("isolation", well=True, says="PostgreSQL keeps each partnership apart")


def _encryption(settings: Settings) -> Finding:
    if settings.encryption_key:
        return Finding("signatures", well=True, says="ENCRYPTION_KEY is there")
    says = "ENCRYPTION_KEY is missing, so nobody can sign: put 32 random characters or more there"
    return Finding("signatures", well=False, says=says)


def _database(database: Database, now: datetime) -> list[Finding]:
    if not database.exists:
        says = f"{database.engine.url.database} does not exist yet: run `qualbridge migrate`"
        return [Finding("database", well=False, says=says)]
    try:
        at, needed = schema.revision(database), schema.newest()
    except SQLAlchemyError as error:
        return [Finding("database", well=False, says=f"{database.engine.url!r} does not open: {error.args[0]}")]
    if at != needed:
        says = f"the schema is {at or 'empty'}, the program needs {needed}: run `qualbridge migrate`"
        return [Finding("database", well=False, says=says)]
    found = [Finding("database", well=True, says=f"schema {at}")]
    with database.reading() as session:
        waiting, oldest = outbox.pending(session)
        found += _unsaid(session)
    if oldest is not None and now - oldest > OLDEST_WAITING:
        says = f"{waiting} messages wait, the oldest for {_age(now - oldest)}: see the log, or run `qualbridge tick`"
        return [*found, Finding("outbox", well=False, says=says)]
    return [*found, Finding("outbox", well=True, says=f"{waiting} messages wait")]


def _unsaid(session: Session) -> list[Finding]:
    """Name what Slack does not take: messages that were tried in vain, and channels in which nothing can be said."""
    found = []
    newest = outbox.newest_failing(session)
    if newest is not None:
        number = outbox.count_failing(session)
        tried = "1 message was" if number == 1 else f"{number} messages were"
        says = f"{tried} tried in vain and will be tried again; the newest, {newest.kind}: {newest.last_error}"
        found.append(Finding("messages", well=False, says=says))
    for company in partnership.list_unconfirmed(session):
        since = f"set up {moment(company.set_up_at)}"
        says = f"{company.name} has still to confirm its partnership, {since}: its QA press Confirm"
        found.append(Finding("confirmation", well=False, says=says))
    lost = download.newest_failing(session)
    if lost is not None:
        waiting = download.count_waiting(session)
        says = f"{waiting} are still to be fetched; the newest that failed, {lost.file_id}: {lost.last_error}"
        found.append(Finding("files", well=False, says=says))
    for there in partnership.list_muted(session):
        since = moment(there.muted_at) if there.muted_at else "unknown"
        says = f"{there.channel_id}: nothing can be said in it since {since}: Slack says {there.muted_because}"
        found.append(Finding("channel", well=False, says=says))
    return found


async def _slack(
    slack: AsyncWebClient, database: Database, now: Callable[[], datetime], served: set[str] | None
) -> AsyncIterator[Finding]:
    """Look at Slack by one installation; where there may be several, note which workspaces are `served`."""
    try:
        answer = await slack.auth_test()
    except SlackApiError as error:
        remedy = "install the app there again" if served is not None else "check SLACK_BOT_TOKEN"
        says = f"Slack says {slack_errors.word(error)}: {remedy}"
        yield Finding("token", well=False, says=says)
        return
    except slack_errors.UNREACHABLE as error:
        yield Finding("Slack", well=False, says=f"no answer from {slack.base_url}: {error}")
        return
    yield Finding("token", well=True, says=f"{answer['user']} in {answer['team']}")
    yield _scopes(answer)
    with database.reading() as session:
        captured = partnership.count_captured(session) if schema.revision(database) == schema.newest() else 0
    if captured and (deaf := _deaf(answer)):
        yield deaf
    yield _clock(answer, now())
    home = {str(answer["team_id"]), str(answer.get("enterprise_id") or "")} if served is not None else None
    if served is not None and home is not None:
        served |= home
    async for finding in _channels(slack, database, home):
        yield finding


def _scopes(answer: AsyncSlackResponse) -> Finding:
    granted = {scope.strip() for scope in str(answer.headers.get("x-oauth-scopes") or "").split(",")}
    lacking = [scope for scope in SCOPES if scope not in granted]
    if granted == {""}:
        return Finding("scopes", well=True, says="Slack did not say")
    if lacking:
        says = f"missing {', '.join(lacking)}: add them under OAuth & Permissions and install the app again"
        return Finding("scopes", well=False, says=says)
    return Finding("scopes", well=True, says=f"all {len(SCOPES)} granted")


def _deaf(answer: AsyncSlackResponse) -> Finding | None:
    """Find that talk is to be kept and cannot be heard."""
    granted = {scope.strip() for scope in str(answer.headers.get("x-oauth-scopes") or "").split(",")}
    lacking = sorted({"channels:history", "groups:history"} - granted)
    if granted == {""} or not lacking:
        return None
    says = f"switched on, and replies are not heard where {' or '.join(lacking)} is missing: install the app with them"
    return Finding("capture", well=False, says=says)


def _clock(answer: AsyncSlackResponse, now: datetime) -> Finding:
    stated = answer.headers.get("Date")
    if not stated:
        return Finding("clock", well=True, says="Slack did not say the time")
    skew = abs(now - parsedate_to_datetime(stated))
    if skew > LARGEST_SKEW:
        return Finding("clock", well=False, says=f"this machine is {_age(skew)} off Slack's time: set its clock")
    return Finding("clock", well=True, says=f"{skew.total_seconds():.0f} s off Slack's")


async def _channels(slack: AsyncWebClient, database: Database, home: set[str] | None) -> AsyncIterator[Finding]:
    """Look at the channels in which an installation writes; with `home` at those of these workspaces alone."""
    if not _is_present(database):
        return
    found = await database.read(partnership.list_channels)
    channels = [channel_id for channel_id, team_id in found if home is None or team_id in home]
    if not found:
        yield Finding("channels", well=True, says="none is set up yet: run `/quality setup` in one")
    for channel_id in channels:
        try:
            channel = (await slack.conversations_info(channel=channel_id))["channel"]
        except SlackApiError as error:
            yield Finding("channel", well=False, says=f"{channel_id}: Slack says {slack_errors.word(error)}")
            continue
        name = f"{channel_id} #{channel.get('name')}"
        if channel.get("is_archived"):
            yield Finding("channel", well=False, says=f"{name} is archived: its messages wait")
        elif not channel.get("is_member"):
            yield Finding("channel", well=False, says=f"{name}: the bot is not in it: /invite it")
        else:
            yield Finding("channel", well=True, says=name)


def _age(span: timedelta) -> str:
    return days(span.days) if span.days else f"{int(span.total_seconds())} s"
