"""People use commands, buttons and modals of a real Bolt app."""

from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from sandbox import NotAcknowledged, Sandbox

SHARED = "C0SHARED"


def modal(**more: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "log",
        "title": {"type": "plain_text", "text": "Log a deviation"},
        "submit": {"type": "plain_text", "text": "Log"},
        "blocks": [
            {
                "type": "input",
                "block_id": "title",
                "label": {"type": "plain_text", "text": "Title"},
                "element": {"type": "plain_text_input", "action_id": "title", "max_length": 20},
            }
        ],
        **more,
    }


def card(*buttons: str) -> list[dict[str, Any]]:
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": "*DEV-1* by <@U0ANNA> &amp; co"}},
        {
            "type": "actions",
            "elements": [
                {"type": "button", "text": {"type": "plain_text", "text": text}, "action_id": text.lower()}
                for text in buttons
            ],
        },
    ]


async def test_command_opens_modal_and_submission_posts(box: Sandbox, app: AsyncApp) -> None:
    """A command opens a modal; its submission posts a card everybody reads."""

    @app.command("/deviation")
    async def on_command(ack: Any, body: Any, client: Any) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal())
        await ack()

    @app.view("log")
    async def on_submit(ack: Any, view: Any, client: Any) -> None:
        title = view["state"]["values"]["title"]["title"]["value"]
        await client.chat_postMessage(channel=SHARED, text=title, blocks=card("Acknowledge"))
        await ack()

    anna = box.person("U0ANNA")
    await anna.command("/deviation Broken seal")
    assert anna.modal
    assert anna.modal.labels == ["Title"]
    assert await anna.submit() == {"Title": "Please complete this required field."}
    anna.fill({"Title": "Broken seal"})
    assert await anna.submit() == {}
    assert anna.modal is None
    [posted] = box.person("U0ELIF").messages()
    assert posted.words == "DEV-1 by @Anna Berg & co\nAcknowledge"
    assert [call.method for call in box.calls][-1] == "chat.postMessage"


async def test_click_by_the_other_company(box: Sandbox, app: AsyncApp) -> None:
    """A person whose company has not installed the app presses a button and submits a modal."""
    seen: dict[str, Any] = {}

    @app.action("acknowledge")
    async def on_click(ack: Any, body: Any, client: Any) -> None:
        seen["click"] = body
        await client.views_open(trigger_id=body["trigger_id"], view=modal())
        await ack()

    @app.view("log")
    async def on_submit(ack: Any, body: Any) -> None:
        seen["submit"] = body
        await ack(response_action="errors", errors={"title": "Taken"})

    await app.client.chat_postMessage(channel=SHARED, text="card", blocks=card("Acknowledge"))
    elif_ = box.person("U0ELIF")
    await elif_.click("Acknowledge")
    elif_.fill({"Title": "Seal"})
    assert await elif_.submit() == {"Title": "Taken"}
    assert seen["click"]["user"]["team_id"] == "T0BOREAL"
    assert seen["click"]["team"]["id"] == "T0AURORA"
    assert seen["submit"]["team"]["id"] == "T0BOREAL"
    assert seen["submit"]["view"]["app_installed_team_id"] == "T0AURORA"


async def test_unanswered_command_tells_the_person(box: Sandbox, app: AsyncApp) -> None:
    """A command nobody listens to fails in Slack's words and raises."""
    anna = box.person("U0ANNA")
    with pytest.raises(NotAcknowledged):
        await anna.command("/deviation x")
    assert anna.ephemerals[-1].words == '/deviation failed with the error "dispatch_failed"'
