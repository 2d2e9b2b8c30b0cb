"""The command line, as a process of its own against a sandbox."""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import sys
from pathlib import Path

from aiohttp import ClientSession

from storage.migrate import newest
from tests.stage import DEVIATION, Stage, staged

ROOT = Path(__file__).parents[2]


def environment(stage: Stage | None, folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "COVERAGE_PROCESS_START") if name in os.environ}
    kept |= {"PYTHONPATH": str(ROOT), "DATABASE_URL": f"sqlite:///{folder / 'test.db'}"}
    if stage is None:
        return kept
    box = stage.box
    return kept | {
        "SLACK_BOT_TOKEN": box.bot_token,
        "SLACK_SIGNING_SECRET": box.signing_secret,
        "SLACK_API_URL": box.api_url,
    }


async def run(*words: str, env: dict[str, str], folder: Path) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *words,
        env=env,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    return process.returncode, out.decode()


async def test_missing_settings_end_the_start(tmp_path: Path) -> None:
    """`serve` without keys says which are missing and ends with status 2."""
    status, out = await run("serve", env=environment(None, tmp_path), folder=tmp_path)
    assert status == 2
    assert "SLACK_BOT_TOKEN is missing" in out


async def test_a_wrong_token_ends_the_start(stage: Stage, tmp_path: Path) -> None:
    """`serve` with a token that Slack refuses says so and ends with status 2."""
    env = environment(stage, tmp_path) | {"SLACK_BOT_TOKEN": "xoxb-wrong", "PORT": "0"}
    status, out = await run("serve", env=env, folder=tmp_path)
    assert status == 2
    assert "SLACK_BOT_TOKEN is wrong: Slack says invalid_auth" in out


async def test_serve_answers_and_stops_in_order(stage: Stage, tmp_path: Path) -> None:
    """`serve` as a process: ready, serving a person's click, and ending with status 0 on SIGTERM."""
    port = _free_port()
    env = environment(stage, tmp_path) | {"PORT": str(port)}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", "serve", env=env, cwd=tmp_path)
    try:
        async with ClientSession() as http:
            await _ready(http, port)
        stage.box.events_url = f"http://127.0.0.1:{port}/slack/events"
        await stage.gita.click("Log deviation")
        stage.gita.fill(DEVIATION)
        assert await stage.gita.submit() == {}
        for _ in range(300):
            if stage.cards:
                break
            await asyncio.sleep(0.02)
        assert len(stage.cards) == 1
    finally:
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def test_tick_does_one_pass(tmp_path: Path) -> None:
    """`tick` sends what waits and ends; a second one has nothing to do."""
    async with staged(tmp_path, starts_at=None) as stage:
        await stage.set_up()
        await stage.gita.click("Log deviation")
        stage.gita.fill(DEVIATION)
        assert await stage.gita.submit() == {}
        for says in ("2 messages were due, 0 still wait.", "0 messages were due, 0 still wait."):
            status, out = await run("tick", env=environment(stage, tmp_path), folder=tmp_path)
            assert (status, out.strip()) == (0, says)
            assert len(stage.cards) == 1


async def test_doctor_finds_all_well(stage: Stage, tmp_path: Path) -> None:
    """`doctor` on a bot in order says so about each thing and ends with status 0."""
    status, out = await run("doctor", env=environment(stage, tmp_path), folder=tmp_path)
    assert "WRONG" not in out.replace("clock", "") or "clock" in out
    for what in ("settings", "database", "outbox", "token", "scopes", "channel: C0SHARED"):
        assert f"ok     {what}" in out
    assert status in (0, 1)


async def test_doctor_names_what_is_wrong(stage: Stage, tmp_path: Path) -> None:
    """`doctor` without keys and schema says what to do and ends with status 1."""
    empty = tmp_path / "empty"
    empty.mkdir()
    status, out = await run("doctor", env=environment(None, empty), folder=empty)
    assert status == 1
    assert "SLACK_BOT_TOKEN is missing" in out
    assert "run `qualbridge migrate`" in out
    wrong = environment(stage, tmp_path) | {"SLACK_BOT_TOKEN": "xoxb-wrong"}
    status, out = await run("doctor", env=wrong, folder=tmp_path)
    assert status == 1
    assert "Slack says invalid_auth" in out
    assert "ENCRYPTION_KEY is missing, so nobody can sign" in out
    status, out = await run("doctor", env=wrong | {"ENCRYPTION_KEY": "k" * 32}, folder=tmp_path)
    assert "ok     signatures: ENCRYPTION_KEY is there" in out


async def test_manifest_prints_json(tmp_path: Path) -> None:
    """`manifest` prints the app manifest."""
    address = "https://bot.example.com/slack/events"
    status, out = await run("manifest", "--url", address, env=environment(None, tmp_path), folder=tmp_path)
    assert status == 0
    assert json.loads(out)["features"]["slash_commands"][0]["url"] == address


