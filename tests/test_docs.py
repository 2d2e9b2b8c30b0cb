"""The documents are true: what people may rely on stands in them, and what stands in them exists."""

import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, time
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from bot.__main__ import cli
from bot.metrics import Metrics
from bot.server import Server
from bot.settings import Settings
from docs import lives
from handlers.everything import LISTENERS
from handlers.manifest import OPTIONAL_SCOPES, SCOPES, manifest
from handlers.messages import KINDS, MERGED
from handlers.quality import ACTS as QUALITY_WORDS
from quality.authority import REPORTS
from quality.events import EVENTS
from quality.partnership import SetUpForm, set_up
from quality.people import Identity, Profile
from quality.terms import DEFAULTS, Term
from quality.transitions import LIVES
from storage.database import Database
from storage.migrate import migrate
from storage.person import Role
from storage.record import Kind, State

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXT = {page: page.read_text(encoding="utf-8") for page in PAGES}
README = TEXT[ROOT / "README.md"]
RECORDS = TEXT[ROOT / "docs/records.md"]
ALL = "\n".join(TEXT.values())
LINK = re.compile(r"\]\(([^)\s]+)\)")
FORBIDDEN = {
    "a folder outside the project": r"\.\./shared",
    "a path of one machine": r"(?<![\w.\-])/(work|root)/\w",
    "a package registry": r"pypi\.org|pythonhosted\.org|registry\.npmjs\.org|proxy\.golang\.org",
}


def commands() -> dict[str, typer.core.TyperCommand]:
    return dict(get_command(cli).commands)  # type: ignore[attr-defined]


def row_of(text: str, first: str) -> str:
    """Give the table row that begins with a cell."""
    rows = [line for line in text.splitlines() if line.startswith(f"| {first} |")]
    assert len(rows) == 1, f"{len(rows)} rows begin with {first}"
    return rows[0]


@pytest.mark.parametrize("name", sorted(commands()))
def test_a_command_of_the_command_line_is_documented(name: str) -> None:
    """Every command has a row in the README with its arguments, and every option of it stands there."""
    parameters = commands()[name].params
    given = [one for one in parameters if one.param_type_name == "argument"]
    names = [str(one.name).upper() if one.required else f"[{str(one.name).upper()}]" for one in given]
    row = row_of(README, f"`{' '.join(['qualbridge', name, *names])}`")
    for parameter in parameters:
        assert parameter in given or f"`{parameter.opts[0]}`" in row


def test_no_document_names_a_command_that_does_not_exist() -> None:
    """`qualbridge word` in a document is a command."""
    named = set(re.findall(r"`qualbridge ([a-z]+)", ALL))
    assert named <= commands().keys()


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_a_setting_is_documented(name: str) -> None:
    """Every setting stands in the README with its default, and in the template."""
    row = row_of(README, f"`{name.upper()}`")
    default = Settings.model_fields[name].default
    assert f"`{default}`" in row if default else "none" in row
    template = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert re.search(rf"^(# )?{name.upper()}={re.escape(str(default))}$", template, re.MULTILINE)


