"""Checks a pack offline: every byte of the file, every hash, the journal's links, the signatures, and the numbers.

A pack has one form: headers and the list at the end are reckoned anew from what they say and held against the bytes
that are there; contents are held against the manifest, the manifest against SHA256SUMS, and that against all files.
"""

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from quality.pack.archive import CENTRAL, CHUNK, DEFLATED, END, STORED, Member, listing
from quality.pack.contents import Contents

SHORTEST = 12  # characters of a hash
METHODS = {"stored": STORED, "deflated": DEFLATED}
KEEPERS = ("manifest.json", "SHA256SUMS")
LARGEST = 64 << 20  # bytes of a manifest; it has some 300 for each file


class Broken(Exception):  # noqa: N818 - what was found
    """Something of a pack that does not hold, so that the rest cannot be looked at."""


def check(path: Path, witnessed: Sequence[str] = ()) -> Iterator[tuple[bool, str]]:
    """Check a pack; gives for each thing whether it holds, and what was looked at."""
    with path.open("rb") as file:
        try:
            yield from _Checking(file, path.stat().st_size).run(witnessed)
        except Broken as broken:
            yield False, str(broken)
        except (
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
        ) as wrong:  # of what names and numbers it says itself
            yield False, f"manifest.json: its content was changed, it cannot be read ({type(wrong).__name__})"


