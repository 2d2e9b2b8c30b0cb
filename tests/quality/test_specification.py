"""Specifications are proposed by one company and effective when QA of both signed, version after version."""

from dataclasses import replace
from datetime import date

import pytest
from sqlmodel import Session

from quality import record as records
from quality import request, signature, specification
from quality.criteria import TestForm
from quality.specification import MOST_TESTS, SpecificationForm
from storage import search
from storage import specification as kept
from storage.partnership import Partnership
from storage.person import Role
from storage.record import Asked, Record, State
from tests import support
from tests.support import ANNA, APPEARANCE, ASSAY, BEN, DAY, ELIF, FINN, GITA, IMPURITY, NOW, actor, ref

FORM = SpecificationForm(product="Tablet 10 mg", sample_type="Finished product", effective_on=NOW.date())
NEXT_WEEK = date(2026, 12, 1)


@pytest.fixture(autouse=True)
def there(session: Session) -> Partnership:
    """Set a partnership up."""
    return support.set_up(session)


def details(session: Session, record: Record) -> kept.Specification:
    return kept.get(session, record.id)


def test_both_companies_qa_make_it_effective(session: Session) -> None:
    """In either order; it is in force from its day on, and nothing of it is left to do."""
    record = support.propose(session)
    assert (record.number, record.state, details(session, record).version) == ("SPEC-2026-0001", State.PROPOSED, 1)
    assert (record.awaits_cmo, record.awaits_sponsor) == (True, True)
    support.sign(session, ANNA, record)
    assert (record.state, record.awaits_cmo, record.awaits_sponsor) == (State.PROPOSED, True, False)
    support.sign(session, ELIF, record)
    assert (record.state, record.is_open, details(session, record).in_force_from) == (
        State.EFFECTIVE, False, NOW.date(),
    )  # fmt: skip
    assert support.events(session, record) == [
        f"specification.{event}" for event in ("logged", "tests_added", "approved", "effective")
    ]


def test_who_proposes_does_not_sign(session: Session) -> None:
    """Nor do two people of one company."""
    record = support.propose(session, ELIF)
    assert "never the owner, nor who worked on it" in support.sign_refused(session, ELIF, record)
    support.sign(session, FINN, record)
    support.sign_refused(session, FINN, record)
    assert record.state is State.PROPOSED


def test_who_adds_a_test_does_not_sign_either(session: Session) -> None:
    """It is their work as well."""
    record = support.propose(session)
    specification.add_test(session, actor(session, ANNA), ref(record), APPEARANCE, NOW)
    support.sign_refused(session, ANNA, record)
    support.sign(session, BEN, record)


def test_viewers_do_not_propose(session: Session) -> None:
    """They only read."""
    support.give_roles(session, GITA, Role.VIEWER)
    assert "Only QA or member" in support.refused(session, specification.propose, actor(session, GITA), FORM, NOW)


def test_nothing_is_signed_without_a_test(session: Session) -> None:
    """And nobody is asked to."""
    record = support.propose(session, tests=())
    assert not record.awaits_cmo
    assert "has no test yet" in support.sign_refused(session, ELIF, record)


def test_a_change_voids_the_signatures(session: Session) -> None:
    """Each test is part of what is signed: one more, or one less."""
    record = support.sign(session, ELIF, support.propose(session))
    specification.add_test(session, actor(session, GITA), ref(record), APPEARANCE, NOW)
    assert record.awaits_cmo
    support.sign(session, ELIF, record)
    gone = kept.list_tests(session, record.id)[0]
    specification.remove_test(session, actor(session, GITA), ref(record), gone.id, "Twice.", NOW)
    assert record.awaits_cmo
    assert [one.test for one in support.sheet_of(session, record).tests] == ["Impurity A", "Appearance"]
    voided = [one for one in support.sheet_of(session, record).signatures if not one.counts]
    assert len(voided) == 2
    entry = support.last_entry(session).content
    assert (entry["reason"], entry["changes"]["test"]) == ("Twice.", [None, "Assay"])


def test_what_was_signed_stands_while_it_is_superseded(session: Session) -> None:
    """The signatures of a version count for ever: none of what follows from them is part of what was signed."""
    first = support.effective(session)
    support.effective(session)
    assert first.state is State.SUPERSEDED
    assert all(one.counts for one in support.sheet_of(session, first).signatures)
    assert list(filter(None, signature.verify(session))) == []


def test_the_next_version_takes_its_place_at_its_day(session: Session) -> None:
    """Until then the earlier one is in force; at its day the pass over what is due supersedes it, once."""
    first = support.effective(session)
    second = support.effective(session, effective_on=NEXT_WEEK)
    assert (first.state, details(session, first).in_force_until) == (State.EFFECTIVE, NEXT_WEEK)
    assert (details(session, second).version, details(session, second).in_force_from) == (2, NEXT_WEEK)
    specification.retire_due(session, NOW + 6 * DAY, 10)
    assert first.state is State.EFFECTIVE
    specification.retire_due(session, NOW + 7 * DAY, 10)
    specification.retire_due(session, NOW + 7 * DAY, 10)
    assert first.state is State.SUPERSEDED
    assert support.events(session, first)[-2:] == ["specification.succeeded", "specification.superseded"]
    assert support.entries(session, first)[-1].content["by"]["name"] == "QualBridge"


