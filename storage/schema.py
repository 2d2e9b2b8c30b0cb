"""Every table, gathered in one metadata."""

from storage import (
    capa,
    clock,
    deviation,
    journal,
    message,
    oos,
    outbox,
    partnership,
    person,
    receipt,
    record,
    sequence,
)
from storage.table import Table

TABLES = (
    partnership.Partnership,
    partnership.Company,
    person.Person,
    record.Record,
    record.RecordBatch,
    record.RecordLink,
    deviation.Deviation,
    oos.Oos,
    capa.Capa,
    clock.Clock,
    sequence.Sequence,
    journal.JournalEntry,
    journal.JournalHead,
    outbox.Outgoing,
    message.Message,
    receipt.Receipt,
)
METADATA = Table.metadata
