"""Secrets at rest: encrypted with a key that is not in the database."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SHORTEST = 32  # characters of a key


class Sealed(Exception):  # noqa: N818 - a state of the data
    """A secret that none of the keys opens, or no key at all."""


class Safe:
    """Encrypts and decrypts with the keys given; the first encrypts, all of them decrypt, so that keys can rotate."""

    def __init__(self, keys: str) -> None:
        made = [_fernet(key.strip()) for key in keys.split(",") if key.strip()]
        self._fernet = MultiFernet(made) if made else None
        self._first = made[0] if made else None

    @property
    def has_key(self) -> bool:
        """Whether there is a key."""
        return self._fernet is not None

    def lock(self, secret: str) -> str:
        """Encrypt."""
        if self._fernet is None:
            raise Sealed("there is no key")
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """Decrypt."""
        if self._fernet is None:
            raise Sealed("there is no key")
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise Sealed("no key opens it") from None

    def resealed(self, sealed: str) -> str | None:
        """Seal a secret anew with the first key; None where that sealed it already."""
        secret = self.open(sealed)
        try:
            self._first.decrypt(sealed.encode())  # type: ignore[union-attr]  # there is one, for it was opened
        except InvalidToken:
            return self.lock(secret)
        return None


def _fernet(key: str) -> Fernet:
    # Any long random text will do as a key; HKDF gives it the length that the cipher needs.
    derived = HKDF(SHA256(), 32, salt=None, info=b"QualBridge secrets at rest").derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