def test_a_day_begins_where_the_partnership_is(session: Session) -> None:
    """Not in UTC: in Berlin it is the first of December an hour earlier."""
    first = support.effective(session)
    support.effective(session, effective_on=NEXT_WEEK)
    before = NOW.replace(day=30, hour=22, minute=59)
    specification.retire_due(session, before, 10)
    assert first.state is State.EFFECTIVE
    specification.retire_due(session, before.replace(hour=23, minute=0), 10)
    assert first.state is State.SUPERSEDED


def test_signed_late_it_is_in_force_from_the_last_signature(session: Session) -> None:
    """Nothing is in force before both companies agreed; what was proposed stays as it was signed."""
    record = support.propose(session)
    later = NOW + 3 * DAY
    support.sign(session, ANNA, support.sign(session, ELIF, record, now=later), now=later)
    found = details(session, record)
    assert (found.effective_on, found.in_force_from) == (NOW.date(), later.date())


def test_one_version_is_proposed_at_a_time(session: Session) -> None:
    """Of a product and a type of sample; others beside it."""
    record = support.propose(session)
    errors = support.field_errors(session, specification.propose, actor(session, ANNA), FORM, NOW)
    assert record.number in errors["product"]
    support.propose(session, sample_type="Stability")
    support.propose(session, product="Syrup")


def test_versions_are_counted_and_never_used_again(session: Session) -> None:
    """A void one keeps its number."""
    record = support.propose(session)
    request.void(session, actor(session, ELIF), ref(record), "Wrong.", NOW)
    assert details(session, support.propose(session)).version == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sample_type": "Soup"}, "sample_type"),
        ({"effective_on": date(2026, 11, 23)}, "effective_on"),
        ({"effective_on": date(2033, 1, 1)}, "effective_on"),
    ],
)
def test_faults_stand_at_their_fields(session: Session, changes: dict[str, object], field: str) -> None:
    """A type of sample that is none, a day that is past or far ahead."""
    form = replace(FORM, **changes)
    assert field in support.field_errors(session, specification.propose, actor(session, GITA), form, NOW)


def test_a_version_is_not_in_force_before_the_one_it_follows(session: Session) -> None:
    """Its day is that one's or later."""
    support.effective(session, effective_on=NEXT_WEEK)
    errors = support.field_errors(session, specification.propose, actor(session, GITA), FORM, NOW)
    assert "SPEC-2026-0001 (version 1) is in force from Tue 1 Dec 2026" in errors["effective_on"]


def test_tests_have_names_of_their_own(session: Session) -> None:
    """Without regard to case; and there are at most so many."""
    record = support.propose(session)
    twice = replace(APPEARANCE, test="ASSAY")
    by = actor(session, GITA)
    assert "already" in support.field_errors(session, specification.add_test, by, ref(record), twice, NOW)["test"]
    many = [TestForm(f"Test {number}", lower="1") for number in range(MOST_TESTS - 1)]
    errors = support.field_errors(session, specification.add_tests, by, ref(record), many, "a.csv", NOW)
    assert f"{MOST_TESTS} is the most" in errors["test"]
    specification.add_tests(session, by, ref(record), many[1:], "tests.csv", NOW)
    assert support.last_entry(session).content["changes"]["file"] == [None, "tests.csv"]


def test_tests_taken_out_are_gone_for_good(session: Session) -> None:
    """Taking one out twice is told."""
    record = support.propose(session)
    gone = kept.list_tests(session, record.id)[0].id
    by = actor(session, GITA)
    specification.remove_test(session, by, ref(record), gone, "Twice.", NOW)
    errors = support.field_errors(session, specification.remove_test, by, ref(record), gone, "Twice.", NOW)
    assert "not in it any more" in errors["test"]
    specification.add_test(session, by, ref(record), ASSAY, NOW)  # its name is free again


def test_voiding_the_next_one_lets_the_earlier_stay(session: Session) -> None:
    """Where its day had not come; both companies' QA agree to it."""
    first = support.effective(session)
    second = support.effective(session, effective_on=NEXT_WEEK)
    later = "A later version follows SPEC-2026-0001 from Tue 1 Dec 2026"
    assert later in support.refused(session, request.void, actor(session, ELIF), ref(first), "Old.", NOW)
    support.ask(session, ELIF, second, Asked.VOID)
    request.agree(session, actor(session, ANNA), ref(second), NOW)
    assert (second.state, details(session, first).in_force_until) == (State.VOID, None)
    specification.retire_due(session, NOW + 30 * DAY, 10)
    assert first.state is State.EFFECTIVE
    assert support.events(session, first)[-1] == "specification.stays"


def test_it_has_no_clocks_and_waits_for_no_acknowledgement(session: Session) -> None:
    """Nothing of a specification is late; what waits is a signature."""
    record = support.effective(session)
    found = support.sheet_of(session, record)
    assert (found.clocks, found.due, found.waits_for_acknowledgement, record.holds_batches) == ({}, None, False, False)


def test_it_is_found_by_its_tests(session: Session, there: Partnership) -> None:
    """By product, number, and what its tests are called."""
    record = support.propose(session, tests=(IMPURITY,))
    for typed in ("tablet", record.number, "impurity"):
        assert search.find(session, there.id, typed, 5) == [record.id], typed


def test_a_proposal_gets_another_owner(session: Session) -> None:
    """Who leaves hands it on; the new owner does not sign it."""
    record = support.propose(session)
    records.assign_owner(session, actor(session, ELIF), ref(record), support.row_of(session, ANNA).id, NOW)
    support.sign_refused(session, ANNA, record)
