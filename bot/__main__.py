"""The command line: `qualbridge`, or `python -m bot`."""

import asyncio
import json
import sys
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bot import logs
from bot import settings as configuration
from bot.settings import Settings, SettingsError
from storage.database import Database

if TYPE_CHECKING:
    from bot.verify import Checked

Result = TypeVar("Result")
PATH = "/slack/events"

cli = typer.Typer(
    help="Deviations, OOS results and CAPAs of a sponsor and its CMO, in their shared Slack channel.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@cli.command()
def serve() -> None:
    """Run the bot: Socket Mode when SLACK_APP_TOKEN is set, else HTTP on HOST:PORT."""
    from bot.server import serve as run_server  # a command imports only what it needs

    settings = _slack_settings()
    _run(run_server(settings))


@cli.command()
def tick() -> None:
    """Do one pass of what is due (reminders, digests, undelivered messages), then exit."""
    from bot.tick import tick as one_pass

    due, waiting = _run(one_pass(_slack_settings()))
    typer.echo(f"{due} messages were due, {waiting} still wait.")


@cli.command()
def sandbox(
    port: Annotated[int, typer.Option(help="The page's port; 0 lets the system choose.")] = 3100,
    data: Annotated[Path, typer.Option(help="The folder of its data, begun anew at each start.")] = Path(".sandbox"),
    setup: Annotated[str, typer.Option(help="How the companies meet: connect, both, guests or grid.")] = "connect",
    *,
    empty: Annotated[bool, typer.Option(help="Start without sample records, the channel not set up.")] = False,
    socket_mode: Annotated[bool, typer.Option(help="Connect by Socket Mode instead of HTTP.")] = False,
) -> None:
    """Start a local Slack of two companies in the browser, with the real bot and sample records."""
    from bot.sandbox import SETUPS, play

    if setup not in SETUPS:
        raise typer.BadParameter(f"--setup is one of {', '.join(SETUPS)}")
    logs.begin("WARNING")
    _run(play(data, port, setup, empty=empty, socket_mode=socket_mode))


@cli.command()
def doctor() -> None:
    """Say what is missing or wrong: keys, scopes, database, clock, channels."""
    from bot.doctor import examine

    async def report() -> bool:
        well = True
        async for finding in examine(_settings()):
            typer.echo(f"{'ok   ' if finding.well else 'WRONG'}  {finding.what}: {finding.says}")
            well = well and finding.well
        return well

    if not _run(report()):
        raise typer.Exit(1)


@cli.command()
def manifest(
    url: Annotated[str, typer.Option(help="Where Slack reaches /slack/events; without it, for Socket Mode.")] = "",
) -> None:
    """Print the Slack app manifest, JSON."""
    from handlers.everything import LISTENERS
    from handlers.manifest import manifest as make

    if url and not url.startswith(("https://", "http://")):
        raise typer.BadParameter("give an address such as https://bot.example.com/slack/events")
    if url and not url.rstrip("/").endswith(PATH):
        url = url.rstrip("/") + PATH
    typer.echo(json.dumps(make(LISTENERS, url or None), indent=2))


@cli.command()
def migrate(
    grant_to: Annotated[
        str, typer.Option(help="A user of PostgreSQL for `serve`, who may not change the journal.")
    ] = "",
) -> None:
    """Bring the database to the present schema."""
    from storage import migrate as schema

    with closing(Database(_settings().database_url)) as database:
        typer.echo(f"The database is at schema {schema.migrate(database)}.")
        if grant_to:
            schema.grant(database, grant_to)
            typer.echo(f"{grant_to} may run the bot: read and add everywhere, change nothing that is kept for ever.")


@cli.command()
def verify(
    file: Annotated[
        Path | None, typer.Argument(help="An inspection pack, or a backup; without it the database of DATABASE_URL.")
    ] = None,
    digest: Annotated[list[str] | None, typer.Option(help="A SHA-256 that a digest named; also several times.")] = None,
) -> None:
    """Check every journal link by link, every signature and every kept file; exit status 1 when one is broken."""
    from bot.verify import check, check_pack, is_database

    if file and file.is_dir():
        raise SettingsError(f"{file} is a folder. Give a pack as it was handed over, a ZIP file, or a backup.")
    if file and file.exists() and not is_database(file):
        _tell(check_pack(file, digest or ()))
        return
    url = f"sqlite:///{file}" if file else _settings().database_url
    with closing(Database(url)) as database:
        if not database.exists:  # opening would make an empty one, and no journal in it would be broken
            named = file or "DATABASE_URL"
            raise SettingsError(
                f"{named} names a file that does not exist. Give that of the running bot, a pack or a backup."
            )
        _tell(check(database, digest or ()))


def _tell(checked: "Iterable[Checked]") -> None:
    """Say what was checked; exit status 1 when something of it is broken."""
    broken = False
    for one in checked:
        broken = broken or not one.well
        typer.echo(one.says)
    if broken:
        raise typer.Exit(1)


@cli.command()
def export(
    channel: Annotated[str, typer.Option(help="The id of the companies' channel, such as C0123ABCDEF.")],
    out: Annotated[Path, typer.Option(help="The file to be written, a ZIP file.")],
    record: Annotated[str, typer.Option(help="A record's number: that record alone.")] = "",
    batch: Annotated[str, typer.Option(help="A batch or lot: the records that name it, and their CAPAs.")] = "",
    start: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day of a period, by logging.")
    ] = None,
    end: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Its last day.")] = None,
    product: Annotated[str, typer.Option(help="A product: the review of its year.")] = "",
    year: Annotated[int | None, typer.Option(help="That year.")] = None,
) -> None:
    """Write the inspection pack of a channel, whole or in part, and journal it; the bot may run meanwhile."""
    from bot.export import export_to, scope_of
    from bot.wiring import real_now

    def say(done: int, of: int) -> None:
        if done % 1000 == 0:
            typer.echo(f"{done:,} of {of:,} records", err=True)

    with _told_why():
        wanted = scope_of(record, batch, start, end, product, year)
        made = export_to(_settings().database_url, channel, wanted, out, real_now, say)
    typer.echo(
        f"{out}: {made.counts['records']:,} records, {made.size:,} bytes, as of entry {made.end.seq} of the journal."
    )
    typer.echo(f"SHA-256 of the pack     {made.sha256}")
    typer.echo(f"hash of the last entry  {made.end.hash}")


