"""The scope of a session: from the moment it acts for a partnership, it sees and changes that one's rows alone.

Two walls stand behind each other. Every statement of the ORM gets the partnership as a condition, here; and on
PostgreSQL row-level security keeps all else that reaches the server within it. Work of the bot itself, which is about
everybody, has no scope: what is due, what is to be said, whose Home a person opens.
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, event, inspect, text
from sqlalchemy.orm import LoaderCriteriaOption, Mapper, ORMExecuteState, SessionTransaction, with_loader_criteria
from sqlmodel import Session

from storage import driver, prepared
from storage.partnership import Partnership

SCOPE = "partnership_id"
SETTING = "qualbridge.partnership"  # by which the policies of PostgreSQL know it
TELL = text("SELECT set_config(:setting, :value, true)")
NOBODYS = f"SET LOCAL {SETTING} = ''"
# A person's signing device is theirs in every partnership.
EVERYWHERE = frozenset({"signing_device"})


def enter(session: Session, partnership_id: int) -> None:
    """Keep a session within a partnership from now on."""
    session.info[SCOPE] = partnership_id
    _tell_server(session, str(partnership_id))


def leave(session: Session) -> None:
    """Let a session out again, to look for another partnership."""
    if session.info.pop(SCOPE, None) is not None:
        _tell_server(session, "")


def begin_anew(connection: Connection) -> None:
    """Forget, in a transaction of several people's work, the scope of what was done before: it is the server's too."""
    if connection.dialect.name == "postgresql":
        driver.order(connection, NOBODYS)


def _tell_server(session: Session, value: str) -> None:
    if session.connection().dialect.name == "postgresql":
        prepared.write(session, TELL, {"setting": SETTING, "value": value})


@event.listens_for(Session, "after_transaction_create")
def _remember(session: Session, begun: SessionTransaction) -> None:
    if begun.nested:
        session.info[begun] = session.info.get(SCOPE)


@event.listens_for(Session, "after_soft_rollback")
def _go_back(session: Session, ended: SessionTransaction) -> None:
    # With a savepoint the server goes back to the scope that it was told before; so does the session.
    if ended.nested:
        session.info[SCOPE] = session.info.pop(ended, None)


@event.listens_for(Session, "do_orm_execute")
def _stay_within(state: ORMExecuteState) -> None:
    partnership_id = state.session.info.get(SCOPE)
    if partnership_id is None or state.is_insert or state.is_column_load:
        return
    within = _once_within if state.execution_options.get("made_once") else _within
    state.statement = within(state.statement, tuple(state.all_mappers), partnership_id)


def _within(statement: Any, asked: tuple[Mapper[Any], ...], partnership_id: int) -> Any:
    # A statement that asks for no entity, such as a count, names none: then each table is looked for.
    mappers = asked or inspect(Partnership).registry.mappers
    found = (_condition(mapper, partnership_id) for mapper in mappers)
    return statement.options(*(condition for condition in found if condition is not None))


_once_within = lru_cache(1024)(_within)  # with its key by which SQLAlchemy knows it compiled


@lru_cache(4096)  # it is asked for with each statement, and to make one costs more than the asking
def _condition(mapper: Mapper[Any], partnership_id: int) -> LoaderCriteriaOption | None:
    table = mapper.class_
    if table is Partnership:
        return with_loader_criteria(table, table.id == partnership_id)
    if SCOPE not in mapper.columns or table.__tablename__ in EVERYWHERE:
        return None
    # A wall, not a way to find rows: as a sum it keeps engines from finding them by it instead of what is asked for.
    return with_loader_criteria(table, getattr(table, SCOPE) + 0 == partnership_id)
