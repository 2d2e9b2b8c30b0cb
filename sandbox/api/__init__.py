"""The Web API's methods by family; importing a family enters its methods into the registry."""

from sandbox.api import apps, auth, chat, conversations, files, history, people, pins, views
from sandbox.api.registry import answer

__all__ = ["answer", "apps", "auth", "chat", "conversations", "files", "history", "people", "pins", "views"]
