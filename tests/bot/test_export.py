"""The command `export`: a pack into a file, journaled, the same for the same records; and `verify` of it."""

import asyncio
from pathlib import Path

import pytest

from bot.backup import CannotCopy, back_up, restore
from bot.export import BY, export_to, scope_of
from bot.verify import check_pack, is_database
from quality.pack.scope import Scope, What
from storage import journal
from storage.database import Database
from tests import packs, support
from tests.bot.test_command_line import environment, run
from tests.support import CHANNEL, DAY, NOW


@pytest.fixture
def filled(database: Database) -> Database:
    with database.writing() as session:
        packs.fill(session, support.set_up(session))
    return database


def export(database: Database, out: Path, scope: Scope = packs.ALL, channel: str = CHANNEL) -> str:
    url = database.engine.url.render_as_string(hide_password=False)
    return export_to(url, channel, scope, out, lambda: NOW, lambda *_: None).sha256


def refused(database: Database, out: Path, scope: Scope = packs.ALL, channel: str = CHANNEL) -> str:
    with pytest.raises(CannotCopy) as caught:
        export(database, out, scope, channel)
    return str(caught.value)


@pytest.mark.both_engines
def test_an_export_is_journaled_and_the_next_one_is_the_same(filled: Database, tmp_path: Path) -> None:
    """By QualBridge, at the command line, with the pack's hash; exports alone do not change the next pack."""
    first = export(filled, tmp_path / "1.zip")
    assert export(filled, tmp_path / "2.zip") == first
    with filled.reading() as session:
        head = journal.head_of(session, 1)
        (entry,) = [one for one in support.entries(session) if one.seq == head.seq]
        assert (entry.event, entry.content["by"]["name"]) == ("partnership.exported", "QualBridge")
        assert (entry.content["changes"]["pack"], entry.content["reason"]) == ([None, first], BY)
    assert all(one.well for one in check_pack(tmp_path / "1.zip"))


def test_a_record_is_journaled_with_it(filled: Database, tmp_path: Path) -> None:
    """In its own history, where everybody reads it."""
    digest = export(filled, tmp_path / "1.zip", packs.one("OOS-2026-0001"))
    with filled.reading() as session:
        entry = support.last_entry(session)
        assert (entry.event, entry.content["record"]) == ("oos.exported", "OOS-2026-0001")
        assert entry.content["changes"]["pack"] == [None, digest]


def test_a_restored_backup_makes_the_same_pack(filled: Database, tmp_path: Path) -> None:
    """Byte for byte: nothing of the machine or of the moment is in it."""
    back_up(filled.url, tmp_path / "backup.db")
    restore(tmp_path / "backup.db", f"sqlite:///{tmp_path / 'restored.db'}")
    restored = Database(f"sqlite:///{tmp_path / 'restored.db'}")
    try:
        assert export(restored, tmp_path / "2.zip") == export(filled, tmp_path / "1.zip")
    finally:
        restored.close()
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_what_cannot_be_exported_leaves_no_file(filled: Database, tmp_path: Path) -> None:
    """An unknown channel or record, a file that is there, a folder that is not; nothing is journaled."""
    with filled.reading() as session:
        before = len(support.entries(session))
    out = tmp_path / "new" / "pack.zip"
    assert "Make it first" in refused(filled, out)
    out = tmp_path / "pack.zip"
    assert "No channel C0NOWHERE is set up" in refused(filled, out, channel="C0NOWHERE")
    assert "There is no record DEV-2026-0999" in refused(filled, out, packs.one("DEV-2026-0999"))
    out.write_bytes(b"mine")
    assert "a pack replaces none" in refused(filled, out)
    assert out.read_bytes() == b"mine"
    assert [one.name for one in tmp_path.iterdir() if "part" in one.name] == []
    with filled.reading() as session:
        assert len(support.entries(session)) == before


def test_options_name_one_scope() -> None:
    """A record, a batch or a period with both its days; without any, everything."""
    assert scope_of("dev-2026-0001", "", None, None) == packs.one("DEV-2026-0001")
    assert scope_of("", "AB-1", None, None) == Scope(What.BATCH, lot="AB-1")
    assert scope_of("", "", NOW, NOW) == Scope(What.PERIOD, start=NOW.date(), end=NOW.date())
    assert scope_of("", "", None, None) == packs.ALL
    for wrong in (
        ("A", "B", None, None),
        ("A", "", NOW, NOW),
        ("", "", NOW, None),
        ("", "", None, NOW),
        ("", "", NOW + DAY, NOW),
    ):
        with pytest.raises(CannotCopy):
            scope_of(*wrong)


def test_a_file_is_a_database_or_a_pack(filled: Database, tmp_path: Path) -> None:
    """By its first bytes; what is neither is a broken pack."""
    back_up(filled.url, tmp_path / "backup.db")
    assert is_database(tmp_path / "backup.db")
    for content in (b"What is this?", b""):
        (tmp_path / "other").write_bytes(content)
        assert not is_database(tmp_path / "other")
        assert [one.says for one in check_pack(tmp_path / "other")] == [
            "BROKEN  this is no whole pack: its first bytes are not those of a ZIP file"
        ]


async def test_export_and_verify_as_commands(filled: Database, tmp_path: Path) -> None:
    """`export` tells both hashes; `verify` finds the pack whole with status 0, a changed one broken with 1."""
    env = environment(None, tmp_path) | {"DATABASE_URL": filled.url}
    status, out = await run(
        "export", "--channel", CHANNEL, "--out", "pack.zip", "--batch", "AB-1001", env=env, folder=tmp_path
    )
    assert status == 0
    assert "4 records" in out
    digest = out.partition("SHA-256 of the pack")[2].split()[0]
    nowhere = env | {"DATABASE_URL": "postgresql://nobody@nowhere.invalid/none"}  # verify asks no database
    status, out = await run("verify", "pack.zip", "--digest", digest, env=nowhere, folder=tmp_path)
    assert status == 0
    assert f"each byte of the pack: SHA-256 {digest}" in out
    content = bytearray((tmp_path / "pack.zip").read_bytes())
    content[len(content) // 3] ^= 1
    await asyncio.to_thread((tmp_path / "pack.zip").write_bytes, bytes(content))
    status, out = await run("verify", "pack.zip", env=nowhere, folder=tmp_path)
    assert status == 1
    assert "BROKEN  " in out
    status, out = await run("verify", ".", env=nowhere, folder=tmp_path)
    assert (status, "is a folder. Give a pack" in out) == (2, True)
    wrong = ("export", "--channel", CHANNEL, "--out", "pack.zip", "--from", "2026-01-01")
    status, out = await run(*wrong, env=env, folder=tmp_path)
    assert (status, out.strip()) == (1, "A period has two days: give --from and --to.")
