"""What the doctor says of messages that Slack does not take."""

from pathlib import Path

from bot import doctor
from bot.doctor import Finding
from bot.settings import Settings
from handlers.everything import LISTENERS
from handlers.manifest import SCOPES, manifest
from sandbox import cast_of
from storage import installation
from storage.database import Database
from storage.partnership import Partnership
from tests.stage import CMO, DEVIATION, SPONSOR, Stage, staged


async def examined(stage: Stage) -> list[Finding]:
    """Let the doctor look at a bot whose database and Slack are the stage's."""
    settings = stage.bot.settings.model_copy(update={"database_url": str(stage.database.engine.url)})
    assert isinstance(settings, Settings)
    return [finding async for finding in doctor.examine(settings, stage.box.now)]


async def log_unsent(stage: Stage) -> None:
    await stage.gita.click("Log deviation")
    stage.gita.fill(DEVIATION)
    assert await stage.gita.submit() == {}


async def test_nothing_is_said_where_everything_is_taken(stage: Stage) -> None:
    """Without failures there is no finding of them."""
    assert not [one for one in await examined(stage) if one.what == "messages"]


async def test_messages_tried_in_vain_are_counted_with_the_newest_error(stage: Stage) -> None:
    """How many wait after a failure, and what Slack said of the newest."""
    for error in ("fatal_error", "msg_too_long"):
        await log_unsent(stage)
        stage.box.fail_next("chat.postMessage", error=error)
        await stage.settle()
    (finding,) = [one for one in await examined(stage) if one.what == "messages"]
    assert not finding.well
    assert finding.says == "2 messages were tried in vain and will be tried again; the newest, card: msg_too_long"
    await stage.beat(minutes=5)
    assert not [one for one in await examined(stage) if one.what == "messages"]


async def test_a_channel_that_is_gone_is_named_with_since_and_why(stage: Stage) -> None:
    """Each channel in which nothing can be said: since when, and Slack's own word."""
    await log_unsent(stage)
    stage.box.fail_next("chat.postMessage", error="is_archived")
    await stage.settle()
    says = [one.says for one in await examined(stage) if one.what == "channel" and not one.well]
    assert "C0SHARED: nothing can be said in it since 24 Nov 2026 09:00 UTC: Slack says is_archived" in says


async def test_a_file_that_does_not_come_is_named(stage: Stage) -> None:
    """How many are still to be fetched, and what went wrong with the newest."""
    card = await stage.log(stage.gita)
    stage.box.fail_next("download", status=503)
    assert await stage.press(stage.gita, "Add evidence", card, Files=[("a.txt", b"measured")]) == {}
    (finding,) = [one for one in await examined(stage) if one.what == "files"]
    assert finding.says.startswith("1 are still to be fetched; the newest that failed, F0")
    assert finding.says.endswith("Slack answered the download with status 503.")
    await stage.beat(minutes=2)
    assert not [one for one in await examined(stage) if one.what == "files"]


async def test_threads_that_cannot_be_heard_are_named(stage: Stage) -> None:
    """Where both companies agreed to keep threads and the scopes for it are missing, the doctor says so."""
    assert not [one for one in await examined(stage) if one.what == "capture"]
    with stage.database.writing() as session:
        session.get_one(Partnership, 1).captures_since = stage.box.now()
    assert not [one for one in await examined(stage) if one.what == "capture"]
    made = manifest(LISTENERS)
    made["oauth_config"] = {"scopes": {"bot": list(SCOPES)}}
    stage.box.use_manifest(made)
    (finding,) = [one for one in await examined(stage) if one.what == "capture"]
    assert "replies are not heard where channels:history or groups:history is missing" in finding.says


async def test_every_installation_is_looked_at(tmp_path: Path) -> None:
    """Whether its token opens, what it was granted, and the channels in which it writes."""
    async with staged(tmp_path, cast=cast_of("both")) as stage:
        await stage.set_up()
        told = [(one.what, one.well, one.says) for one in await examined(stage)]
        assert [(well, says) for what, well, says in told if what == "token"] == [
            (True, f"qualbridge in {SPONSOR}"),
            (True, f"qualbridge in {CMO}"),
        ]
        assert [says for what, _, says in told if what == "channel"] == ["C0SHARED #aurora-borealis-quality"]
        with stage.database.writing() as session:
            for row in installation.list_live(session):
                row.token = "sealed with another key"
        (lost,) = [one for one in await examined(stage) if one.what == "installation"]
        assert not lost.well
        assert "put the key back into ENCRYPTION_KEY, or install the app there again" in lost.says


async def test_a_superuser_is_named(postgres: Database) -> None:
    """For whom PostgreSQL keeps nothing apart."""
    found = doctor._row_level_security(postgres)
    assert found is not None
    assert not found.well
    assert "let the bot have a user of its own" in found.says