@cli.command()
def backup(file: Annotated[Path, typer.Argument(help="The file to be written, an SQLite database.")]) -> None:
    """Write the database into a new file, as it is at this moment, and check it; the bot may run meanwhile."""
    from bot.backup import back_up

    with _told_why():
        size = back_up(_settings().database_url, file)
    typer.echo(f"{file}: {size:,} bytes, checked. Keep ENCRYPTION_KEY too, elsewhere.")


@cli.command()
def restore(file: Annotated[Path, typer.Argument(help="A file that `backup` wrote.")]) -> None:
    """Bring a backup, of this version or an older one, into the database of DATABASE_URL, which has to be empty."""
    from bot.backup import restore as bring

    with _told_why():
        bring(file, _settings().database_url)
    typer.echo("Restored and checked. Compare its journal with the hash of the last digest in each channel.")


@cli.command()
def copy(
    source: Annotated[str, typer.Argument(help="The address of the database to be read.")],
    target: Annotated[str, typer.Argument(help="The address of an empty database.")],
) -> None:
    """Copy a database into an empty one, from SQLite to PostgreSQL perhaps, and hold both against each other."""
    from bot.backup import move

    with _told_why():
        numbers = move(source, target)
    typer.echo(f"{sum(numbers.values()):,} rows of {len(numbers)} tables copied and compared, all journals checked.")


@contextmanager
def _told_why() -> Iterator[None]:
    """Say what keeps databases from being copied, or a pack from being made, with status 1."""
    from bot.backup import CannotCopy

    try:
        yield
    except CannotCopy as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(1) from wrong


def main() -> None:
    """Run the command line; what keeps it from starting is named, with status 2."""
    from sqlalchemy.exc import SQLAlchemyError

    from handlers import slack_errors

    try:
        cli()
    except SettingsError as wrong:
        typer.echo(str(wrong), err=True)
    except SQLAlchemyError as wrong:
        typer.echo(f"The database of DATABASE_URL does not work: {wrong.args[0]}. Try `qualbridge doctor`.", err=True)
    except slack_errors.FAILURES as wrong:
        typer.echo(f"Slack does not work: {slack_errors.word(wrong)}. Try `qualbridge doctor`.", err=True)
    except OSError as wrong:
        typer.echo(f"It cannot start: {wrong}", err=True)
    else:
        return
    sys.exit(2)


def _settings() -> Settings:
    return _logging(configuration.load())


def _slack_settings() -> Settings:
    return _logging(configuration.load_for_slack())


def _logging(settings: Settings) -> Settings:
    logs.begin(settings.log_level, as_json=settings.log_format == "json")
    return settings


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


if __name__ == "__main__":
    main()
