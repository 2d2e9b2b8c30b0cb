"""Where the token may go when a file is fetched."""

import pytest

from bot.fetch import is_slacks

API = "https://slack.com/api/"


@pytest.mark.parametrize(
    "url",
    [
        "https://files.slack.com/files-pri/T-F/download/a.pdf",
        "https://slack.com/x",
        "https://files.slack.com:443/x",
        "https://aurora.enterprise.slack.com/x",
    ],
)
def test_slack_s_own_hosts(url: str) -> None:
    """By https, on its own port."""
    assert is_slacks(url, API)


@pytest.mark.parametrize(
    "url",
    [
        "http://files.slack.com/x",
        "https://slack.com.evil.example/x",
        "https://evilslack.com/x",
        "https://evil.example/files.slack.com/x",
        "https://files.slack.com@evil.example/x",
        "https://files.slack.com:8443/x",
        "//evil.example/x",
        "file:///etc/passwd",
        "https://[::1/x",
        "",
    ],
)
def test_nobody_else(url: str) -> None:
    """Names that only look like Slack's, other schemes and ports, and no address at all."""
    assert not is_slacks(url, API)


def test_the_server_that_is_set_up() -> None:
    """Where SLACK_API_URL names another server, that one, on this port and by this scheme."""
    api = "http://127.0.0.1:3100/api/"
    assert is_slacks("http://127.0.0.1:3100/files/F0/a.pdf", api)
    for url in ("http://127.0.0.1:3101/a.pdf", "https://127.0.0.1:3100/a.pdf", "http://localhost:3100/a.pdf"):
        assert not is_slacks(url, api)
