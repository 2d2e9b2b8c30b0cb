"""Modals: triggers, stacks, hashes, what submission may answer, what people fill in by label."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import CannotDo, NotAcknowledged, Sandbox


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def options(*texts: str) -> list[dict[str, Any]]:
    return [{"text": plain(text), "value": text.lower()} for text in texts]


def field(label: str, kind: str = "plain_text_input", **more: Any) -> dict[str, Any]:
    name = label.lower()
    element = {"type": kind, "action_id": name, **more}
    return {"type": "input", "block_id": name, "label": plain(label), "element": element}


def modal(*blocks: Any, **more: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain("Form"),
        "submit": plain("Send"),
        "blocks": list(blocks) or [field("Title")],
        **more,
    }


def listen(app: AsyncApp, *views: dict[str, Any], **answer: Any) -> dict[str, Any]:
    """Open the views at a command, one above the other, and answer submissions with the answer."""
    seen: dict[str, Any] = {}

    @app.command("/deviation")
    async def on_command(ack: Any, body: Any, client: Any) -> None:
        await ack()
        seen["trigger"] = body["trigger_id"]
        seen["opened"] = (await client.views_open(trigger_id=body["trigger_id"], view=views[0]))["view"]

    @app.view("form")
    async def on_submit(ack: Any, body: Any) -> None:
        seen["view"] = body["view"]
        await ack(**answer)

    @app.view_closed("form")
    async def on_closed(ack: Any, body: Any) -> None:
        seen["closed"] = body
        await ack()

    return seen


async def error(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


async def test_triggers_work_once_and_not_for_long(
    box: Sandbox, app: AsyncApp, client: AsyncWebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A used, a late and an invented trigger are refused in three different words."""
    seen = listen(app, modal())
    await box.person("U0ANNA").command("/deviation")
    assert await error(client.views_open(trigger_id=seen["trigger"], view=modal())) == "exchanged_trigger_id"
    assert await error(client.views_open(trigger_id="1.2.3", view=modal())) == "invalid_trigger_id"
    late = box.world.new_trigger("U0ANNA")
    box.world.triggers[late].expires -= 60
    assert await error(client.views_open(trigger_id=late, view=modal())) == "expired_trigger_id"


async def test_update_keeps_what_was_typed_and_minds_the_hash(
    box: Sandbox, app: AsyncApp, client: AsyncWebClient
) -> None:
    """An update with an old hash is refused; one with the right hash keeps the fields that stayed."""
    seen = listen(app, modal())
    anna = box.person("U0ANNA")
    await anna.command("/deviation")
    anna.fill({"Title": "typed"})
    opened = seen["opened"]
    again = modal(field("Title"), field("More"))
    await client.views_update(view_id=opened["id"], hash=opened["hash"], view=again)
    assert anna.modal
    assert anna.modal.labels == ["Title", "More"]
    assert "typed" in anna.modal.text
    assert await error(client.views_update(view_id=opened["id"], hash=opened["hash"], view=again)) == "hash_conflict"
    assert await error(client.views_update(view_id="V0NONE", view=again)) == "not_found"
    await anna.close_modal()
    assert await error(client.views_update(view_id=opened["id"], view=again)) == "not_found"


async def test_every_kind_of_field_is_filled_by_label(box: Sandbox, app: AsyncApp) -> None:
    """What a person fills in arrives as Slack's state holds it."""
    view = modal(
        field("Title"),
        field("Class", "static_select", options=options("Major", "Minor")),
        field("Source", "checkboxes", options=options("Air", "Water", "Steam")),
        field("Owner", "users_select"),
        field("Due", "datepicker"),
        field("Hour", "timepicker"),
        field("Detected", "datetimepicker"),
        field("Count", "number_input", is_decimal_allowed=False, max_value="9"),
        field("Lot", "external_select", min_query_length=0),
        field("Proof", "file_input"),
        field("Story", "rich_text_input"),
    )
    seen = listen(app, view)

    @app.options("lot")
    async def on_options(ack: Any, payload: Any) -> None:
        await ack(options=options(f"Lot {payload['value'][-1]}"))

    anna = box.person("U0ANNA")
    await anna.command("/deviation")
    moment = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    words = {"Title": "Seal", "Class": "Major", "Source": ["Air", "Steam"], "Owner": "Ben Ortiz", "Count": 12}
    anna.fill(words | {"Due": date(2026, 12, 1), "Hour": time(8, 5), "Detected": moment, "Lot": "Lot 7"})
    anna.fill({"Proof": [("a.txt", b"abc")], "Story": "It broke"})
    assert await anna.submit() == {"Count": "Number must be at most 9"}
    anna.fill({"Count": 3})
    assert await anna.submit() == {}
    values = {key: inner[key] for key, inner in seen["view"]["state"]["values"].items()}
    assert values["class"] == {"type": "static_select", "selected_option": options("Major")[0]}
    assert [o["value"] for o in values["source"]["selected_options"]] == ["air", "steam"]
    chosen = [v.get(k) for v, k in zip(
        [values["owner"], values["due"], values["hour"], values["detected"], values["count"]],
        ["selected_user", "selected_date", "selected_time", "selected_date_time", "value"], strict=True,
    )]  # fmt: skip
    assert chosen == ["U0BEN", "2026-12-01", "08:05", int(moment.timestamp()), "3"]
    assert values["lot"]["selected_option"]["value"] == "lot 7"
    assert values["proof"]["files"][0]["name"] == "a.txt"


