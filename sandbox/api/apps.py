"""apps.*: the door to Socket Mode."""

from sandbox.api.registry import Call, method
from sandbox.elements import Json


@method("apps.connections.open", holder="app")
def open_connection(call: Call) -> Json:
    """Return a WebSocket address good for one connection."""
    return {"url": call.tickets()}
