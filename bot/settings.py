"""Settings from the environment or `.env`; a missing or wrong one is named, with what to put there."""

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from storage.secret import SHORTEST

ENGINES = ("sqlite", "postgresql")
FORMATS = ("text", "json")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class SettingsError(Exception):
    """Settings with which the bot cannot start; its text names each and what to put there."""


def _database_url(value: str) -> str:
    try:
        url = make_url(value)
        known = url.drivername in ENGINES and url.database not in (None, "", ":memory:")
    except ArgumentError:
        known = False
    if not known:
        raise ValueError("give an address such as sqlite:///qualbridge.db or postgresql://user:password@host/name")
    return value


def _token(prefix: str) -> AfterValidator:
    def check(value: str) -> str:
        if value and not value.startswith(prefix):
            raise ValueError(f"give the token that starts with {prefix}")
        return value

    return AfterValidator(check)


def _api_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("give an address such as https://slack.com/api/")
    return value.rstrip("/") + "/"


def _level(value: str) -> str:
    if value.upper() not in LEVELS:
        raise ValueError(f"give one of {', '.join(LEVELS)}")
    return value.upper()


def _format(value: str) -> str:
    if value.lower() not in FORMATS:
        raise ValueError(f"give one of {', '.join(FORMATS)}")
    return value.lower()


def _keys(value: str) -> str:
    if any(0 < len(key.strip()) < SHORTEST for key in value.split(",")):
        raise ValueError(f"give {SHORTEST} random characters or more, such as `openssl rand -base64 32` writes")
    return value


class Settings(BaseSettings):
    """What the bot needs to know to run; each field is the environment variable of the same name."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    slack_bot_token: Annotated[str, _token("xoxb-")] = ""
    slack_signing_secret: str = ""
    slack_app_token: Annotated[str, _token("xapp-")] = ""
    slack_client_id: str = ""
    slack_client_secret: str = ""
    slack_api_url: Annotated[str, AfterValidator(_api_url)] = "https://slack.com/api/"
    database_url: Annotated[str, AfterValidator(_database_url)] = "sqlite:///qualbridge.db"
    encryption_key: Annotated[str, AfterValidator(_keys)] = ""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 3000
    log_level: Annotated[str, AfterValidator(_level)] = "INFO"
    log_format: Annotated[str, AfterValidator(_format)] = "text"

    @property
    def has_oauth(self) -> bool:
        """Whether workspaces install the app themselves, by its pages."""
        return bool(self.slack_client_id)

    @property
    def authorize_url(self) -> str:
        """The page on which Slack asks a workspace what it grants."""
        return self.slack_api_url.removesuffix("api/") + "oauth/v2/authorize"

    @property
    def socket_mode(self) -> bool:
        """Whether Slack is reached by Socket Mode; otherwise Slack reaches the bot by HTTP."""
        return bool(self.slack_app_token)

    def missing(self) -> list[str]:
        """Name what Slack needs and is not there, with where to find it."""
        wanted: list[tuple[str, str, str]] = []
        if self.has_oauth:
            wanted.append(("SLACK_CLIENT_SECRET", self.slack_client_secret, "the client secret of Basic Information"))
            key = "32 random characters or more: they encrypt the tokens of installations"
            wanted.append(("ENCRYPTION_KEY", self.encryption_key, key))
        else:
            token = "the bot token (xoxb-…) of OAuth & Permissions, or SLACK_CLIENT_ID for installations by OAuth"  # noqa: S105 - a hint
            wanted.append(("SLACK_BOT_TOKEN", self.slack_bot_token, token))
        if not self.socket_mode:
            secret = "the signing secret of Basic Information, or SLACK_APP_TOKEN (xapp-…) for Socket Mode"  # noqa: S105 - a hint
            wanted.append(("SLACK_SIGNING_SECRET", self.slack_signing_secret, secret))
        return [f"{name} is missing: put {what} there" for name, value, what in wanted if not value]


def load() -> Settings:
    """Read the settings; SettingsError names the ones that are wrong."""
    try:
        return Settings()
    except ValidationError as wrong:
        faults = [f"{fault['loc'][0]}".upper() + f" is wrong: {fault['msg']}" for fault in wrong.errors()]
        raise SettingsError("\n".join(faults).replace("Value error, ", "")) from None


def load_for_slack() -> Settings:
    """Read the settings of a command that talks to Slack; SettingsError names what is missing."""
    settings = load()
    if settings.missing():
        raise SettingsError("\n".join(settings.missing()))
    return settings
