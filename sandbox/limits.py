"""Stub, replaced below."""

import json


def message_problems(content: dict) -> list[str]:
    return []


def view_problems(view: dict) -> list[str]:
    return []


def too_much_text(blocks: list) -> bool:
    return False


def size(v: object) -> int:
    return len(json.dumps(v))


def suggestion_problems(a: dict) -> list[str]:
    return []
