"""Files of tests and of results: what their rows say, every fault at once, and nothing half-loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any

from quality import criteria, result
from quality.criteria import NAMES, TestForm
from quality.people import Actor
from quality.refusal import FieldErrors
from quality.result import Held, ResultForm
from quality.tabular import Column, Line, Table
from storage.record import LONGEST_LOT, Record, lot_key
from storage.specification import Specification, SpecificationTest

YES, NO = ("yes", "y", "true", "1", "inclusive"), ("no", "n", "false", "0", "exclusive")
DAY_STARTS = time(0)
TEST_COLUMNS: Mapping[str, Column] = MappingProxyType(
    {
        "test": Column("Test", required=True, also=("Name",)),
        "category": Column("Test category", also=("Category",)),
        "method": Column("Method"),
        "lower": Column("Lower limit", is_number=True, also=("Lower",)),
        "lower_inclusive": Column("Lower inclusive"),
        "upper": Column("Upper limit", is_number=True, also=("Upper",)),
        "upper_inclusive": Column("Upper inclusive"),
        "criterion": Column("Text criterion", also=("Criterion",)),
        "unit": Column("Unit"),
        "decimals": Column("Decimals"),
        "alert_lower": Column("Lower alert limit", is_number=True, also=("Alert lower",)),
        "alert_upper": Column("Upper alert limit", is_number=True, also=("Alert upper",)),
        "action_lower": Column("Lower action limit", is_number=True, also=("Action lower",)),
        "action_upper": Column("Upper action limit", is_number=True, also=("Action upper",)),
        "quantitation": Column("Quantitation limit", is_number=True, also=("LOQ",)),
    }
)
RESULT_COLUMNS: Mapping[str, Column] = MappingProxyType(
    {
        "lot": Column("Batch or lot", required=True, also=("Lot", "Batch")),
        "test": Column("Test", required=True),
        "result": Column("Result", required=True, is_number=True),
        "unit": Column("Unit"),
        "analysed_at": Column("Analysed at", is_moment=True, also=("Analysed",)),
        "analyst": Column("Analyst"),
        "time_point": Column("Time point"),
    }
)
TEST_EXAMPLES = (
    ("Assay", "Assay or potency", "HPLC-01", "95.0", "", "105.0", "", "", "%", "1", "97.0", "103.0", "", "", ""),
    ("Impurity A", "Purity or impurity", "HPLC-02", "", "", "0.20", "", "", "%", "2", "", "", "", "0.15", "0.02"),
    ("Microbial count", "Other", "MIC-01", "", "", "100", "No", "", "CFU/g", "0", "", "", "", "", ""),
    ("Appearance", "Identity", "VIS-01", "", "", "", "", "White, round tablets", "", "", "", "", "", "", ""),
)
RESULT_EXAMPLES = (
    ("AB-1001", "Assay", "99.6", "%", "2026-11-24 09:30", "G. Rao", ""),
    ("AB-1001", "Impurity A", "<0.02", "%", "2026-11-24", "G. Rao", ""),
    ("AB-1001", "Appearance", "Complies", "", "2026-11-24", "G. Rao", ""),
)
LENGTHS = {"lot": LONGEST_LOT, "result": 150, "unit": 40, "analyst": 150, "time_point": 40}


@dataclass(frozen=True)
class Given:
    """What the form said for rows of results that do not say it themselves."""

    specification_id: int
    analysed_at: datetime | None = None
    analyst: str = ""


def tests(table: Table, there: Sequence[SpecificationTest]) -> tuple[list[TestForm], list[str]]:
    """Read the tests of a file, for a specification that has some already; gives them and all faults."""
    faults, forms = list(table.faults), list[TestForm]()
    first = {lot_key(one.test): 0 for one in there}
    for line in table.lines:
        form, wrong = _test(line)
        wrong |= {field: says for field, says in criteria.faults(form).items() if field not in wrong}
        key = lot_key(form.test)
        if key and key in first:
            where = f"line {first[key]}" if first[key] else "the specification"
            wrong.setdefault("test", f"{form.test} is named in {where} already. Give it a name of its own.")
        first.setdefault(key, line.number)
        faults += [_at(line, NAMES.get(field, field), says) for field, says in wrong.items()]
        forms.append(form)
    return forms, sorted(faults, key=_line_of)


def _test(line: Line) -> tuple[TestForm, dict[str, str]]:
    wrong: dict[str, str] = {}
    told: dict[str, Any] = {name: line.get(name) for name in NAMES if name != "decimals"}
    told |= {name: _flag(line, name, wrong) for name in ("lower_inclusive", "upper_inclusive")}
    decimals = line.get("decimals")
    if decimals and not (decimals.isascii() and decimals.isdecimal()):
        wrong["decimals"] = f"“{decimals}” is not a whole number."
        decimals = ""
    return TestForm(**told, decimals=int(decimals[:6]) if decimals else None), wrong


def _flag(line: Line, name: str, wrong: dict[str, str]) -> bool:
    word = line.get(name).casefold()
    if word and word not in YES + NO:
        wrong[name] = f"“{line.get(name)}” is neither Yes nor No."
    return word not in NO


def results(
    name: str, table: Table, given: Given, actor: Actor, record: Record, details: Specification,
    specified: Sequence[SpecificationTest], now: datetime,
) -> tuple[list[Held], list[str]]:  # fmt: skip
    """Read and judge the results of a file against a specification; gives them and all faults."""
    faults, held, untold = list(table.faults), list[Held](), list[Line]()
    first: dict[tuple[str, ...], int] = {}
    for line in table.lines:
        long = [field for field, most in LENGTHS.items() if len(line.get(field)) > most]
        if long:
            faults += [
                _at(line, RESULT_COLUMNS[one].heading, f"longer than {LENGTHS[one]} characters.") for one in long
            ]
            continue
        if not line.get("analysed_at") and given.analysed_at is None:
            untold.append(line)
        try:
            form = _result(line, name, given, actor, now)
            held_one = result.against(actor, form, record, details, specified, now)
        except FieldErrors as errors:
            if all(line.get(column) for column in ("lot", "test", "result")):  # else that is told already
                faults += [_at(line, _heading(field), says) for field, says in errors.errors.items()]
            continue
        key = (lot_key(form.lot), held_one.test.test_key, form.time_point)
        if key in first:
            says = f"line {first[key]} has a result of this test and batch already. Leave one of them out."
            faults.append(_at(line, "Test", says))
        first.setdefault(key, line.number)
        held.append(held_one)
    if untold:
        more = f" and {len(untold) - 1} more" if len(untold) > 1 else ""
        faults.append(f"Line {untold[0].number}{more}, Analysed at: is empty, and the form gave no time for all.")
    return held, sorted(faults, key=_line_of)


def _line_of(fault: str) -> int:
    """Give the line that a fault is about, to tell them in order."""
    word = fault.removeprefix("Line ").partition(" ")[0].rstrip(",:")
    return int(word) if word.isdecimal() else 0


def _heading(field: str) -> str:
    return RESULT_COLUMNS[field].heading if field in RESULT_COLUMNS else "Specification"


def _result(line: Line, name: str, given: Given, actor: Actor, now: datetime) -> ResultForm:
    return ResultForm(
        specification_id=given.specification_id,
        test=line.get("test"),
        lot=line.get("lot"),
        reported=line.get("result"),
        analysed_at=_moment(line.get("analysed_at"), actor) or given.analysed_at or now,
        unit=line.get("unit"),
        analyst=line.get("analyst") or given.analyst,
        time_point=line.get("time_point"),
        source=f"{name[:150]}, line {line.number}",
    )


def _moment(text: str, actor: Actor) -> datetime | None:
    """Read when a result was obtained, where the partnership is; FieldErrors for what is no ISO date."""
    if not text:
        return None
    try:
        if len(text) == len("2026-11-24"):
            return actor.calendar.at(date.fromisoformat(text), DAY_STARTS)
        found = datetime.fromisoformat(text)
    except ValueError:
        raise FieldErrors({"analysed_at": f"“{text}” is no date. Write 2026-11-24, or 2026-11-24 13:30."}) from None
    return found if found.tzinfo else found.replace(tzinfo=actor.calendar.zone)


def _at(line: Line, heading: str, says: str) -> str:
    return f"Line {line.number}, {heading}: {says}"
