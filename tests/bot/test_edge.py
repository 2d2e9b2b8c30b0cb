"""Whatever comes over HTTP: broken, endless, forged, replayed, senseless. Slack itself is in other tests.

Nothing ends in an error of ours or a traceback in the log, nothing unsigned reaches a handler, time and memory stay
within bounds, and the next request of Slack is served. SECONDS=600 tries that long; SEED=2 tries others.
"""

import asyncio
import gzip
import hashlib
import hmac
import io
import itertools
import json
import logging
import os
import re
import resource
import socket
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.server import MOST_BYTES
from tests.stage import Stage

SEED = int(os.environ.get("SEED", "0"))
SECONDS = int(os.environ.get("SECONDS", "0"))
FEW = 150
LONGEST = 30.0  # seconds until an answer; the machine runs other things too
QUIET = 0.25  # seconds without an answer, after which a request is cut off
MOST_MEMORY = 64_000_000  # bytes that all abuse together may add
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
FORM = b"application/x-www-form-urlencoded"
HELP = b"command=%2Fquality&text=help&team_id=T0AURORA&user_id=U0ANNA&channel_id=C0SHARED&trigger_id=1"
EVENTS = b"/slack/events"
EVENTS_BEGUN = b"POST /slack/events HTTP/1.1\r\nHost: edge\r\nContent-Length: 99\r\n"
CHUNKED = (b"Transfer-Encoding", b"chunked")

Header = tuple[bytes, bytes]


@dataclass(frozen=True)
class Request:
    """What is sent, byte for byte, and whether Slack could have sent it: signed, just now, as it is."""

    method: bytes = b"POST"
    path: bytes = EVENTS
    headers: tuple[Header, ...] = ()
    body: bytes = b""
    signed: bool = False

    @property
    def raw(self) -> bytes:
        """As it goes over the wire."""
        lines = [b"%s: %s\r\n" % one for one in (*self.headers, (b"Host", b"edge"), (b"Connection", b"close"))]
        return b"%s %s HTTP/1.1\r\n%s\r\n%s" % (self.method, self.path, b"".join(lines), self.body)


@dataclass
class Edge:
    """The server's address, and what passed it."""

    stage: Stage
    log: pytest.LogCaptureFixture
    passed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        url = urlsplit(self.stage.box.events_url or "")
        self.address = (str(url.hostname), int(url.port or 0))
        self._dispatch = self.stage.bot.app.async_dispatch

    async def dispatch(self, asked: AsyncBoltRequest) -> BoltResponse:
        """Note what was let through."""
        self.passed.append(asked.raw_body)
        return await self._dispatch(asked)

    def signature(self, body: bytes, at: float = 0) -> tuple[Header, ...]:
        """Sign a body as Slack does, some seconds from now."""
        stamp = b"%d" % (time.time() + at)
        made = hmac.new(self.stage.box.signing_secret.encode(), b"v0:%s:%s" % (stamp, body), hashlib.sha256).hexdigest()
        return (b"X-Slack-Request-Timestamp", stamp), (b"X-Slack-Signature", b"v0=" + made.encode())

    def sent(self, raw: bytes | Iterator[bytes]) -> list[int]:
        """Send bytes and give the statuses of the answers; none where the server only hung up."""
        began, answer = time.monotonic(), b""
        with socket.create_connection(self.address, timeout=LONGEST) as line, suppress(ConnectionError):
            for piece in [raw] if isinstance(raw, bytes) else raw:
                line.sendall(piece)
            line.settimeout(QUIET)
            with suppress(TimeoutError):
                while more := line.recv(65536):
                    answer += more
            line.settimeout(LONGEST)
            line.shutdown(socket.SHUT_WR)
            while more := line.recv(65536):
                answer += more
        assert time.monotonic() - began < LONGEST
        return [int(status) for status in STATUS.findall(answer)]

    def check(self, request: Request) -> None:
        """Send a request and hold the server to its word."""
        before = len(self.passed)
        statuses = self.sent(request.raw)
        broken = [status for status in statuses if status >= 500]
        assert not broken, (request, statuses)
        assert request.signed or len(self.passed) == before, f"it reached a handler: {request}"
        self.nothing_broke(request)

    def nothing_broke(self, what: object) -> None:
        """No error of ours stands in the log, and no traceback."""
        ours = [one for one in self.log.records if one.exc_info or one.levelno >= logging.ERROR]
        ours = [one for one in ours if not one.name.startswith("slack_bolt")]
        assert not ours, f"{what!r}: {ours[0].name} {ours[0].getMessage()} {ours[0].exc_info}"
        self.log.clear()

    def serves(self) -> bool:
        """Whether a good request is still served."""
        kind = (b"Content-Type", FORM)
        headers = (*self.signature(HELP), kind, (b"Content-Length", b"%d" % len(HELP)))
        return self.sent(Request(headers=headers, body=HELP).raw) == [200]