async def test_migrate_and_verify(stage: Stage, tmp_path: Path) -> None:
    """`migrate` names the schema; `verify` finds the journal whole, and broken once it was changed."""
    env = environment(stage, tmp_path)
    status, out = await run("migrate", env=env, folder=tmp_path)
    assert (status, f"schema {newest()}" in out) == (0, True)
    await stage.log(stage.gita)
    status, out = await run("verify", env=env, folder=tmp_path)
    assert status == 0
    assert "whole" in out
    with sqlite3.connect(tmp_path / "test.db") as connection:
        connection.execute("DROP TRIGGER journal_no_update")
        connection.execute("UPDATE journal SET body = replace(body, 'Gita', 'Nita') WHERE event = 'deviation.logged'")
    connection.close()
    status, out = await run("verify", env=env, folder=tmp_path)
    assert status == 1
    assert "BROKEN" in out
    assert "its content or the link before it was changed" in out


async def test_verify_checks_every_signature(stage: Stage, tmp_path: Path) -> None:
    """`verify` counts the signatures, and names one whose content, record or row was changed beside the bot."""
    env = environment(stage, tmp_path)
    await stage.closed()
    status, out = await run("verify", env=env, folder=tmp_path)
    assert status == 0
    assert "1 signatures checked" in out
    for change, says in (
        ("UPDATE investigation SET impact = 'Grave.'", "is not of the record's present content"),
        ("UPDATE signature SET content = replace(content, 'gasket', 'valve')", "does not match its hash"),
        ("UPDATE signature SET name = 'Ben Ortiz'", "is not what the journal says"),
        ("DELETE FROM signature", "the signature of Elif Kaya is gone"),
    ):
        with sqlite3.connect(tmp_path / "test.db") as connection:
            for trigger in ("signature_no_update", "signature_no_delete"):
                connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
            connection.execute(change)
        connection.close()
        status, out = await run("verify", env=env, folder=tmp_path)
        assert status == 1
        assert "BROKEN  DEV-2026-0001: the signature of " in out
        assert says in out


async def test_verify_checks_every_file(stage: Stage, tmp_path: Path) -> None:
    """`verify` counts the files of evidence, and names one whose bytes were changed beside the bot."""
    env = environment(stage, tmp_path)
    card = await stage.log(stage.gita)
    assert await stage.press(stage.gita, "Add evidence", card, Files=[("a.txt", b"measured")]) == {}
    status, out = await run("verify", env=env, folder=tmp_path)
    assert (status, "1 files checked" in out) == (0, True)
    with sqlite3.connect(tmp_path / "test.db") as connection:
        connection.execute("DROP TRIGGER evidence_content_no_update")
        connection.execute("UPDATE evidence_content SET content = CAST('Measured' AS BLOB)")
    connection.close()
    status, out = await run("verify", env=env, folder=tmp_path)
    assert status == 1
    assert "BROKEN  DEV-2026-0001: the file a.txt does not match its SHA-256" in out


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _ready(http: ClientSession, port: int) -> None:
    for _ in range(300):
        try:
            async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        await asyncio.sleep(0.05)
    raise AssertionError("the server did not become ready")


async def test_a_database_that_does_not_open_is_named(tmp_path: Path) -> None:
    """A database that cannot be opened, or has no schema yet, is named with status 2, not with a traceback."""
    env = environment(None, tmp_path)
    for command, url in (("migrate", f"sqlite:///{tmp_path}/no/where.db"), ("verify", f"sqlite:///{tmp_path}/new.db")):
        status, out = await run(command, env=env | {"DATABASE_URL": url}, folder=tmp_path)
        assert status == 2
        assert "DATABASE_URL" in out
        assert "Traceback" not in out


async def test_slack_that_does_not_answer_is_named(tmp_path: Path) -> None:
    """`tick` without an answer from Slack says so with status 2."""
    keys = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "x", "SLACK_API_URL": "http://127.0.0.1:9/api/"}
    status, out = await run("tick", env=environment(None, tmp_path) | keys, folder=tmp_path)
    assert status == 2
    assert "Slack does not work" in out


async def test_this_machine_is_reached_without_a_proxy(stage: Stage, tmp_path: Path) -> None:
    """A proxy in the environment is not asked for addresses of this machine."""
    env = environment(stage, tmp_path) | {"HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    status, out = await run("tick", env=env, folder=tmp_path)
    assert status == 0, out


async def test_a_port_in_use_is_named(stage: Stage, tmp_path: Path) -> None:
    """`serve` on an address that cannot be listened on names HOST and PORT, with status 2."""
    taken = stage.box.url.rstrip("/").rpartition(":")[2]
    status, out = await run("serve", env=environment(stage, tmp_path) | {"PORT": taken}, folder=tmp_path)
    assert status == 2
    assert f"PORT {taken} cannot be listened on" in out


async def test_a_wrong_app_token_ends_the_start(stage: Stage, tmp_path: Path) -> None:
    """`serve` with an app token that Slack refuses says so, with status 2."""
    env = environment(stage, tmp_path) | {"SLACK_APP_TOKEN": "xapp-wrong", "PORT": "0"}
    status, out = await run("serve", env=env, folder=tmp_path)
    assert status == 2
    assert "SLACK_APP_TOKEN is wrong: Slack says invalid_auth" in out


async def test_the_manifests_address_is_made_whole(tmp_path: Path) -> None:
    """A bare address gets the path that the bot serves; what is no address is refused."""
    env = environment(None, tmp_path)
    status, out = await run("manifest", "--url", "https://bot.example.com/", env=env, folder=tmp_path)
    assert status == 0
    assert "https://bot.example.com/slack/events" in out
    status, out = await run("manifest", "--url", "frog", env=env, folder=tmp_path)
    assert status == 2