def test_the_template_names_no_other_setting() -> None:
    """`.env.example` holds the settings and nothing else."""
    template = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^(?:# )?([A-Z_]+)=", template, re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields}


def test_the_exit_statuses_are_documented() -> None:
    """Every status the command line can end with has a row in the README."""
    source = (ROOT / "bot/__main__.py").read_text(encoding="utf-8")
    statuses = {"0", *re.findall(r"(?:typer\.Exit|sys\.exit)\((\d+)\)", source)}
    assert statuses == {"0", "1", "2"}
    for status in statuses:
        row_of(README, status)


def test_the_slash_commands_are_documented() -> None:
    """Every slash command, and every word `/quality` knows, stands in the README's table."""
    for command in LISTENERS.commands:
        assert f"| `{command.name}`" in README
    for word in QUALITY_WORDS.keys() - {"", "help"}:
        assert re.search(rf"^\| `/quality {word}[` ]", README, re.MULTILINE), word


def test_no_document_names_a_slash_command_that_does_not_exist() -> None:
    """`/quality word` in a document is a word it knows."""
    assert set(re.findall(r"/quality ([a-z]+)", ALL)) <= QUALITY_WORDS.keys()


def test_the_manifest_has_the_commands_that_are_listened_to() -> None:
    """Slack is told of the commands and shortcuts that the bot answers, no more and no fewer."""
    features = manifest(LISTENERS)["features"]
    assert [one["command"] for one in features["slash_commands"]] == [one.name for one in LISTENERS.commands]
    assert [one["callback_id"] for one in features["shortcuts"]] == [one.callback for one in LISTENERS.shortcuts]


def test_the_buttons_and_shortcuts_are_documented() -> None:
    """Every button of a record and every message shortcut stands in the README by its words."""
    for act in (act for life in LIVES.values() for act in life):
        assert f"**{act.button}**" in README
    for shortcut in LISTENERS.shortcuts:
        assert f"**{shortcut.name}**" in README


def test_the_scopes_are_documented() -> None:
    """The README's table says what each scope is for, the optional ones marked as such."""
    table = README[README.index("| scope |") :].partition("\n\n")[0]
    optional = {scope for line in table.splitlines() if "optional" in line for scope in _scopes(line)}
    assert set(_scopes(table)) == {*SCOPES, *OPTIONAL_SCOPES}
    assert optional == set(OPTIONAL_SCOPES)


def _scopes(text: str) -> list[str]:
    return re.findall(r"`([a-z_]+(?::[a-z]+)?)`", text)


def test_the_events_are_documented() -> None:
    """The README says what each event of Slack is for."""
    for event in LISTENERS.events:
        assert f"`{event}`" in README


def test_the_addresses_are_documented() -> None:
    """Every address that `serve` answers stands in the README and in its own row where it is for operators."""
    operating = TEXT[ROOT / "docs/operating.md"]
    for route in Server().web.router.routes():
        if route.method != "HEAD" and route.resource is not None:
            assert f"`{route.method} {route.resource.canonical}`" in README
            assert route.method == "POST" or f"| `{route.method} {route.resource.canonical}` |" in operating


def test_the_figures_are_documented() -> None:
    """Every figure that Prometheus is told stands in its table."""
    operating = TEXT[ROOT / "docs/operating.md"]
    for one in Metrics().registry.collect():
        assert f"`{one.name}" in operating


def test_the_terms_are_documented() -> None:
    """The length of every clock stands in the table of clocks."""
    for row in DEFAULTS:
        says = f"| {row.row} | {row.title} | {row.term.measure} | {row.term.since} | {row.duty} |"
        assert says in RECORDS.splitlines()


def test_the_reports_to_authorities_are_documented() -> None:
    """Each report stands in its table with its source and length."""
    for name, report in REPORTS.items():
        row = row_of_clock(name)
        assert report.source in row
        assert f"| {_length(report.term)}" in row


def row_of_clock(name: str) -> str:
    rows = [line for line in RECORDS.splitlines() if line.startswith(f"| {name} |")]
    assert len(rows) == 1, name
    return rows[0]


def _length(term: Term) -> str:
    return term.rule.partition(" from ")[0]


def test_the_journal_s_events_and_the_roles_are_documented() -> None:
    """Every event about a record or a person, and every role, stands in its document."""
    for event in EVENTS:
        assert f"`.{event}`" in RECORDS
    source = (ROOT / "quality/device.py").read_text(encoding="utf-8")
    for event in {*re.findall(r'"(device_\w+|signing_\w+)"(?!:)', source), "added"}:
        assert f"`person.{event}`" in RECORDS
    for name in ("roster", "agreement"):
        source = (ROOT / f"quality/{name}.py").read_text(encoding="utf-8")
        for event in re.findall(r'"((?:person|agreement)\.\w+)"', source):
            assert f"`{event}`" in RECORDS
    for role in Role:
        assert role in TEXT[ROOT / "docs/permissions.md"]


def test_the_kinds_of_message_are_documented() -> None:
    """All that the outbox can say stands in its table."""
    table = TEXT[ROOT / "docs/architecture.md"].partition("## The outbox")[2].partition("\n\n#")[0]
    first_cells = "\n".join(line.split("|")[1] for line in table.splitlines() if line.startswith("|"))
    assert set(re.findall(r"`([a-z ]+)`", first_cells)) == {*KINDS, *MERGED}


def test_the_states_are_documented() -> None:
    """Every state of a record stands in the README and in the table of states."""
    states = RECORDS.partition("## States")[2].partition("## The journal")[0]
    for state in State:
        assert state in states
        assert state in README


def test_the_lives_of_records_are_as_the_tables_have_them() -> None:
    """docs/lives.md is what the transition tables give."""
    written = TEXT[ROOT / "docs/lives.md"]
    assert written == lives.manual(), "docs/lives.md is not what the transition tables give: run `make manual`"


@pytest.mark.parametrize("kind", Kind)
def test_a_diagram_of_a_life_is_sound(kind: Kind) -> None:
    """Mermaid takes it: each line is a state or an arrow, each name is known, no label holds what would end it."""
    first, *lines = lives.diagram(kind).splitlines()
    assert first == "stateDiagram-v2"
    arrows = []
    names = {"[*]"}
    for line in lines:
        if found := re.fullmatch(r'    state "([A-Za-z ]+)" as ([a-z_]+)', line):
            names.add(found[2])
        else:
            arrow = re.fullmatch(r"    (\S+) --> (\S+)(?: : ([A-Za-z ]+))?", line)
            assert arrow, line
            arrows.append(arrow)
    assert {name for arrow in arrows for name in arrow.group(1, 2)} == names
    assert names.isdisjoint({"end", "state", "note", "direction", "class", "style"})  # Mermaid's own words


def test_the_chain_can_be_recomputed_as_documented(tmp_path: Path) -> None:
    """The program in docs/records.md finds a journal whole, and broken at the entry that was changed."""
    database = Database(f"sqlite:///{tmp_path / 'bot.db'}")
    migrate(database)
    with database.writing() as session:
        set_up(session, Profile(Identity("T0A", "U0A"), "Ada", "UTC"), _form(), datetime(2026, 11, 23, 9, tzinfo=UTC))
    recompute = re.findall(r"```python\n(.*?)```", RECORDS, re.DOTALL)[0]

    def run() -> subprocess.CompletedProcess[str]:
        arguments = [sys.executable, "-I", "-c", recompute, str(tmp_path / "bot.db")]
        return subprocess.run(arguments, capture_output=True, text=True, check=False)  # noqa: S603 - our own words

    whole = run()
    assert (whole.returncode, whole.stdout[:20]) == (0, "journal 1: 3 entries")
    with database.writing() as session:
        connection = session.connection()
        connection.exec_driver_sql("DROP TRIGGER journal_no_update")
        connection.exec_driver_sql("UPDATE journal SET body = replace(body, 'Elif', 'Else') WHERE seq = 3")
    database.close()
    broken = run()
    assert (broken.returncode, broken.stderr.strip()) == (1, "journal 1 is broken at entry 3")


def _form() -> SetUpForm:
    return SetUpForm(
        channel_id="C0",
        home_team_id="T0A",
        sponsor="Dörte Pharma",
        cmo="Borealis",
        sponsor_team_id="T0A",
        sponsor_qa=(Profile(Identity("T0A", "U0A"), "Dörte", "Europe/Berlin"),),
        cmo_qa=(Profile(Identity("T0B", "U0B"), "Elif", "Europe/Zurich"),),
        time_zone="Europe/Berlin",
        digest_at=time(8),
        sponsor_country="DE",
        cmo_country="CH",
    )


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_what_a_document_links_to_exists(page: Path) -> None:
    """Every linked file is there, pictures too, and every linked heading."""
    for target in LINK.findall(TEXT[page]):
        if target.startswith(("http://", "https://")):
            continue
        name, _, heading = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists(), f"{target} is not there"
        if heading:
            assert heading in _anchors(TEXT[linked]), f"{target} is no heading"


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_make_targets_are_documented() -> None:
    """Every target with a help line stands in CONTRIBUTING.md."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^([a-z]+):.*##", makefile, re.MULTILINE):
        if target != "help":
            row = rf"^\| `make {target}` \|"
            assert re.search(row, TEXT[ROOT / "CONTRIBUTING.md"], re.MULTILINE), target


def test_the_image_holds_every_room() -> None:
    """The Dockerfile copies what the package consists of, and `.dockerignore` lets it through."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    let_through = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for room in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert f"\nCOPY {room} {room}\n" in dockerfile
        assert f"!{room}" in let_through


def test_no_file_speaks_of_one_machine() -> None:
    """No tracked text file names a folder outside the project, a path of one machine, or a package registry."""
    git = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z"]
    listed = subprocess.run(git, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if listed.returncode:
        pytest.skip("not a git checkout")
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        content = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        if b"\0" in content:
            continue
        text = content.decode()
        found += [f"{name}: {what}" for what, pattern in FORBIDDEN.items() if re.search(pattern, text)]
    assert found == []


def test_every_answer_to_a_threat_is_shown() -> None:
    """A test that the threat model names is there."""
    told = (ROOT / "docs" / "threats.md").read_text()
    rows = [line for line in told.splitlines() if line.startswith("| ") and "`tests/" in line]
    named = re.findall(r"`(tests/[a-z_/]+\.py)::(test_[a-z0-9_]+)`", told)
    assert len(named) >= len(rows)
    for file, test in named:
        assert re.search(rf"^(async )?def {test}\(", (ROOT / file).read_text(), re.MULTILINE), f"{file}::{test}"