@pytest.fixture
async def edge(stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Edge]:
    """Give the edge of the real server; afterwards it still serves, and nothing was changed."""
    made = Edge(stage, caplog)
    monkeypatch.setattr(stage.bot.app, "async_dispatch", made.dispatch)
    with stage.nothing_changes("pending_installation"):  # each page that begins an installation has a state of its own
        yield made
        assert await asyncio.to_thread(made.serves)
        await stage.settle()
    made.nothing_broke("afterwards")


async def tried(requests: st.SearchStrategy[Any], check: Callable[[Any], None]) -> None:
    """Try many in a thread, while the server runs in this one."""
    quiet = settings(
        max_examples=FEW,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
    until = time.monotonic() + SECONDS
    for number in itertools.count(SEED * 1_000_000):
        await asyncio.to_thread(seed(number)(quiet(given(requests)(check))))
        if time.monotonic() > until:
            return


SENSELESS = st.binary(max_size=40)
IN_A_LINE = SENSELESS.map(lambda found: re.sub(rb"[\r\n]", b"", found))
METHODS = st.one_of(st.sampled_from([b"POST", b"GET", b"HEAD", b"PUT", b"OPTIONS", b"TRACE", b"CONNECT"]), IN_A_LINE)
ODD_PATHS = (
    *(
        b"/",
        b"*",
        b"//slack/events",
        b"/slack/events/",
        b"/slack/events;x",
        b"/slack/../slack/events",
        b"/%00",
        b"/%zz",
    ),
    *(b"http://[::1/slack/events", b"http://edge:99999999/", b"/slack/events?ssl_check=1&%ff=\xff", b"/" + b"a" * 9000),
    *(b"/slack/oauth_redirect?code=%00&state=%ff", b"/slack/oauth_redirect?error=%3Cscript%3E", b"/slack/install?\x7f"),
)
PATHS = st.one_of(
    st.sampled_from([EVENTS, b"/healthz", b"/readyz", b"/metrics", b"/slack/install", b"/slack/oauth_redirect"]),
    st.sampled_from(ODD_PATHS),
    st.text(max_size=20).map(lambda found: b"/slack/" + quote(found, safe="/?&=%", errors="replace").encode()),
    IN_A_LINE.map(lambda found: b"/slack/" + found),
)
TYPES = (
    *(
        FORM,
        FORM + b"; charset=utf-16",
        b"application/json",
        b"multipart/form-data",
        b"multipart/form-data; boundary=x",
    ),
    *(b"text/plain", b"", b"\xff", b"application/json; charset=nonsense", b"*/*, */*", b"x" * 3000),
)
CODINGS = (b"identity", b"", b"weird", b"identity, identity", b"gzip", b"deflate", b"br", b"zstd", b"gzip, gzip")
KNOWN: tuple[Header, ...] = (
    *((b"Content-Type", kind) for kind in TYPES),
    *((b"Content-Encoding", coding) for coding in CODINGS),
    *((b"Expect", expected) for expected in (b"100-continue", b"nonsense")),
    *((b"Cookie", b'slack-app-oauth-state="\\; ;;=;'), (b"Cookie", b"slack-app-oauth-state=\xc3\x28")),
    *((b"Content-Length", length) for length in (b"0", b"7", b"-1", b"1e3", b"9" * 30, b"+5", b"0x10")),
    *(CHUNKED, (b"Transfer-Encoding", b"gzip, chunked"), (b"Transfer-Encoding", b"\xff")),
    *((b"X-Slack-Retry-Num", b"\x00"), (b"X-Slack-Retry-Num", b"9" * 5000), (b"X-Slack-Retry-Reason", b"http_timeout")),
    *((b"Upgrade", b"websocket"), (b"Host", b"["), (b"Range", b"bytes=9-1"), (b"X-Forwarded-For", b"x" * 5000)),
    *(
        (b"If-Modified-Since", b"Tue, 99 Foo 0000"),
        (b"Accept-Encoding", b"gzip;q=nan"),
        (b"Authorization", b"Basic \xff"),
    ),
)
HEADERS = st.lists(st.one_of(st.sampled_from(KNOWN), st.tuples(IN_A_LINE, IN_A_LINE)), max_size=5)


def bodies() -> st.SearchStrategy[bytes]:
    """Bodies that are no words of Slack, or nearly."""
    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=12,
    )
    names = st.sampled_from(["command", "payload", "text", "type", "team_id", "user_id", "ssl_check", "trigger_id"])
    types = st.sampled_from(["block_actions", "view_submission", "shortcut", "event_callback", "url_verification", "x"])
    typed = st.tuples(types, st.dictionaries(st.sampled_from(["team", "user", "view", "event", "actions"]), anything))
    payloads = st.one_of(anything, typed.map(lambda found: {"type": found[0], **found[1]})).map(json.dumps)
    return st.one_of(
        SENSELESS,
        st.binary(max_size=3000),
        payloads.map(str.encode),
        payloads.map(lambda found: urlencode({"payload": found}).encode()),
        st.dictionaries(names | st.text(max_size=8), st.text(max_size=200), max_size=6).map(
            lambda found: urlencode(found, errors="replace").encode()
        ),
        st.sampled_from([HELP, HELP + b"&text=%00", HELP + b"&text=%ff", HELP + b"&command=%2Foos" * 50]),
        st.sampled_from([b"[" * 100_000, b'{"a":' * 50_000, b"payload=" + b"[" * 100_000, b"9" * 6000]),
        st.sampled_from([b"&".join(b"f%d=x" % number for number in range(2000)), HELP + b"&text=" + b"a" * 900_000]),
    )


