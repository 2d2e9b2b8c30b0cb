"""What the journal's events of a record say, in words; each follows a name: `Elif Kaya (Borealis) …`.

Words in braces are values of the entry after the change.
"""

from datetime import datetime
from string import Formatter

from quality.words import moment
from storage.journal import JournalEntry

EVENTS = {
    "logged": "logged it",
    "acknowledged": "acknowledged it",
    "accepted": "accepted it",
    "assigned": "assigned it to {owner}",
    "commented": "commented",
    "numbered": "gave it the QMS number {number} of {company}",
    "note_kept": "kept a private note of {company}",
    "replied": "said in the thread",
    "reply_changed": "changed in Slack what they said in the thread",
    "reply_deleted": "was told that a reply of {author} was deleted in Slack",
    "evidence_added": "added evidence: {file} ({size} bytes, SHA-256 {sha256})",
    "evidence_kept": "shared a file in the thread, kept as evidence: {file} ({size} bytes, SHA-256 {sha256})",
    "evidence_not_kept": "shared a file that is not kept: {file}",
    "evidence_deleted": "was told that the file {file} was deleted in Slack; what is kept stays",
    "evidence_sent": "got the file {file}",
    "linked": "linked it with {link}",
    "started": "started the investigation",
    "submitted": "submitted it for approval",
    "phase_1": "gave the phase I result",
    "retests_planned": "wrote the retest plan",
    "plan_approved": "signed: {meaning}. The retests may begin",
    "retested": "recorded retest {number}: {result}",
    "phase_2": "gave the phase II result: {outcome}",
    "plan_changed": "changed the plan",
    "begun": "signed: {meaning}. It is in progress",
    "let_begin": "changed what its plan needs: no signature is missing, and it is in progress",
    "implemented": "marked it implemented",
    "checked": "signed: {meaning}. It is checked again later",
    "approved": "signed: {meaning}",
    "closed": "signed and closed it: {meaning}",
    "sent_back": "sent it back",
    "signatures_voided": "changed what was signed, which voids the signature of {voided}",
    "signature_refused": "tried to sign and was refused",
    "asked": "asked to {asked}",
    "half_granted": "granted {wanted}; QA of the other company has to grant it too",
    "extended": "granted the due date {due}",
    "clock_stopped": "agreed to stop the clock until {stopped_until}",
    "resumed": "let the clock go on, due {due}",
    "clock_moved": "moved the {clock} clock to {due}",
    "clock_changed": "let the {clock} clock follow the agreement",
    "refused": "refused to {asked}",
    "withdrew": "took back the request to {asked}",
    "reclassified": "reclassified it as {class}",
    "voided": "voided it",
    "reopened": "reopened it",
    "distributed": "said whether the batch is distributed: {distributed}",
    "reports_asked": "set off the clocks of the reports to authorities",
    "report_answered": "said about the {report}: {answer}",
    "report_filed": "recorded the filing of the {report} at {filed}",
    "tests_added": "added {tests}",
    "test_removed": "took out the test {test}",
    "effective": "signed: {meaning}. It is in force from {in_force_from}",
    "succeeded": "signed {successor}, which takes its place from {in_force_until}",
    "superseded": "let {successor} take its place",
    "proposal_changed": "changed what is proposed",
    "decided": "signed: {meaning}",
    "held": "put its batch on hold by {holder}",
    "stays": "voided {successor}, so it stays in force",
    "exported": "exported it: {pack} is the SHA-256 of the pack",
}
TALK = ("replied", "reply_changed", "reply_deleted")  # in the thread, which people see there themselves
# They change nothing of the record that a form was filled in on.
QUIET = (
    "commented",
    "numbered",
    "note_kept",
    "signature_refused",
    "exported",
    *TALK,
    "evidence_added",
    "evidence_kept",
    "evidence_not_kept",
    "evidence_deleted",
    "evidence_sent",
)
COUNTED = ("replied", "evidence_added", "evidence_kept")  # the card says how many
# No line in the thread tells of these; the questions about reports stand there themselves.
UNSPOKEN = (
    "logged",
    "note_kept",
    "signature_refused",
    "exported",
    "reports_asked",
    *TALK,
    "evidence_kept",
    "evidence_not_kept",
    "evidence_deleted",
    "evidence_sent",
)


def named_in(entry: JournalEntry) -> set[str]:
    """Name the values that the words of an entry hold already."""
    template = EVENTS.get(entry.event.partition(".")[2], "")
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def said_of(entry: JournalEntry) -> str:
    """Say what an entry tells of: `assigned it to Gita Rao`."""
    body = entry.content
    values = {name: after for name, (_, after) in body["changes"].items()} | (body.get("signature") or {})
    if "due" in values:
        values["due"] = moment(datetime.fromisoformat(values["due"]))
    template = EVENTS.get(entry.event.partition(".")[2], entry.event)
    try:
        return template.format_map(values)
    except KeyError:  # an entry that an earlier version wrote
        return template.partition("{")[0].strip(" :")
