"""Modals that change: what an answered or updated view shows, holds, and sends next."""

from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import CannotDo, NotAcknowledged, Sandbox

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def field(label: str, kind: str = "plain_text_input", **more: Any) -> Json:
    name = label.lower()
    element = {"type": kind, "action_id": name, **more}
    return {"type": "input", "block_id": name, "label": plain(label), "element": element}


def modal(*blocks: Json, title: str = "Form", **more: Any) -> Json:
    shown = {"type": "modal", "callback_id": "form", "title": plain(title), "submit": plain("Send")}
    return {**shown, "blocks": list(blocks) or [field("Title")], **more}


FIRST = modal(field("Title"), field("Reason"), private_metadata="first")
SECOND = modal(field("Title"), field("Code"), title="Sign", private_metadata="second")


def answering(app: AsyncApp, opened: Json, *answers: Json) -> list[Json]:
    """Open a modal at the command and answer its submissions one after the other; the views that were submitted."""
    seen: list[Json] = []

    @app.command("/deviation")
    async def on_command(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=opened)

    @app.view("form")
    async def on_submit(ack: Any, view: Json) -> None:
        seen.append(view)
        await ack(**answers[len(seen) - 1])

    return seen


def typed(view: Json, name: str) -> Any:
    return view["state"]["values"][name][name]["value"]


async def test_after_an_update_one_acts_on_the_new_view(box: Sandbox, app: AsyncApp) -> None:
    """Fill and submit mean the updated view: its fields, its metadata, its errors by block; what stayed is kept."""
    wrong = {"response_action": "errors", "errors": {"code": "That code is not right."}}
    seen = answering(app, FIRST, {"response_action": "update", "view": SECOND}, wrong, {})
    anna = box.person("U0ANNA")
    await anna.command("/deviation")
    anna.fill({"Title": "Seal", "Reason": "r"})
    assert await anna.submit() == {}
    assert anna.modal
    assert (anna.modal.title, anna.modal.labels) == ("Sign", ["Title", "Code"])
    with pytest.raises(CannotDo):
        anna.fill({"Reason": "gone"})
    anna.fill({"Code": "000000"})
    assert await anna.submit() == {"Code": "That code is not right."}
    anna.fill({"Code": "287082"})
    assert await anna.submit() == {}
    assert anna.modal is None
    assert [view["private_metadata"] for view in seen] == ["first", "second", "second"]
    assert [typed(view, "title") for view in seen] == ["Seal"] * 3
    assert [typed(view, "code") for view in seen[1:]] == ["000000", "287082"]
    assert len({view["id"] for view in seen}) == 1
    assert seen[0]["hash"] != seen[1]["hash"] == seen[2]["hash"]


async def test_a_field_that_comes_back_is_empty(box: Sandbox, app: AsyncApp) -> None:
    """What was typed in a field that an update took away does not come back with it."""
    seen = answering(
        app, FIRST, {"response_action": "update", "view": SECOND}, {"response_action": "update", "view": FIRST}
    )
    anna = box.person("U0ANNA")
    await anna.command("/deviation")
    anna.fill({"Title": "Seal", "Reason": "r"})
    await anna.submit()
    anna.fill({"Code": "1"})
    await anna.submit()
    assert await anna.submit() == {"Reason": "Please complete this required field."}
    assert len(seen) == 2


async def test_errors_of_the_view_before_are_trouble(box: Sandbox, app: AsyncApp) -> None:
    """Errors must name input blocks of the view as it is now."""
    errors = {"response_action": "errors", "errors": {"reason": "x"}}
    answering(app, FIRST, {"response_action": "update", "view": SECOND}, errors)
    anna = box.person("U0ANNA")
    await anna.command("/deviation")
    anna.fill({"Title": "Seal", "Reason": "r"})
    await anna.submit()
    anna.fill({"Code": "1"})
    with pytest.raises(NotAcknowledged):
        await anna.submit()
    assert anna.modal
    assert anna.modal.trouble


async def test_views_update_takes_errors_away(box: Sandbox, app: AsyncApp, client: AsyncWebClient) -> None:
    """An update by the Web API shows the new body without the old errors, and the next submission sends it."""
    seen = answering(app, FIRST, {"response_action": "errors", "errors": {"title": "Taken"}}, {})
    anna = box.person("U0ANNA")
    await anna.command("/deviation")
    anna.fill({"Title": "Seal", "Reason": "r"})
    assert await anna.submit() == {"Title": "Taken"}
    assert anna.modal
    await client.views_update(view_id=anna.modal.id, view=SECOND)
    assert anna.modal.errors == {}
    anna.fill({"Code": "1"})
    assert await anna.submit() == {}
    assert seen[1]["private_metadata"] == "second"


async def test_a_pushed_view_is_answered_and_leads_back(box: Sandbox, app: AsyncApp) -> None:
    """A pushed view has its own fields; accepted, it closes and the one below is as it was left."""
    pushed = modal(field("Code"), title="Sign", callback_id="sign", private_metadata="pushed")
    seen = answering(app, FIRST, {"response_action": "push", "view": pushed}, {"response_action": "clear"})

    @app.view("sign")
    async def on_sign(ack: Any, view: Json) -> None:
        seen_above.append(view)
        await ack()

    seen_above: list[Json] = []
    anna = box.person("U0ANNA")
    await anna.command("/deviation")
    anna.fill({"Title": "Seal", "Reason": "r"})
    await anna.submit()
    anna.fill({"Code": "287082"})
    await anna.submit()
    assert (seen_above[0]["private_metadata"], seen_above[0]["previous_view_id"]) == ("pushed", seen[0]["id"])
    assert await anna.submit() == {}
    assert (typed(seen[1], "reason"), anna.modal) == ("r", None)


@pytest.mark.parametrize("action", ["update", "push"])
async def test_only_modals_answer_a_submission(box: Sandbox, app: AsyncApp, action: str) -> None:
    """A home tab in the answer to a submission is trouble."""
    answering(app, modal(), {"response_action": action, "view": {"type": "home", "blocks": []}})
    anna = box.person("U0ANNA")
    await anna.command("/deviation")
    anna.fill({"Title": "x"})
    with pytest.raises(NotAcknowledged):
        await anna.submit()


async def test_checkboxes_and_days(box: Sandbox, app: AsyncApp) -> None:
    """Checkboxes hold a list, also of one or none; a day must be in the calendar, and both can be taken back."""
    texts = ("Air", "Water")
    options = [{"text": plain(text), "value": text.lower()} for text in texts]
    view = modal(field("Source", "checkboxes", options=options), field("Due", "datepicker", initial_date="2026-11-23"))
    seen = answering(app, view, {})
    anna = box.person("U0ANNA")
    await anna.command("/deviation")
    with pytest.raises(CannotDo, match="no day"):
        anna.fill({"Due": "2026-02-30"})
    anna.fill({"Source": [], "Due": None})
    required = "Please complete this required field."
    assert await anna.submit() == {"Source": required, "Due": required}
    anna.fill({"Source": "Water", "Due": "2026-12-01"})
    assert await anna.submit() == {}
    values = seen[0]["state"]["values"]
    assert values["source"]["source"] == {"type": "checkboxes", "selected_options": [options[1]]}
    assert values["due"]["due"] == {"type": "datepicker", "selected_date": "2026-12-01"}
