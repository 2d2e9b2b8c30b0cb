"""The Web API's methods by family; importing a family enters its methods into the registry."""

from sandbox.api import apps, chat, conversations, files, history, people, pins, views
from sandbox.api.registry import Refused, answer

__all__ = ["Refused", "answer", "apps", "chat", "conversations", "files", "history", "people", "pins", "views"]
