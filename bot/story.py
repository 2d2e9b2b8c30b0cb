"""The story of the sample partnership, as data: two months of two invented companies, act by act."""

from dataclasses import dataclass, field
from typing import Any

SPONSOR, CMO = "Aurora Therapeutics (example)", "Borealis Manufacturing (example)"
ANNA, BEN, CARLA = "U0ANNA", "U0BEN", "U0CARLA"
ELIF, FINN, GITA, HUGO = "U0ELIF", "U0FINN", "U0GITA", "U0HUGO"


@dataclass(frozen=True)
class Scene:
    """One act: on which day of the story, by whom, what, on which record of the story."""

    day: int
    who: str
    act: str  # a button of the front door or of the record's card
    name: str  # what the story calls the record
    values: dict[str, Any] = field(default_factory=dict)


def _logs(day: int, who: str, name: str, title: str, happened: str, **more: Any) -> Scene:
    values = {"Title": title, "What happened": happened, **{key.replace("_", " "): v for key, v in more.items()}}
    return Scene(day, who, "Log deviation", name, values)


def _result(day: int, who: str, name: str, **values: Any) -> Scene:
    return Scene(day, who, "Log OOS result", name, {key.replace("_", " "): v for key, v in values.items()})


def _capa(
    day: int, who: str, source: str, name: str, title: str, owner: str, due: int, plan: str, criterion: str
) -> Scene:
    values = {"Title": title, "Problem": title, "Owner": owner, "Due date": due, "Action plan": plan}
    return Scene(day, who, "Add CAPA", name, values | {"Effectiveness criterion": criterion, "of": source})


def _investigated(day: int, who: str, name: str, cause: str, *, capa: bool = False, **more: Any) -> Scene:
    values = {
        "Root cause category": "Machine",
        "Root cause": cause,
        "Other batches considered": "All batches of this line in the month before: records reviewed, none affected.",
        "Impact": "None on product or patient: the batch was stopped before the next step.",
        "Disposition recommendation": "Release",
        "CAPA needed": "Yes" if capa else "No",
        "Reason if no CAPA": "" if capa else "Isolated, corrected at once, and not seen in the last twelve months.",
        "Conclusion": "Cause found and removed; the quality of the batch is not affected.",
    }
    return Scene(day, who, "Submit for approval", name, values | {key.replace("_", " "): v for key, v in more.items()})