class Signatures:
    """Ways to sign a body that Slack does not use."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge

    def wrong(self, way: int, body: bytes) -> tuple[Header, ...]:
        """Sign a body wrongly, in one of several ways."""
        stamp, signature = self.edge.signature(body)
        name, digits = signature
        other = self.edge.signature(body + b"&x=1")
        ways: tuple[tuple[Header, ...], ...] = (
            (),
            (stamp,),
            (signature,),
            self.edge.signature(body, -400),
            self.edge.signature(body, 400),
            other,
            (other[1], stamp, signature),  # the first one counts
            ((stamp[0], b"1"), stamp, signature),
            (stamp, (name, digits[:-1])),
            (stamp, (name, digits.upper())),
            (stamp, (name, b"v1=" + digits[3:])),
            (stamp, (name, digits[3:])),
            (stamp, (name, digits + b"0")),
            (stamp, (name, b"v0=\xff")),
            (stamp, (name, b"v0=" + b"0" * 7000)),
            ((stamp[0], b"9" * 5000), signature),
            ((stamp[0], b"-" + stamp[1]), signature),
            ((stamp[0], stamp[1] + b".0"), signature),
            ((stamp[0], b"nan"), signature),
            ((stamp[0], "\u0663".encode() * 10), signature),  # a digit, and no ASCII
            ((b"X-Slack-Signature ", digits), stamp),
        )
        return ways[way % len(ways)]


def chunked(body: bytes, size: int) -> bytes:
    """Put a body in chunks."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@st.composite
def unsigned(draw: st.DrawFn, edge: Edge) -> Request:
    """Draw a request that Slack did not send, in some way or another."""
    body, headers = draw(bodies()), tuple(draw(HEADERS))
    wrong = Signatures(edge).wrong(draw(st.integers(0, 100)), body)
    if draw(st.booleans()):  # as it should be, but for its signature
        plain = ((b"Content-Type", FORM), (b"Content-Length", b"%d" % len(body)))
        return Request(headers=(*wrong, *plain), body=body)
    length: tuple[Header, ...] = ()
    if draw(st.booleans()):
        length, body = (CHUNKED,), chunked(body, draw(st.sampled_from([1000, 65536])))
    elif draw(st.booleans()):
        length = ((b"Content-Length", b"%d" % (len(body) + draw(st.sampled_from([0, 0, -1, 5])))),)
    return Request(draw(METHODS), draw(PATHS), (*wrong, *headers, *length), body)


@st.composite
def signed(draw: st.DrawFn, edge: Edge) -> Request:
    """Draw a request that is signed and makes no sense."""
    body = draw(bodies())
    kind = (b"Content-Type", draw(st.sampled_from(TYPES)))
    retry = draw(st.lists(st.sampled_from([one for one in KNOWN if one[0].startswith(b"X-")]), max_size=2))
    over = (
        ((CHUNKED,), chunked(body, 999)) if draw(st.booleans()) else (((b"Content-Length", b"%d" % len(body)),), body)
    )
    return Request(headers=(*edge.signature(body), kind, *retry, *over[0]), body=over[1], signed=True)