async def test_unknown_labels_and_options_name_what_is_there(box: Sandbox, app: AsyncApp) -> None:
    """A label, option or button that is not there is a LookupError that says what is."""
    listen(app, modal(field("Class", "static_select", options=options("Major"))))
    anna = box.person("U0ANNA")
    await anna.command("/deviation")
    with pytest.raises(LookupError, match="there is \\['Class'\\]"):
        anna.fill({"Klass": "Major"})
    with pytest.raises(CannotDo, match="there is \\['Major'\\]"):
        anna.fill({"Class": "Minor"})
    with pytest.raises(CannotDo, match="sees no button"):
        await anna.click_in_modal("Delete")


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"nowhere": "x"}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "update", "view": {"type": "modal", "blocks": []}},
    ],
)
async def test_wrong_answers_to_a_submission_are_trouble(box: Sandbox, app: AsyncApp, answer: dict[str, Any]) -> None:
    """Errors of unknown blocks and broken views leave the modal open with Slack's words."""
    listen(app, modal(), **answer)
    anna = box.person("U0ANNA")
    await anna.command("/deviation")
    anna.fill({"Title": "x"})
    with pytest.raises(NotAcknowledged):
        await anna.submit()
    assert anna.modal
    assert anna.modal.trouble == "We had some trouble connecting. Try again?"


async def test_submission_updates_pushes_and_clears(box: Sandbox, app: AsyncApp) -> None:
    """A submission may show another body, put a modal on top, or close them all."""
    seen = listen(app, modal(), response_action="push", view=modal(callback_id="second", title=plain("Second")))

    @app.view("second")
    async def on_second(ack: Any, body: Any) -> None:
        third = modal(callback_id="third", title=plain("Third"))
        await ack(response_action="update", view=third)

    @app.view("third")
    async def on_third(ack: Any) -> None:
        await ack(response_action="clear")

    anna = box.person("U0ANNA")
    await anna.command("/deviation")
    titles = []
    for _ in range(3):
        assert anna.modal
        titles.append(anna.modal.title)
        await anna.submit(client_checks=False)
    assert titles == ["Form", "Second", "Third"]
    assert seen["view"]["state"]["values"]["title"]["title"]["value"] is None
    assert anna.modal is None


async def test_at_most_three_modals(box: Sandbox, app: AsyncApp, client: AsyncWebClient) -> None:
    """The fourth modal of a stack is refused; a push needs a trigger from a modal."""
    button = {"type": "button", "text": plain("More"), "action_id": "more"}
    view = modal({"type": "actions", "elements": [button]})
    listen(app, view)
    errors = []

    @app.action("more")
    async def on_more(ack: Any, body: Any, client: Any) -> None:
        await ack()
        try:
            await client.views_push(trigger_id=body["trigger_id"], view=view)
        except SlackApiError as refused:
            errors.append(refused.response["error"])

    anna = box.person("U0ANNA")
    await anna.command("/deviation")
    for _ in range(3):
        await anna.click_in_modal("More")
    assert errors == ["push_limit_reached"]
    outside = box.world.new_trigger("U0ANNA")
    assert await error(client.views_push(trigger_id=outside, view=view)) == "invalid_trigger_id"


async def test_closing_tells_the_app_if_it_asked(box: Sandbox, app: AsyncApp) -> None:
    """view_closed is sent for notify_on_close."""
    seen = listen(app, modal(notify_on_close=True))
    anna = box.person("U0ANNA")
    await anna.command("/deviation")
    await anna.close_modal()
    assert (anna.modal, seen["closed"]["is_cleared"]) == (None, False)


async def test_choosing_in_a_modal_is_dispatched(box: Sandbox, app: AsyncApp) -> None:
    """A select with dispatch_action tells the app at once, with what is typed elsewhere."""
    select = field("Class", "static_select", options=options("Major", "Minor")) | {"dispatch_action": True}
    listen(app, modal(field("Title"), select))
    seen: dict[str, Any] = {}

    @app.action("class")
    async def on_class(ack: Any, body: Any) -> None:
        seen.update(body)
        await ack()

    anna = box.person("U0ANNA")
    await anna.command("/deviation")
    anna.fill({"Title": "typed"})
    await anna.choose("Class", "Minor")
    assert seen["actions"][0]["selected_option"]["value"] == "minor"
    assert seen["view"]["state"]["values"]["title"]["title"]["value"] == "typed"
    assert "message" not in seen


async def test_views_slack_would_not_show(box: Sandbox, app: AsyncApp, client: AsyncWebClient) -> None:
    """An ill-formed view names the place; a huge one is too large."""
    trigger = box.world.new_trigger("U0ANNA")
    with pytest.raises(SlackApiError) as refused:
        await client.views_open(trigger_id=trigger, view=modal(title=plain("x" * 25)))
    assert refused.value.response["error"] == "invalid_arguments"
    assert "[json-pointer:/view/title/text]" in refused.value.response["response_metadata"]["messages"][1]
    text = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}
    assert await error(client.views_open(trigger_id=trigger, view=modal(*[text] * 100))) == "view_too_large"
