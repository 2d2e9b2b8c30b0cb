"""Full text search over records, by the database's own index: FTS5 of SQLite, tsvector of PostgreSQL.

The partnership stands in the index, with SQLite as a word of its own and with PostgreSQL before each word, so a
search never walks another partnership's text.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from sqlalchemy import text
from sqlmodel import Session

from storage import prepared

WORD = re.compile(r"[^\W_]+", re.UNICODE)
ACCENT = re.compile("[\u0300-\u036f]")
MOST_WORDS = 12
LONGEST = 500  # characters of a word: PostgreSQL takes 2046 bytes, the partnership included

FTS5_ADD = text("INSERT INTO record_text (rowid, partnership, content) VALUES (:id, :partnership, :content)")
FTS5_FIND = (
    "SELECT rowid FROM record_text WHERE record_text MATCH :query ORDER BY rowid DESC LIMIT :limit OFFSET :offset"
)
# Of words as they are: PostgreSQL's own parser takes 2026-0001 for two numbers, the second of them negative.
TSVECTOR_ADD = text("INSERT INTO record_text (record_id, words) VALUES (:id, array_to_tsvector(:words))")
# Materialized, for the planner might walk everybody's newest records until enough of them match.
TSVECTOR_FIND = (
    "WITH found AS MATERIALIZED (SELECT record_id FROM record_text WHERE words @@ CAST(:query AS tsquery)) "
    "SELECT record_id FROM found ORDER BY record_id DESC LIMIT :limit OFFSET :offset"
)


def add(session: Session, partnership_id: int, record_id: int, content: str) -> None:
    """Put a record's text into the index."""
    if _has_fts5(session):
        row = {"id": record_id, "partnership": f"p{partnership_id}", "content": content}
        prepared.write(session, FTS5_ADD, row)
    else:
        words = sorted({f"{partnership_id}:{word}" for word in _plain_words(content)})
        prepared.write(session, TSVECTOR_ADD, {"id": record_id, "words": words})


def replace(session: Session, partnership_id: int, record_id: int, content: str) -> None:
    """Put a record's present text into the index, in place of what it said before."""
    key = "rowid" if _has_fts5(session) else "record_id"
    session.connection().execute(text(f"DELETE FROM record_text WHERE {key} = :id"), {"id": record_id})  # noqa: S608 - ours
    add(session, partnership_id, record_id, content)


def find(session: Session, partnership_id: int, words: str, limit: int, offset: int = 0) -> list[int]:
    """Find the ids of the records that hold every word (or a word that starts so), newest first."""
    terms = _words(words)[:MOST_WORDS]
    if _has_fts5(session):
        return _by_fts5(session, partnership_id, " AND ".join(f'"{term}"*' for term in terms), limit, offset)
    lexemes = (f"'{partnership_id}:{word}':*" for word in _plain_words(" ".join(terms)))
    return _found(session, TSVECTOR_FIND, " & ".join(lexemes), limit, offset)


def find_any(session: Session, partnership_id: int, terms: Sequence[str], limit: int) -> list[int]:
    """Find the ids of the newest records that hold any of the words."""
    words = _words(" ".join(terms))
    if _has_fts5(session):
        return _by_fts5(session, partnership_id, " OR ".join(f'"{word}"' for word in words), limit)
    lexemes = (f"'{partnership_id}:{word}'" for word in _plain_words(" ".join(words)))
    return _found(session, TSVECTOR_FIND, " | ".join(lexemes), limit)


def every(session: Session) -> Iterator[tuple[int, int, str]]:
    """Give what stands in the index, record by record: its id, its partnership, and what it is found by."""
    if _has_fts5(session):
        rows = session.connection().execute(text("SELECT rowid, partnership, content FROM record_text ORDER BY rowid"))
        for record_id, partnership, content in rows:
            yield record_id, int(partnership.removeprefix("p")), content
        return
    words = text("SELECT record_id, tsvector_to_array(words) FROM record_text ORDER BY record_id")
    for record_id, found in session.connection().execute(words):
        yield record_id, int(found[0].partition(":")[0]), " ".join(word.partition(":")[2] for word in found)


def _has_fts5(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _words(content: str) -> list[str]:
    # Composed, a letter and its accent are not parted.
    return WORD.findall(unicodedata.normalize("NFC", content))


def _plain_words(content: str) -> list[str]:
    """Give words as FTS5 keeps them by itself: without case and accents."""
    bare = ACCENT.sub("", unicodedata.normalize("NFD", content.casefold()))
    return [word[:LONGEST] for word in _words(bare)]


def _by_fts5(session: Session, partnership_id: int, words: str, limit: int, offset: int = 0) -> list[int]:
    # Quoted, a word is only ever a string to FTS5, never an operator; so it is to PostgreSQL.
    query = words and f"partnership : p{partnership_id} AND content : ({words})"
    return _found(session, FTS5_FIND, query, limit, offset)


def _found(session: Session, statement: str, query: str, limit: int, offset: int = 0) -> list[int]:
    if not query:
        return []
    found = session.connection().execute(text(statement), {"query": query, "limit": limit, "offset": offset})
    return list(found.scalars())