@pytest.mark.timeout(0 if SECONDS else 120)
async def test_nothing_unsigned_reaches_a_handler(edge: Edge) -> None:
    """Not by any method, path, header or body, nor by a signature that is old, to come, of another body or doubled."""
    await tried(unsigned(edge), edge.check)
    assert edge.passed == []


@pytest.mark.timeout(0 if SECONDS else 120)
async def test_whatever_is_signed_is_answered(edge: Edge) -> None:
    """Signed bodies without any sense are answered by something below 500; what passes is what was signed."""
    await tried(signed(edge), edge.check)
    assert edge.passed


@pytest.mark.parametrize(
    "told",
    [
        {"type": "event_callback", "event": None},
        {"type": "event_callback", "event": [], "team_id": "T0AURORA"},
        {"event": None},
        {"type": "event_callback", "event": {"type": None}, "authorizations": 3},
    ],
)
async def test_an_event_that_is_none_is_no_error_of_ours(edge: Edge, told: dict[str, Any]) -> None:
    """Bolt looks for its parts before anything of ours does."""
    body = json.dumps(told).encode()
    headers = ((b"Content-Type", b"application/json"), (b"Content-Length", b"%d" % len(body)))
    request = Request(headers=(*edge.signature(body), *headers), body=body, signed=True)
    await asyncio.to_thread(edge.check, request)


@pytest.mark.timeout(0 if SECONDS else 120)
async def test_bytes_that_are_no_http(edge: Edge) -> None:
    """Noise, and a good request with bytes changed, cut out or put in, anywhere but in what makes it good."""
    good = Request(headers=((b"Content-Length", b"%d" % len(HELP)), *edge.signature(HELP, -400)), body=HELP).raw
    where = st.integers(0, len(good) - 1)
    spoiled = st.builds(lambda at, to, new: good[:at] + new + good[to:], where, where, SENSELESS)
    noise = st.binary(max_size=300) | SENSELESS.map(lambda found: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + found)

    def check(raw: bytes) -> None:
        assert all(status < 500 for status in edge.sent(raw)), raw
        edge.nothing_broke(raw)

    await tried(st.one_of(spoiled, noise), check)
    assert edge.passed == []


async def test_noise_leaves_no_traceback(edge: Edge) -> None:
    """What is no HTTP is refused; neither a traceback nor its bytes stand in the log."""
    assert await asyncio.to_thread(edge.sent, b"GET /heronwing HTTP/9\r\n\r\n") == [400]
    assert "heronwing" not in edge.log.text
    assert not [one for one in edge.log.records if one.exc_info]


async def test_a_request_cut_short_leaves_no_traceback(edge: Edge) -> None:
    """Whoever hangs up in the middle of a body is nobody's error."""
    assert await asyncio.to_thread(edge.sent, EVENTS_BEGUN + b"\r\nabc") == []
    assert not [one for one in edge.log.records if one.exc_info]


@pytest.mark.parametrize("coding", [b"gzip", b"deflate"])
async def test_a_body_that_is_not_coded_as_it_says(edge: Edge, coding: bytes) -> None:
    """It is refused, without a traceback."""
    body = b"no such coding"
    request = Request(headers=((b"Content-Encoding", coding), (b"Content-Length", b"%d" % len(body))), body=body)
    await asyncio.to_thread(edge.check, request)


