"""Settings: their defaults, and what is said about wrong and missing ones."""

from pathlib import Path

import pytest

from bot import settings
from bot.settings import Settings, SettingsError


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def test_defaults() -> None:
    """Without anything set the bot would listen on this machine and keep its database beside it."""
    found = settings.load()
    assert (found.host, found.port, found.database_url) == ("127.0.0.1", 3000, "sqlite:///qualbridge.db")
    assert found.slack_api_url == "https://slack.com/api/"


def test_what_slack_needs_is_named() -> None:
    """Missing keys are named with where to find them."""
    with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN is missing: put the bot token") as refused:
        settings.load_for_slack()
    assert "SLACK_SIGNING_SECRET is missing" in str(refused.value)


def test_socket_mode_needs_no_signing_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an app token the bot uses Socket Mode."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
    assert settings.load_for_slack().socket_mode


def test_the_environment_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """`.env` in the working folder sets what the environment does not."""
    Path(".env").write_text("PORT=4000\nHOST=127.0.0.2\n")
    monkeypatch.setenv("HOST", "127.0.0.3")
    found = settings.load()
    assert (found.port, found.host) == (4000, "127.0.0.3")


@pytest.mark.parametrize(
    "url", ["sqlite:////data/bot.db", "postgresql://user:password@host/name", "postgresql:///name?host=/run/postgresql"]
)
def test_a_database_of_either_engine_is_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """An SQLite file, or a database of a PostgreSQL server, also by its socket."""
    monkeypatch.setenv("DATABASE_URL", url)
    assert settings.load().database_url == url


def test_a_password_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said about a wrong address holds nothing of it."""
    monkeypatch.setenv("DATABASE_URL", "postgres://user:hunter2@host/name")
    with pytest.raises(SettingsError) as refused:
        settings.load()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SLACK_BOT_TOKEN", "xoxp-1", "SLACK_BOT_TOKEN is wrong: give the token that starts with xoxb-"),
        ("SLACK_APP_TOKEN", "x", "SLACK_APP_TOKEN is wrong: give the token that starts with xapp-"),
        ("PORT", "many", "PORT is wrong"),
        ("PORT", "70000", "PORT is wrong"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL is wrong: give an address such as sqlite:///qualbridge.db or post"),
        ("DATABASE_URL", "sqlite://", "DATABASE_URL is wrong"),
        ("DATABASE_URL", "mysql://host/name", "or postgresql://user:password@host/name"),
        ("DATABASE_URL", "postgresql://user:password@host", "DATABASE_URL is wrong"),
        ("DATABASE_URL", "postgresql+asyncpg://user:password@host/name", "DATABASE_URL is wrong"),
        ("SLACK_API_URL", "slack.com", "SLACK_API_URL is wrong: give an address"),
        ("ENCRYPTION_KEY", "secret", "ENCRYPTION_KEY is wrong: give 32 random characters or more"),
        ("ENCRYPTION_KEY", "k" * 40 + ",secret", "ENCRYPTION_KEY is wrong: give 32 random characters or more"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL is wrong: give one of DEBUG"),
    ],
)
def test_wrong_settings_are_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str) -> None:
    """A wrong setting is named with what to put there."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        settings.load()
    assert says in str(refused.value)
