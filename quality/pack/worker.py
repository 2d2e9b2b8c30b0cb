"""Makes a large pack in a process of its own, so that the bot answers meanwhile and its memory stays as it is.

What is wanted arrives as JSON on standard input, the database's address with it: a command line can be read by others.
Progress and the end go out as JSON, one object a line.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from quality.pack.make import Made, Progress, make
from quality.pack.scope import Scope, What
from quality.refusal import Refusal
from storage import partnership, scope
from storage.bulk import End
from storage.database import Database

NICE = 10  # answers to people go first
KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT")  # of the environment; no secrets


def make_apart(url: str, partnership_id: int, wanted: Scope, target: Path, progress: Progress) -> Made:
    """Make a pack in another process; what progress raises ends it. Refusal for what it refuses."""
    told = {"url": url, "partnership": partnership_id, "scope": wanted.told(), "target": str(target)}
    with _process() as process:
        assert process.stdin is not None  # noqa: S101 - they are pipes
        assert process.stdout is not None  # noqa: S101 - as above
        process.stdin.write(json.dumps(told).encode())
        process.stdin.close()
        for line in process.stdout:
            said = json.loads(line)
            if "refused" in said:
                raise Refusal(said["refused"])
            if "made" in said:
                return _made(said["made"])
            progress(said["done"], said["of"])
    raise RuntimeError(f"the pack was not made: its process ended with status {process.returncode}")


@contextmanager
def _process() -> Iterator[subprocess.Popen[bytes]]:
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(one for one in sys.path if one)
    ours = [sys.executable, "-m", "quality.pack.worker"]
    with subprocess.Popen(ours, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:  # noqa: S603 - our own
        try:
            yield process
        except BaseException:
            process.terminate()
            raise


def _made(told: dict[str, Any]) -> Made:
    seq, digest, at = told.pop("end")
    return Made(end=End(seq, digest, datetime.fromisoformat(at)), **told)


def _scope(told: dict[str, Any]) -> Scope:
    start, end = (told[name] and date.fromisoformat(told[name]) for name in ("from", "to"))
    return Scope(What(told["what"]), told["record"] or "", told["batch"] or "", start, end, told["product"] or "")


def _say(**told: Any) -> None:
    sys.stdout.write(json.dumps(told, default=str) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Make what standard input asks for."""
    os.nice(NICE)
    told = json.loads(sys.stdin.buffer.read())
    with closing(Database(told["url"])) as database, database.reading() as session:
        there = partnership.get(session, told["partnership"])
        scope.enter(session, there.id)
        both = partnership.companies(session, there.id)
        try:
            made = make(
                session, there, both, _scope(told["scope"]), Path(told["target"]),
                lambda done, of: _say(done=done, of=of),
            )  # fmt: skip
        except Refusal as refusal:
            _say(refused=str(refusal))
        else:
            _say(made=asdict(made))


if __name__ == "__main__":
    main()
