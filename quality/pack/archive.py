"""The pack as a ZIP file in one form alone: for the same files the same bytes, and no byte that means nothing.

Every header has the same moment and no field that is left to choice, members follow each other without a gap, and
nothing stands before, between or behind them. So whoever knows the members can say what every byte has to be.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO

from quality.refusal import Refusal

STORED, DEFLATED = 0, 8
LEVEL = 6
VERSION, UTF_8 = 20, 0x800
DATE = 0x21  # 1 January 1980, the first that there is; the time is midnight
REGULAR_FILE = 0o100644 << 16
MADE_ON_UNIX = 3 << 8 | VERSION
LOCAL, CENTRAL, END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")
MOST_BYTES, MOST_FILES = 0xFFFFFFFE, 0xFFFE  # beyond them the format has other fields
CHUNK = 1 << 20
IN_MEMORY = 8 << 20  # bytes of one file; what is larger waits on the disk for its header
TOO_LARGE = "This pack would be larger than 4 GB, or have more than 65,534 files. Make it in parts, by period."


@dataclass(frozen=True)
class Member:
    """A file in a pack: its path, method, checksum, its size there, its own size, and where it begins."""

    path: str
    method: int
    crc: int
    packed: int
    size: int
    offset: int

    @property
    def _common(self) -> tuple[int, ...]:
        return (UTF_8, self.method, 0, DATE, self.crc, self.packed, self.size, len(self.path.encode()))

    @property
    def header(self) -> bytes:
        """What stands before its bytes."""
        return LOCAL.pack(b"PK\x03\x04", VERSION, *self._common, 0) + self.path.encode()

    @property
    def entry(self) -> bytes:
        """What stands in the list at the end of the pack."""
        told = (b"PK\x01\x02", MADE_ON_UNIX, VERSION, *self._common, 0, 0, 0, 0, REGULAR_FILE, self.offset)
        return CENTRAL.pack(*told) + self.path.encode()


def listing(members: Iterable[Member], offset: int) -> bytes:
    """Give what stands at the end of a pack: the list of its members, and where it begins."""
    entries = [one.entry for one in members]
    size, number = sum(map(len, entries)), len(entries)
    return b"".join(entries) + END.pack(b"PK\x05\x06", 0, 0, number, number, size, offset, 0)


@dataclass(frozen=True)
class Hashed:
    """A file as the manifest tells of it."""

    path: str
    size: int
    sha256: str
    method: str
    packed_size: int
    packed_sha256: str


class Archive:
    """A pack that is being written."""

    def __init__(self, out: BinaryIO) -> None:
        self.out = out
        self.members: list[Member] = []
        self.hashed: list[Hashed] = []
        self.sha256 = hashlib.sha256()  # of the whole
        self.offset = 0

    def add(self, path: str, content: bytes | Path, *, stored: bool = False) -> Hashed:
        """Add a file, whole or by its path on the disk; deflated unless it is to be stored as it is."""
        method = STORED if stored else DEFLATED
        with SpooledTemporaryFile(IN_MEMORY) as packed:
            taken = _pack(content, packed, stored=stored)
            if max(self.offset + taken.packed_size, taken.size) > MOST_BYTES or len(self.members) >= MOST_FILES:
                raise Refusal(TOO_LARGE)
            member = Member(path, method, taken.crc, taken.packed_size, taken.size, self.offset)
            self._write(member.header)
            packed.seek(0)
            while part := packed.read(CHUNK):
                self._write(part)
        self.members.append(member)
        how = "stored" if stored else "deflated"
        self.hashed.append(Hashed(path, taken.size, taken.sha256, how, taken.packed_size, taken.packed_sha256))
        return self.hashed[-1]

    def close(self) -> str:
        """Write the list of members; gives the SHA-256 of the whole pack."""
        self._write(listing(self.members, self.offset))
        return self.sha256.hexdigest()

    def _write(self, part: bytes) -> None:
        self.out.write(part)
        self.sha256.update(part)
        self.offset += len(part)


@dataclass(frozen=True)
class _Taken:
    crc: int
    size: int
    sha256: str
    packed_size: int
    packed_sha256: str


def _pack(content: bytes | Path, out: IO[bytes], *, stored: bool) -> _Taken:
    squeeze = None if stored else zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    crc = size = packed_size = 0
    whole, packed = hashlib.sha256(), hashlib.sha256()
    for part in _read(content):
        crc, size = zlib.crc32(part, crc), size + len(part)
        whole.update(part)
        squeezed = squeeze.compress(part) if squeeze else part
        packed_size += out.write(squeezed)
        packed.update(squeezed)
    if squeeze:
        squeezed = squeeze.flush()
        packed_size += out.write(squeezed)
        packed.update(squeezed)
    return _Taken(crc, size, whole.hexdigest(), packed_size, packed.hexdigest())


def _read(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while part := file.read(CHUNK):
            yield part