class _Checking:
    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file, self.size = file, size
        self.files: dict[str, Any] = {}  # by path, as the manifest tells of them
        self.found: dict[str, str] = {}  # by path, the SHA-256 of what is there

    def run(self, witnessed: Sequence[str]) -> Iterator[tuple[bool, str]]:
        whole = self._hash(0, self.size)
        members = self._members()
        faults = [*self._layout(members), *self._manifest(members)]
        for member in members:
            faults += self._content(member)
        faults += self._sums(members)
        yield from ((False, fault) for fault in faults)
        yield not faults, f"{len(members)} files checked, each byte of the pack: SHA-256 {whole}"
        contents = Contents(self._reader(members), self.manifest, self.found)
        yield from contents.run()
        for one in witnessed:
            well = len(one) >= SHORTEST and (whole.startswith(one.lower()) or contents.has_hash(one.lower()))
            says = (
                "the pack or an entry of its journal has the hash"
                if well
                else "neither the pack nor an entry of its journal has the hash"
            )
            yield well, f"{says} {one}"

    # The file itself

    def _members(self) -> list[Member]:
        """Read the list at the end."""
        head = self._read(0, 4)
        if self.size < END.size or head != b"PK\x03\x04":
            raise Broken("this is no whole pack: its first bytes are not those of a ZIP file")
        sign, *_, number, size, offset, comment = END.unpack(self._read(self.size - END.size, END.size))
        if sign != b"PK\x05\x06" or offset + size + END.size != self.size or comment or size < number * CENTRAL.size:
            raise Broken(
                "the end of the pack was changed, cut off or added to: its list of files is not where it has to be"
            )
        listed, place, members = self._read(offset, size), 0, []
        while place < size:
            if place + CENTRAL.size > size:
                raise Broken("the pack's list of files was changed")
            told = CENTRAL.unpack_from(listed, place)
            method, crc, packed, own, length, start = told[4], told[7], told[8], told[9], told[10], told[16]
            name = listed[place + CENTRAL.size : place + CENTRAL.size + length]
            place += CENTRAL.size + length
            try:
                members.append(Member(name.decode(), method, crc, packed, own, start))
            except UnicodeDecodeError:
                raise Broken("the pack's list of files was changed: a name in it is no text") from None
        self.end = offset
        return members

    def _layout(self, members: Sequence[Member]) -> Iterator[str]:
        """Hold every byte that is no file's against the one form that it can have."""
        if listing(members, self.end) != self._read(self.end, self.size - self.end):
            yield "the pack's list of files was changed"
        paths = Counter(member.path for member in members)
        yield from (f"{path}: it is there {number} times" for path, number in paths.items() if number > 1)
        place = 0
        for member in members:
            if member.offset != place:
                yield f"{member.path}: bytes stand before it that belong to no file, or it is not in its place"
            if self._read(member.offset, len(member.header)) != member.header:
                yield f"{member.path}: its header in the pack was changed"
            place = member.offset + len(member.header) + member.packed
        if place != self.end:
            yield "bytes stand before the pack's list of files that belong to no file"

    def _manifest(self, members: Sequence[Member]) -> Iterator[str]:
        """Read the manifest; a file that it does not name, or that is not there, is told."""
        there = {member.path: member for member in members}
        if missing := [name for name in KEEPERS if name not in there]:
            raise Broken(f"{missing[0]} is missing")
        try:
            self.manifest = json.loads(self._taken(there["manifest.json"]))
            self.files = {one["path"]: one for one in self.manifest["files"]}
        except (ValueError, LookupError, TypeError, UnicodeDecodeError):
            raise Broken("manifest.json: its content was changed, it cannot be read") from None
        yield from (f"{path}: it is missing" for path in self.files if path not in there)
        yield from (
            f"{path}: it was added, the manifest does not know it"
            for path in there
            if path not in {*self.files, *KEEPERS}
        )

    def _content(self, member: Member) -> Iterator[str]:
        """Hold a file's bytes, as they stand in the pack and unpacked, against the manifest."""
        begins = member.offset + len(member.header)
        told = self.files.get(member.path)
        if told and self._hash(begins, member.packed) != told["packed_sha256"]:
            yield f"{member.path}: its bytes in the pack were changed"
        unpacked = hashlib.sha256()
        size = crc = 0
        try:
            for part in self.parts(member):
                unpacked.update(part)
                size, crc = size + len(part), zlib.crc32(part, crc)
        except Broken as broken:
            yield str(broken)
            return
        self.found[member.path] = unpacked.hexdigest()
        if (size, crc) != (member.size, member.crc):
            yield f"{member.path}: it is not of the size and checksum that its header names"
        if told and (member.method, size, unpacked.hexdigest()) != _as_told(told):
            yield f"{member.path}: its content is not what the manifest says"

    def _sums(self, members: Sequence[Member]) -> Iterator[str]:
        """Hold SHA256SUMS against what is there; it names all files but itself."""
        wanted = "".join(f"{self.found.get(one.path)}  {one.path}\n" for one in members if one.path != "SHA256SUMS")
        said = self._taken(next(one for one in members if one.path == "SHA256SUMS"))
        if said == wanted.encode():
            return
        lines = {line[66:]: line[:64] for line in said.decode("utf-8", "replace").splitlines()}
        others = [path for path, digest in self.found.items() if path != "SHA256SUMS" and lines.get(path) != digest]
        yield f"SHA256SUMS: it was changed, or is not of these files: {', '.join(others[:3]) or 'itself'}"

    # Bytes

    def _read(self, offset: int, size: int) -> bytes:
        self.file.seek(offset)
        return self.file.read(max(0, min(size, self.size - offset)))

    def _hash(self, offset: int, size: int) -> str:
        return hashlib.sha256(b"").hexdigest() if not size else self._hashed(offset, size)

    def _hashed(self, offset: int, size: int) -> str:
        found = hashlib.sha256()
        for part in self._pieces(offset, size):
            found.update(part)
        return found.hexdigest()

    def _pieces(self, offset: int, size: int) -> Iterator[bytes]:
        done = 0
        while done < size and (part := self._read(offset + done, min(CHUNK, size - done))):
            done += len(part)
            yield part

    def parts(self, member: Member) -> Iterator[bytes]:
        """Give a file's content, unpacked, some at a time."""
        pieces = self._pieces(member.offset + len(member.header), member.packed)
        if member.method == STORED:
            yield from pieces
            return
        unpack = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for piece in pieces:
                yield unpack.decompress(piece, CHUNK)
                while unpack.unconsumed_tail:
                    yield unpack.decompress(unpack.unconsumed_tail, CHUNK)
        except zlib.error:
            raise Broken(f"{member.path}: its bytes in the pack were changed, they cannot be unpacked") from None
        if not unpack.eof or unpack.unused_data:
            raise Broken(f"{member.path}: its bytes in the pack were changed, they end elsewhere")

    def _taken(self, member: Member) -> bytes:
        if max(member.size, member.packed) > LARGEST:
            raise Broken(f"{member.path}: it is too large")
        return b"".join(self.parts(member))

    def _reader(self, members: Sequence[Member]) -> Any:
        there = {member.path: member for member in members}

        def lines(path: str) -> Iterator[bytes]:
            """Give a file line by line; nothing where it is missing."""
            rest = b""
            for part in self.parts(there[path]) if path in there else ():
                *whole, rest = (rest + part).split(b"\n")
                yield from whole
            if rest:
                yield rest

        return lines


def _as_told(told: dict[str, Any]) -> tuple[Any, ...]:
    return METHODS.get(told["method"]), told["size"], told["sha256"]
