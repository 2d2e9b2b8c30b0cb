"""Sending a file to whoever asks, by direct message."""

from handlers import slack_errors
from handlers.call import Call
from handlers.text import escape


async def send(call: Call, name: str, content: bytes, comment: str, *, alt: str | None = None) -> None:
    """Send a file to the acting person; where that fails they are told why."""
    slack = call.slack
    opened = await slack.conversations_open(users=call.identity.user_id)
    channel = opened["channel"]["id"]
    try:
        await slack.files_upload_v2(
            channel=channel, content=content, filename=name, title=name, initial_comment=escape(comment), alt_txt=alt
        )
    except slack_errors.FAILURES as error:
        text = escape(f"{name} could not be sent: {slack_errors.word(error)}. Try again.")
        await slack.chat_postMessage(channel=channel, text=text)
