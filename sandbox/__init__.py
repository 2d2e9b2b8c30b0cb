"""A local Slack of two companies that plays Slack's side of the wire for one app; it knows nothing of the app."""

from sandbox.acts import CannotDo
from sandbox.cast import Cast, example_cast
from sandbox.driver import Driver
from sandbox.line import Delivery, NotAcknowledged
from sandbox.server import Sandbox
from sandbox.world import Message, View

__all__ = ["CannotDo", "Cast", "Delivery", "Driver", "Message", "NotAcknowledged", "Sandbox", "View", "example_cast"]
