"""People change and take back what they said, and share files; the app hears of it in Slack's shapes."""

from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.acts import CannotDo

PNG = b"\x89PNG\r\n\x1a\n"


def heard(box: Sandbox, subtype: str | None = None) -> list[dict[str, Any]]:
    events = [one.body["event"] for one in box.connect_events() if one.kind == "event" and not one.attempt]
    return [one for one in events if one["type"] == "message" and one.get("subtype") == subtype]


async def test_an_edit_tells_both_texts(box: Sandbox, app: object) -> None:
    """`message_changed` has the message as it is and as it was; the edit shows."""
    gita = box.person("U0GITA")
    parent = await gita.say("Thread")
    said = await gita.say("2.1 <bar>", thread=parent)
    await gita.edit(said, "2.7 <bar>")
    assert (said.words, said.edited is not None) == ("2.7 <bar>", True)
    (event,) = heard(box, "message_changed")
    assert (event["message"]["text"], event["previous_message"]["text"]) == ("2.7 &lt;bar&gt;", "2.1 &lt;bar&gt;")
    assert (event["message"]["ts"], event["message"]["thread_ts"]) == (said.ts, parent.ts)
    assert (event["message"]["user_team"], event["message"]["edited"]["user"]) == ("T0BOREAL", "U0GITA")
    assert (event["channel"], event["channel_type"], event["hidden"]) == ("C0SHARED", "channel", True)


async def test_a_deletion_tells_what_was_there(box: Sandbox, app: object) -> None:
    """`message_deleted` has the time stamp and the former message, which is off every screen."""
    gita = box.person("U0GITA")
    said = await gita.say("2.1 bar")
    await gita.delete(said)
    (event,) = heard(box, "message_deleted")
    assert (event["deleted_ts"], event["previous_message"]["text"]) == (said.ts, "2.1 bar")
    assert said not in gita.messages()
    with pytest.raises(CannotDo):
        await gita.delete(said)


async def test_nobody_changes_what_others_said(box: Sandbox, app: object) -> None:
    """Messages and files of somebody else are left alone."""
    said = await box.person("U0GITA").say("Mine", files=[("a.png", PNG)])
    for act in (box.person("U0ANNA").edit(said, "x"), box.person("U0ANNA").delete(said)):
        with pytest.raises(CannotDo):
            await act
    with pytest.raises(CannotDo):
        await box.person("U0ANNA").delete_file(said.files[0]["id"])


async def test_files_of_the_other_company_are_stubs(box: Sandbox, app: object) -> None:
    """`file_share` describes a file of the app's own company, and of the other one's says only that there is one."""
    await box.person("U0ANNA").say("Ours", files=[("a.png", PNG)])
    await box.person("U0GITA").say("Theirs", files=[("b.png", PNG)])
    ours, theirs = heard(box, "file_share")
    assert (ours["files"][0]["name"], ours["files"][0]["size"]) == ("a.png", len(PNG))
    assert theirs["files"][0]["file_access"] == "check_file_info"
    assert "name" not in theirs["files"][0]
    assert "url_private" not in theirs["files"][0]


async def test_a_broadcast_is_a_reply(box: Sandbox, app: object) -> None:
    """A reply sent to the channel, too, comes as `thread_broadcast` with its thread."""
    gita = box.person("U0GITA")
    parent = await gita.say("Thread")
    await gita.say("For all", thread=parent, broadcast=True)
    (event,) = heard(box, "thread_broadcast")
    assert event["thread_ts"] == parent.ts


async def test_the_app_hears_of_deleted_files(box: Sandbox, app: object, manifest: dict[str, Any]) -> None:
    """`file_deleted` names the file, where it is subscribed to."""
    subscribed = manifest["settings"]["event_subscriptions"]["bot_events"]
    events = {"event_subscriptions": {"bot_events": [*subscribed, "file_deleted"]}}
    box.use_manifest({**manifest, "settings": {**manifest["settings"], **events}})
    gita = box.person("U0GITA")
    said = await gita.say("See", files=[("a.png", PNG)])
    file_id = said.files[0]["id"]
    await gita.delete_file(file_id)
    assert box.connect_events()[-1].body["event"] | {"event_ts": ""} == {
        "type": "file_deleted",
        "file_id": file_id,
        "event_ts": "",
    }
    assert gita.files(said) == []


async def test_the_page_shares_changes_and_deletes(box: Sandbox, app: object) -> None:
    """The page's acts do the same: files in base64, texts, deletions."""
    page = box._page
    given = {
        "do": "say",
        "as": "U0GITA",
        "in": "C0SHARED",
        "text": "See",
        "files": [{"name": "a.png", "content": "aGk="}],
    }
    await page._do(given)
    said = box.person("U0GITA").messages()[-1]
    assert [file.content for file in box.person("U0GITA").files(said)] == [b"hi"]
    await page._do({"do": "edit", "as": "U0GITA", "in": "C0SHARED", "ts": said.ts, "text": "Seen"})
    assert said.words == "Seen"
    await page._do({"do": "delete", "as": "U0GITA", "in": "C0SHARED", "ts": said.ts})
    assert said not in box.person("U0GITA").messages()
    with pytest.raises(CannotDo):
        await page._do({"do": "delete", "as": "U0GITA", "in": "C0SHARED", "ts": said.ts})