@contextmanager
def bounded_memory() -> Iterator[None]:
    """Fail when this process, the server with it, took much more memory than it ever did before."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    added = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024  # Linux counts in KiB
    assert added < MOST_MEMORY, f"{added / 1e6:.0f} MB"


def endless(head: bytes, piece: bytes, pieces: int) -> Iterator[bytes]:
    """Give a beginning and then the same again and again."""
    yield head
    for _ in range(pieces):
        yield piece


def bomb(coded: Any) -> bytes:
    """Code 200 MB of nothing."""
    made = io.BytesIO()
    for _ in range(200):
        made.write(coded.compress(bytes(1_000_000)))
    return made.getvalue() + bytes(coded.flush())


def large(kind: str) -> Iterator[bytes]:
    """Give a request that is far too large in one way."""
    block, post = b"x" * 65536, b"POST /slack/events HTTP/1.1\r\nHost: edge\r\n"
    if kind in ("gzip", "deflate"):
        body = bomb(zlib.compressobj(wbits=31 if kind == "gzip" else 15))
        head = b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (kind.encode(), len(body))
        return iter([post + head, body])
    return {
        "body": lambda: endless(post + b"Content-Length: 10000000\r\n\r\n", block, 152),
        "announced": lambda: endless(post + b"Content-Length: 999999999999\r\n\r\n", block, 1600),
        "chunks": lambda: endless(post + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + block + b"\r\n", 1600),
        "small chunks": lambda: endless(post + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 9000, 30),
        "chunk's name": lambda: endless(post + b"Transfer-Encoding: chunked\r\n\r\n1;", block, 160),
        "path": lambda: endless(b"GET /", block, 160),
        "header": lambda: endless(post + b"X: ", block, 160),
        "headers": lambda: endless(post, b"X: y\r\n" * 9000, 160),
    }[kind]()


@pytest.mark.parametrize(
    "kind",
    ["body", "announced", "chunks", "small chunks", "chunk's name", "path", "header", "headers", "gzip", "deflate"],
)
async def test_what_is_too_large_is_cut_off(edge: Edge, kind: str) -> None:
    """Megabytes of anything end in a refusal or a closed line, five at once, in bounded time and memory."""
    with bounded_memory():
        answers = await asyncio.gather(*(asyncio.to_thread(edge.sent, large(kind)) for _ in range(5)))
    assert {status for answer in answers for status in answer} <= {400, 401, 413, 431}
    assert edge.passed == []


async def test_the_largest_that_is_let_in(edge: Edge) -> None:
    """A signed form of just under a megabyte, in one field, in many, or nested deep, is answered in time."""
    most = MOST_BYTES - len(HELP) - 100
    for body in (
        HELP + b"&text=" + b"%ff" * (most // 3),
        HELP + b"&a=b" * (most // 4),
        HELP + b"&" * most,
        HELP + b"&payload=" + b"[" * (most - 10),
        b'{"type":"event_callback","event":' + b'{"a":' * (most // 5),
        b'{"n":' + b"9" * most + b"}",
        b"payload=" + quote(json.dumps({"type": "block_actions", "actions": [{}] * 100_000})).encode()[:most],
    ):
        length = (b"Content-Length", b"%d" % len(body))
        request = Request(headers=(*edge.signature(body), (b"Content-Type", FORM), length), body=body, signed=True)
        await asyncio.to_thread(edge.check, request)


async def test_lines_that_say_nothing_hold_nobody_up(edge: Edge) -> None:
    """Two hundred open lines in the middle of a request, and a request of Slack is served at once."""
    halves = (b"", b"POST", b"POST /slack/events HTTP/1.1\r\nX: ", EVENTS_BEGUN, EVENTS_BEGUN + b"\r\nabc")
    lines = [await asyncio.to_thread(socket.create_connection, edge.address, LONGEST) for _ in range(200)]
    try:
        for line, half in zip(lines, itertools.cycle(halves), strict=False):
            line.sendall(half)
        began = time.monotonic()
        assert await asyncio.to_thread(edge.serves)
        assert time.monotonic() - began < LONGEST / 2
    finally:
        for line in lines:
            line.close()


async def test_several_requests_on_one_line_are_each_checked(edge: Edge) -> None:
    """What follows a good request on its line, smuggled in its body or behind it, is let through only when signed."""
    head = b"POST /slack/events HTTP/1.1\r\nHost: edge\r\n"
    names = b"".join(b"%s: %s\r\n" % one for one in edge.signature(HELP))
    good = head + names + b"Content-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (FORM, len(HELP), HELP)
    forged = head + b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(HELP), HELP)
    assert await asyncio.to_thread(edge.sent, good + forged) == [200, 401]
    both = head + names + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % len(HELP) + forged
    assert await asyncio.to_thread(edge.sent, both) == [400]
    assert edge.passed == [HELP.decode()]


async def test_a_coded_body_is_not_what_was_signed(edge: Edge) -> None:
    """Slack codes no body: a signature over coded bytes that come uncoded to the check does not hold."""
    coded = gzip.compress(HELP)
    headers = ((b"Content-Encoding", b"gzip"), (b"Content-Length", b"%d" % len(coded)), *edge.signature(coded))
    assert await asyncio.to_thread(edge.sent, Request(headers=headers, body=coded).raw) == [401]