GITA_RAO, FINN_LARSEN, HUGO_MEYER = f"Gita Rao · {CMO}", f"Finn Larsen · {CMO}", f"Hugo Meyer · {CMO}"
TABLET = "Auroprim 20 mg tablets (example)"
TESTS = """Test;Test category;Method;Lower limit;Upper limit;Text criterion;Unit;Lower alert limit;Quantitation limit
Assay (HPLC);Assay or potency;AM-101 v3;95.0;105.0;;%;97.0;
Impurity B;Purity or impurity;AM-102 v2;;0.20;;%;;0.05
Water;Water;AM-110 v1;;3.0;;%;;
Appearance;Identity;AM-001 v1;;;White, round tablets;;;
"""
# Lot, day of the story, assay, impurity, water: a quarter's lots, of which one assay lies below its alert limit.
LOTS = (
    ("TB-301", 12, "99.4", "0.08", "1.9"),
    ("TB-290", 14, "99.9", "0.09", "2.0"),
    ("TB-291", 16, "100.3", "0.07", "2.0"),
    ("TB-303", 19, "100.1", "<0.05", "2.1"),
    ("TB-292", 21, "99.2", "0.10", "1.9"),
    ("TB-293", 23, "99.6", "0.08", "2.2"),
    ("TB-305", 26, "98.8", "0.11", "2.0"),
    ("TB-294", 28, "99.3", "0.09", "2.1"),
    ("TB-295", 30, "99.5", "0.10", "1.9"),
    ("TB-307", 33, "99.7", "0.09", "1.8"),
    ("TB-296", 35, "100.0", "0.10", "2.0"),
    ("TB-297", 37, "100.2", "0.11", "2.1"),
    ("TB-308", 40, "96.6", "0.12", "2.2"),
)
STORY = (
    _logs(
        0,
        GITA,
        "leak",
        "Integrity test of the sterile filter failed after filling",
        "The post-use bubble point of filter 2 was 2.1 bar; at least 2.8 bar is required.",
        Batch_or_lot="AB-1001, AB-1002",
        Product="Auroprim 10 mg/ml (example)",
        Where="Filling line 2",
        Class="Critical",
        Batch_distributed="No",
        Immediate_action="Both batches quarantined, filter kept for examination.",
    ),
    Scene(0, ANNA, "Acknowledge", "leak"),
    Scene(0, ELIF, "Assign owner", "leak", {"Owner": GITA_RAO}),
    Scene(1, GITA, "Start investigation", "leak"),
    _logs(
        2,
        GITA,
        "label",
        "Label roll without reconciliation sheet",
        "The sheet of roll 7 was missing at line clearance.",
        Batch_or_lot="AB-0998",
        Where="Packaging line 1",
        Class="Minor",
        Batch_distributed="No",
    ),
    Scene(2, CARLA, "Acknowledge", "label"),
    Scene(3, ELIF, "Assign owner", "label", {"Owner": GITA_RAO}),
    Scene(3, GITA, "Start investigation", "label"),
    _capa(
        4,
        FINN,
        "leak",
        "filter",
        "Pressure hold of the filter housing before each use",
        GITA_RAO,
        40,
        "Add a step to the batch record; train line 2.",
        "No failed post-use test in the twenty batches after.",
    ),
    Scene(5, GITA, "Accept", "filter"),
    _logs(
        5,
        GITA,
        "freezer",
        "Freezer 4 above -65 °C for 3 h 40 min",
        "Alarm at 02:10, answered at 05:50. Highest reading -58.2 °C.",
        Batch_or_lot="DS-220",
        Product="Auroprim drug substance (example)",
        Where="Cold store, freezer 4",
        Batch_distributed="No",
    ),
    Scene(5, GITA, "New specification", "tablet", {"Product": TABLET, "Sample type": "Finished product"}),
    Scene(6, BEN, "Acknowledge", "freezer"),
    Scene(6, FINN, "Assign owner", "freezer", {"Owner": GITA_RAO}),
    Scene(6, ELIF, "Approve", "tablet"),
    Scene(7, GITA, "Start investigation", "freezer"),
    Scene(7, ANNA, "Approve", "tablet"),
    Scene(8, ELIF, "Approve plan", "filter"),
    Scene(8, GITA, "Comment", "freezer", {"Comment": "Compressor replaced; mapping of the freezer is under way."}),
    Scene(9, ANNA, "Approve plan", "filter"),
    _result(
        10,
        HUGO,
        "assay",
        Test="Assay (HPLC)",
        Test_category="Assay or potency",
        Sample_type="Finished product",
        Batch_or_lot="AB-1004",
        Product="Auroprim 10 mg/ml (example)",
        Result="93.4",
        Unit="%",
        Lower_limit="95.0",
        Upper_limit="105.0",
        Method="TM-014 v6",
        Analyst="H. Meyer",
        Batch_distributed="No",
    ),
    Scene(10, ANNA, "Acknowledge", "assay"),
    Scene(11, ELIF, "Assign owner", "assay", {"Owner": HUGO_MEYER}),
    _investigated(12, GITA, "label", "The sheet was filed with roll 6."),
    Scene(14, ELIF, "Approve", "label"),
    Scene(
        15,
        HUGO,
        "Phase I result",
        "assay",
        {
            "Checklist": [
                "Right method and version followed",
                "Calculation and transcription checked",
                "Instrument calibrated and suitable",
            ],
            "Laboratory cause found": "No",
            "Evidence": "Raw data, weighing and system suitability reviewed by a second analyst: no error.",
        },
    ),
    _capa(
        16,
        GITA,
        "freezer",
        "alarm",
        "Freezer alarms call the shift leader's phone",
        GITA_RAO,
        46,
        "Connect the alarm to the on-call phone, test monthly.",
        "Every test alarm answered within ten minutes for three months.",
    ),
    Scene(17, GITA, "Accept", "alarm"),
    Scene(
        18,
        HUGO,
        "Retest plan",
        "assay",
        {
            "Hypothesis": "Sample not homogeneous after thawing.",
            "Number of retests": "3",
            "Second analyst": "K. Brandt",
        },
    ),
    Scene(19, FINN, "Approve plan", "assay"),
    Scene(20, BEN, "Approve plan", "assay"),
    _logs(
        20,
        CARLA,
        "docs",
        "Certificate of analysis sent without the endotoxin page",
        "Page 3 of the certificate was missing on receipt.",
        Batch_or_lot="AB-0996",
        Class="Minor",
        Batch_distributed="No",
    ),
    Scene(21, FINN, "Acknowledge", "docs"),
    Scene(21, FINN, "Assign owner", "docs", {"Owner": FINN_LARSEN}),
    Scene(22, HUGO, "Record retest", "assay", {"Result": "93.8", "Analyst": "K. Brandt"}),
    Scene(22, FINN, "Start investigation", "docs"),
    Scene(24, FINN, "Comment", "leak", {"Comment": "The filter's housing gasket was nicked. Pictures are in our QMS."}),
    _investigated(
        25, GITA, "leak", "The housing gasket was nicked at assembly.", capa=True, Disposition_recommendation="Reject"
    ),
    Scene(27, ELIF, "Approve", "leak"),
    Scene(29, ANNA, "Approve", "leak"),
    Scene(
        30, GITA, "Mark implemented", "filter", {"Evidence": "Batch record v8; training list.", "Implemented on": 30}
    ),
    _logs(
        31,
        GITA,
        "seal",
        "Seal temperature of the blister machine below its range",
        "Station 2 showed 158 °C for 12 minutes; 165 to 175 °C is validated.",
        Batch_or_lot="TB-302",
        Product="Auroprim 20 mg tablets (example)",
        Where="Packaging line 3",
        Class="Major",
        Batch_distributed="No",
    ),
    Scene(32, ANNA, "Acknowledge", "seal"),
    Scene(32, ELIF, "Assign owner", "seal", {"Owner": GITA_RAO}),
    Scene(33, GITA, "Start investigation", "seal"),
    _result(
        33,
        HUGO,
        "water",
        Test="Water (Karl Fischer)",
        Test_category="Water",
        Kind="OOT",
        Sample_type="Stability",
        Batch_or_lot="AB-0950",
        Result="2.4",
        Unit="%",
        Upper_limit="3.0",
    ),
    Scene(34, CARLA, "Acknowledge", "water"),
    _capa(
        36,
        GITA,
        "docs",
        "release",
        "Second check of certificates before sending",
        FINN_LARSEN,
        60,
        "Checklist with page count, signed by a second person.",
        "No incomplete certificate in the next thirty.",
    ),
    _investigated(38, FINN, "docs", "The scanner's feeder took two pages at once.", capa=True),
    Scene(41, ELIF, "Approve", "docs"),
    _logs(
        44,
        GITA,
        "yield",
        "Yield of compression below the limit",
        "87.9 % against at least 90.0 %; tooling of station 12 worn.",
        Batch_or_lot="TB-310",
        Product="Auroprim 20 mg tablets (example)",
        Where="Compression, press 3",
        Class="Major",
        Batch_distributed="No",
    ),
    Scene(45, BEN, "Acknowledge", "yield"),
    _investigated(46, GITA, "seal", "A loose thermocouple of station 2."),
    Scene(
        47,
        GITA,
        "Extend due date",
        "freezer",
        {"New due date": 64, "Justification": "The mapping of the repaired freezer takes until next week."},
    ),
    Scene(48, ELIF, "Approve", "seal"),
    _logs(
        49,
        GITA,
        "spill",
        "Buffer spilled in the wash bay",
        "About 2 l of phosphate buffer, cleaned at once, no product near.",
        Where="Wash bay",
        Class="Minor",
        Batch_distributed="No",
    ),
    Scene(49, HUGO, "Upload results", "tablet"),
    _result(
        49,
        HUGO,
        "dissolution",
        Test="Dissolution, 30 min",
        Test_category="Dissolution",
        Sample_type="Stability",
        Batch_or_lot="TB-255",
        Product="Auroprim 20 mg tablets (example)",
        Result="71",
        Unit="%",
        Lower_limit="75",
        Analyst="H. Meyer",
        Batch_distributed="Yes",
    ),
)
