"""What went wrong when Slack was called, in one word, whatever form it came in."""

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError

UNREACHABLE = (ClientError, TimeoutError)  # Slack does not answer, or breaks off
TRANSIENT = ("ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout")
HALF_DONE = ("internal_error", "fatal_error")  # by Slack's own account, some of it may have been done
SERVER_ERROR = 500
FAILURES = (SlackApiError, *UNREACHABLE)


def word(error: BaseException) -> str:
    """Give Slack's own word for an error; for an answer that is none of Slack's, its status."""
    if not isinstance(error, SlackApiError):
        return f"{type(error).__name__} {error}".strip()
    answer = error.response
    data = getattr(answer, "data", answer)
    if isinstance(data, dict) and data.get("error"):
        return str(data["error"])
    # Not Slack's JSON: the SDK hands over text, or the bare HTTP answer.
    return f"status {getattr(answer, 'status_code', None) or getattr(answer, 'status', 'unknown')}"


def status(error: BaseException) -> int:
    """Give the HTTP status of an answer that was an error; 0 where there was none."""
    return int(getattr(getattr(error, "response", None), "status_code", 0) or 0)


def is_refusal(error: BaseException) -> bool:
    """Whether Slack itself says that it did nothing; any other answer, or none, leaves that open."""
    data = getattr(getattr(error, "response", None), "data", None)
    said = data.get("error") if isinstance(data, dict) else None
    return bool(said) and said not in HALF_DONE and status(error) < SERVER_ERROR


def passes(error: BaseException) -> bool:
    """Whether an answer says that Slack cannot now, not that it never will."""
    return word(error) in TRANSIENT or retry_after(error) is not None or status(error) >= SERVER_ERROR


def retry_after(error: BaseException) -> int | None:
    """Give the seconds that Slack asks to wait; None when it asks for none."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    asked = str(headers.get("Retry-After") or "")
    return int(asked) if asked.isdecimal() else None
