"""A person's phone with an authenticator app: the keys it holds and the one-time codes they make (RFC 6238)."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pyotp

from sandbox.clock import Clock

DIGITS, SECONDS = 6, 30
_NO_KEY = "That is no key: paste the letters and digits of the key, or its address that begins with otpauth://."
_OTHER_KIND = "This phone makes codes of six digits every 30 seconds (SHA-1); that address asks for others."


@dataclass(frozen=True)
class Key:
    """One entry of the authenticator app."""

    id: str
    label: str
    otp: pyotp.TOTP

    def code(self, at: datetime) -> str:
        """Return the six digits of that moment."""
        return self.otp.at(at)


class Phone:
    """The keys a person holds, oldest first; codes follow the sandbox's clock."""

    def __init__(self, clock: Clock, changed: Callable[[], None]) -> None:
        self.keys: list[Key] = []
        self._clock, self._changed = clock, changed
        self._unnamed = 0

    def add(self, key_or_address: str) -> Key:
        """Take a base32 key or an otpauth:// address; ValueError says what is wrong with it."""
        given = key_or_address.strip()
        label, otp = _of_address(given) if given.lower().startswith("otpauth:") else ("", _of_key(given))
        key = Key(secrets.token_hex(4), label or self._next_name(), otp)
        self.keys.append(key)
        self._changed()
        return key

    def remove(self, key_id: str) -> None:
        """Take a key off the phone, if it is there."""
        self.keys = [key for key in self.keys if key.id != key_id]
        self._changed()

    def code(self, *, at: datetime | None = None, ago: timedelta = timedelta(0)) -> str:
        """Return the newest key's code: of now on the sandbox's clock, of `at`, or of so long `ago`."""
        if not self.keys:
            raise LookupError("There is no key on this phone.")
        return self.keys[-1].code((at or self._clock.now()) - ago)

    def shown(self) -> list[dict[str, str | int]]:
        """Return the entries as the app shows them: the label, the code, and the second at which it ends."""
        now = self._clock.now()
        until = (int(now.timestamp()) // SECONDS + 1) * SECONDS
        return [{"id": key.id, "label": key.label, "code": key.code(now), "until": until} for key in self.keys]

    def _next_name(self) -> str:
        self._unnamed += 1
        return f"Key {self._unnamed}"


def _of_key(key: str) -> pyotp.TOTP:
    # Keys are printed in groups, for people who type them.
    try:
        return pyotp.TOTP("".join(key.split()).replace("-", "").rstrip("="))
    except ValueError:
        raise ValueError(_NO_KEY) from None


def _of_address(address: str) -> tuple[str, pyotp.TOTP]:
    try:
        otp = pyotp.parse_uri(address)
    except ValueError as wrong:
        raise ValueError(f"That address does not work: {wrong}") from None
    if not isinstance(otp, pyotp.TOTP) or (otp.digits, otp.interval, otp.digest) != (DIGITS, SECONDS, hashlib.sha1):
        raise ValueError(_OTHER_KIND)
    named = bool(urlsplit(address).path.strip("/"))  # the library calls one without a name "Secret"
    return ": ".join(part.strip() for part in (otp.issuer, named and otp.name) if part), otp
