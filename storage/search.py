"""Full text search over records, by the database's own index (SQLite FTS5).

The partnership stands in the index as a word of its own, so a search never walks another partnership's text.
"""

import re
from collections.abc import Sequence

from sqlalchemy import text
from sqlmodel import Session

WORD = re.compile(r"\w+", re.UNICODE)
MOST_WORDS = 12


def add(session: Session, partnership_id: int, record_id: int, content: str) -> None:
    """Put a record's text into the index."""
    statement = text("INSERT INTO record_text (rowid, partnership, content) VALUES (:id, :partnership, :content)")
    session.connection().execute(statement, {"id": record_id, "partnership": _word(partnership_id), "content": content})


def find(session: Session, partnership_id: int, words: str, limit: int, offset: int = 0) -> list[int]:
    """Find the ids of the records that hold every word (or a word that starts so), newest first."""
    terms = WORD.findall(words)[:MOST_WORDS]
    if not terms:
        return []
    # Quoted, a term is only ever a string to FTS5, never an operator.
    query = f"partnership : {_word(partnership_id)} AND content : (" + " AND ".join(f'"{t}"*' for t in terms) + ")"
    statement = text(
        "SELECT rowid FROM record_text WHERE record_text MATCH :query ORDER BY rowid DESC LIMIT :limit OFFSET :offset"
    )
    found = session.connection().execute(statement, {"query": query, "limit": limit, "offset": offset})
    return list(found.scalars())


def find_any(session: Session, partnership_id: int, terms: Sequence[str], limit: int) -> list[int]:
    """Find the ids of the newest records that hold any of the words."""
    words = [word for term in terms for word in WORD.findall(term)]
    if not words:
        return []
    query = f"partnership : {_word(partnership_id)} AND content : (" + " OR ".join(f'"{w}"' for w in words) + ")"
    statement = text("SELECT rowid FROM record_text WHERE record_text MATCH :query ORDER BY rowid DESC LIMIT :limit")
    return list(session.connection().execute(statement, {"query": query, "limit": limit}).scalars())


def _word(partnership_id: int) -> str:
    return f"p{partnership_id}"
