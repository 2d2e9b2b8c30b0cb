"""views.*: modals by trigger, their updates, and home tabs."""

import time

from sandbox import limits, wire
from sandbox.api.registry import Call, invalid_arguments, method
from sandbox.elements import Json
from sandbox.refused import Refused
from sandbox.world import Trigger, View, World

STACK = 3
_BIGGEST_VIEW = 250_000


@method("views.open")
def open_view(call: Call) -> Json:
    """Open a modal on the screen of whoever pulled the trigger."""
    body = _body(call, "modal")
    trigger = _trigger(call)
    return {"view": wire.view(call.world, call.world.open_view(trigger.person, body, call.installation))}


@method("views.push")
def push(call: Call) -> Json:
    """Open a modal on top of the one the trigger came from."""
    body = _body(call, "modal")
    trigger = _trigger(call)
    if trigger.view is None or not call.world.stacks[trigger.person]:
        raise Refused("invalid_trigger_id")
    if len(call.world.stacks[trigger.person]) >= STACK:
        raise Refused("push_limit_reached")
    return {"view": wire.view(call.world, call.world.push(trigger.person, body, call.installation))}


@method("views.update")
def update(call: Call) -> Json:
    """Show another body in an open view, if nobody changed it since `hash`."""
    body = _body(call)
    view = _find(call)
    if call.get("hash") not in (None, "", view.hash):
        raise Refused("hash_conflict")
    if body["type"] != view.body["type"]:
        raise invalid_arguments(["cannot change the type of a view [json-pointer:/view/type]"])
    view.show(body)
    call.world.changed()
    return {"view": wire.view(call.world, view)}


@method("views.publish")
def publish(call: Call) -> Json:
    """Put the home tab on a person's screen."""
    if not call.world.manifest.has_home:
        raise Refused("not_enabled")
    body = _body(call, "home")
    person = call.person("user_id")
    if call.world.installations.of_team(person.team) is not call.installation:
        # Another company's person sees the Home of their own installation only; Slack's word is not documented.
        raise Refused("user_not_found")
    old = _home_of(call, person.id)
    if old and call.get("hash") not in (None, "", old.hash):
        raise Refused("hash_conflict")
    view = old or call.world.new_view(person.id, body, call.installation)
    call.world.homes[person.id] = view
    view.show(body)
    call.world.changed()
    return {"view": wire.view(call.world, view)}


def _home_of(call: Call, user_id: str) -> View | None:
    """Return the Home tab this installation put before the person; another's is not its to replace."""
    home = call.world.homes.get(user_id)
    return home if home and home.installation is call.installation else None


def refusal(world: World, view: object, *, replaces: View | None = None) -> Refused | None:
    """Return why Slack would not show this body, or None."""
    if not isinstance(view, dict):
        return invalid_arguments(["must provide an object [json-pointer:/view]"])
    if limits.size(view) > _BIGGEST_VIEW:
        return Refused("view_too_large")
    if problems := limits.view_problems(view):
        return invalid_arguments(["failed to match all allowed schemas [json-pointer:/view]", *problems])
    if _taken(world, view.get("external_id"), replaces):
        return Refused("duplicate_external_id")
    return None


def _taken(world: World, external_id: object, replaces: View | None) -> bool:
    return bool(external_id) and any(
        view is not replaces and view.body.get("external_id") == external_id for view in world.open_views()
    )


def _body(call: Call, kind: str | None = None) -> Json:
    body = call.need("view")
    replaces = _find(call) if call.method == "views.update" else None
    if kind == "home":
        replaces = _home_of(call, str(call.get("user_id")))
    if refused := refusal(call.world, body, replaces=replaces):
        raise refused
    if kind and body["type"] != kind:
        raise invalid_arguments([f"must be a view of type {kind} [json-pointer:/view/type]"])
    checked: Json = body
    return checked


def _find(call: Call) -> View:
    wanted = call.get("view_id"), call.get("external_id")
    for view in call.world.open_views():
        if view.installation is not call.installation:
            continue
        if view.id == wanted[0] or (wanted[1] and view.body.get("external_id") == wanted[1]):
            return view
    raise Refused("not_found")


def _trigger(call: Call) -> Trigger:
    trigger = call.world.triggers.get(str(call.get("trigger_id") or call.get("interactivity_pointer")))
    if trigger is None or trigger.installation is not call.installation:
        raise Refused("invalid_trigger_id")
    if trigger.used:
        raise Refused("exchanged_trigger_id")
    if time.monotonic() > trigger.expires:
        raise Refused("expired_trigger_id")
    trigger.used = True
    return trigger
