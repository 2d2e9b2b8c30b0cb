"""The phone: keys by letters or address, codes by the sandbox's clock."""

from datetime import UTC, datetime, timedelta

import aiohttp
import pyotp
import pytest

from sandbox import Sandbox

RFC = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", the key of RFC 6238's examples
OTHER = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.mark.parametrize(("moment", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
async def test_codes_of_the_standard(box: Sandbox, moment: int, code: str) -> None:
    """The examples of RFC 6238 come out, leading zeros kept, for the key however its letters are grouped."""
    phone = box.person("U0ANNA").phone
    for key in (RFC, "gezd gnbv gy3t qojq gezd gnbv gy3t qojq", "GEZDGNBV-GY3TQOJQ-GEZDGNBV-GY3TQOJQ "):
        phone.add(key)
        assert phone.code(at=datetime.fromtimestamp(moment, UTC)) == code


async def test_codes_follow_the_sandboxs_clock(box: Sandbox) -> None:
    """A code is of the sandbox's present moment, and of an earlier one if asked."""
    phone = box.person("U0ANNA").phone
    phone.add(RFC)
    start = box.now()
    before = phone.code(at=start)
    await box.move_clock(to=start + timedelta(days=3))
    assert phone.code(at=start + timedelta(days=3), ago=timedelta(days=3)) == before
    now = box.now()
    assert phone.code() in {pyotp.TOTP(RFC).at(now), pyotp.TOTP(RFC).at(now + timedelta(seconds=30))}


async def test_several_keys_and_a_removed_one(box: Sandbox) -> None:
    """The newest key gives the code; each has its address's names or a number; a removed one is gone."""
    anna, ben = box.person("U0ANNA").phone, box.person("U0BEN").phone
    anna.add(RFC)
    address = pyotp.TOTP(OTHER).provisioning_uri(name="Anna Berg", issuer_name="QualBridge")
    added = anna.add(address)
    anna.add(f"otpauth://totp/?secret={RFC}")
    assert [key.label for key in anna.keys] == ["Key 1", "QualBridge: Anna Berg", "Key 2"]
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    assert anna.code(at=moment) == pyotp.TOTP(RFC).at(moment)
    anna.remove(anna.keys[-1].id)
    assert anna.code(at=moment) == added.code(moment) == pyotp.TOTP(OTHER).at(moment)
    assert ben.keys == []
    with pytest.raises(LookupError, match="no key"):
        ben.code()


@pytest.mark.parametrize(
    "key",
    [
        "",
        "not base32!",
        "GEZDGNBV",
        "otpauth://totp/QualBridge:Anna",
        f"otpauth://hotp/QualBridge:Anna?secret={RFC}",
        f"otpauth://totp/QualBridge:Anna?secret={RFC}&digits=8",
        f"otpauth://totp/QualBridge:Anna?secret={RFC}&period=60",
        f"otpauth://totp/QualBridge:Anna?secret={RFC}&algorithm=SHA256",
    ],
)
async def test_what_is_no_key(box: Sandbox, key: str) -> None:
    """What the app cannot make six digits of every 30 seconds is refused and not kept."""
    phone = box.person("U0ANNA").phone
    with pytest.raises(ValueError, match=r"^(That|This)"):
        phone.add(key)
    assert phone.keys == []


async def test_the_page_shows_ones_own_phone(box: Sandbox) -> None:
    """A key added by the page is on that person's screen with its code and its end, and goes when removed."""
    async with aiohttp.ClientSession(box.url) as page:

        async def act(**what: str) -> dict[str, object]:
            async with page.post("/page/act", json={"as": "U0ANNA", **what}) as response:
                return dict(await response.json())

        async def shown(user: str = "U0ANNA") -> list[dict[str, object]]:
            async with page.get("/page/state", params={"as": user}) as response:
                return list((await response.json())["phone"])

        assert await act(do="add_key", key=RFC) == {"ok": True}
        assert "no key" in str((await act(do="add_key", key="no"))["error"])
        [entry] = await shown()
        until = int(str(entry["until"]))
        assert entry["code"] == pyotp.TOTP(RFC).at(until - 1)
        assert 0 < until - box.now().timestamp() <= 30
        assert (entry["label"], set(entry), await shown("U0BEN")) == ("Key 1", {"id", "label", "code", "until"}, [])
        assert await act(do="remove_key", id=str(entry["id"])) == {"ok": True}
        assert await shown() == []
