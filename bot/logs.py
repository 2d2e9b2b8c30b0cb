"""The log on standard error: what happened, with the request it belongs to; ids, never a record's text or a secret."""

import logging

from pythonjsonlogger.json import JsonFormatter

from handlers.request import REQUEST

TEXT = "%(asctime)s %(levelname)s %(name)s [%(request)s]: %(message)s"
FIELDS = ("timestamp", "levelname", "name", "request", "message")
# Below INFO they log whole payloads: tokens, records, keys of devices.
TALKATIVE = ("slack_sdk", "slack_bolt")


class _OfRequest(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request = REQUEST.get()
        return True


def begin(level: str, *, as_json: bool = False) -> None:
    """Write the log from now on, as lines of text or of JSON."""
    handler = logging.StreamHandler()
    handler.addFilter(_OfRequest())
    handler.setFormatter(JsonFormatter(FIELDS, timestamp=True) if as_json else logging.Formatter(TEXT))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.getLevelNamesMapping()[level], logging.INFO))
    for name in ("apscheduler", "alembic"):
        logging.getLogger(name).setLevel("WARNING")
