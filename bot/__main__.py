"""The command line: `qualbridge`, or `python -m bot`."""

import asyncio
import json
import logging
import sys
from collections.abc import Coroutine
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from bot import settings as configuration
from bot.settings import Settings, SettingsError
from storage.database import Database

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
    _log("WARNING")
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
def migrate() -> None:
    """Bring the database to the present schema."""
    from storage.migrate import migrate as bring

    with closing(Database(_settings().database_url)) as database:
        typer.echo(f"The database is at schema {bring(database)}.")


@cli.command()
def verify() -> None:
    """Check every journal link by link, every signature and every kept file; exit status 1 when one is broken."""
    from quality import evidence, signature
    from storage.journal import Break
    from storage.journal import verify as check

    broken = False
    signatures = files = 0
    with closing(Database(_settings().database_url)) as database, database.reading() as session:
        if not database.exists:  # opening would make an empty one, and no journal in it would be broken
            raise SettingsError("DATABASE_URL names a file that does not exist. Give that of the running bot.")
        for result in check(session):
            if isinstance(result, Break):
                broken = True
                typer.echo(f"BROKEN  partnership {result.partnership_id}, entry {result.seq}: {result.why}")
            else:
                typer.echo(f"whole   partnership {result.partnership_id}: {result.seq} entries, {result.hash}")
        for fault in signature.verify(session):
            signatures += 1
            if fault:
                broken = True
                typer.echo(f"BROKEN  {fault}")
        typer.echo(f"{signatures} signatures checked")
        for fault in evidence.verify(session):
            files += 1
            if fault:
                broken = True
                typer.echo(f"BROKEN  {fault}")
        typer.echo(f"{files} files checked")
    if broken:
        raise typer.Exit(1)


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
    settings = configuration.load()
    _log(settings.log_level)
    return settings


def _slack_settings() -> Settings:
    settings = configuration.load_for_slack()
    _log(settings.log_level)
    return settings


def _log(level: str) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("apscheduler").setLevel("WARNING")
    for name in ("slack_sdk", "slack_bolt"):  # below INFO they log whole payloads: tokens, records, keys of devices
        logging.getLogger(name).setLevel(max(logging.getLevelNamesMapping()[level], logging.INFO))
    logging.getLogger("alembic").setLevel("WARNING")


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


if __name__ == "__main__":
    main()
