"""What the words after a record command mean: help, a list, a record's number, or what only that command knows."""

import re
from collections.abc import Awaitable, Callable, Mapping

from handlers import lists, record
from handlers.call import Call
from handlers.listeners import Handler
from quality.record import PREFIX
from storage.record import Kind

NUMBER = re.compile(rf"({'|'.join(PREFIX.values())})-\d{{4}}-\d+", re.IGNORECASE)

Otherwise = Callable[[Call, str], Awaitable[None]]


def record_command(kind: Kind, usage: str, otherwise: Otherwise) -> Handler:
    """Give the handler of a record command; otherwise gets what is neither help, list nor number."""

    async def on_command(call: Call) -> None:
        first, _, rest = call.text.partition(" ")
        if first.lower() == "help" and not rest:
            await call.answer(usage)
        elif first.lower() == "list":
            await lists.show(call, lists.parse(kind, rest))
        elif NUMBER.fullmatch(call.text):
            await record.show(call, call.text)
        else:
            await otherwise(call, call.text)

    return on_command


def usage(title: str, lines: Mapping[str, str]) -> str:
    """Write a command's help."""
    return "\n".join([f"*{title}*", *(f"• `{example}` {does}" for example, does in lines.items())])
