"""A local Slack of two companies that plays Slack's side of the wire for one app; it knows nothing of the app."""

from sandbox.acts import CannotDo
from sandbox.cast import Cast
from sandbox.driver import Driver
from sandbox.line import Delivery, NotAcknowledged
from sandbox.server import Sandbox
from sandbox.setups import SETUPS, cast_of, example_cast
from sandbox.world import Message, View

__all__ = [
    "SETUPS",
    "CannotDo",
    "Cast",
    "Delivery",
    "Driver",
    "Message",
    "NotAcknowledged",
    "Sandbox",
    "View",
    "cast_of",
    "example_cast",
]
