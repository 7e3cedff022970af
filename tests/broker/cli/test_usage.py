"""Every wrong call is one line on standard error with status 2; help and version are what they should be."""

import subprocess
import sys
from importlib.metadata import version

import pytest

from broker.cli.main import MODULES, command_line
from tests.broker.cli.commands import Entrevue

COMMANDS = (
    *("demo", "serve", "ingest", "worker", "search", "request", "requests", "show", "approve", "deny"),
    *(
        "cancel",
        "attach",
        "outcome",
        "fetch",
        "verify",
        "hold",
        "release",
        "stop",
        "retention",
        "register",
        "doctor",
        "witness",
    ),
)
GROUPS = {
    "agency": ("list",),
    "officer": ("add", "list", "revoke"),
    "agreement": ("apply", "activate", "list", "end", "dry-run"),
    "policy": ("explain",),
    "emergency": ("start", "end", "list", "review"),
    "message": ("list", "retry"),
    "places": ("import", "list", "remove", "find"),
    "audit": ("checkpoint", "prove", "verify", "export", "erase"),
    "adapter": ("check", "new"),
}
EVERY = [(name,) for name in COMMANDS] + [(group, name) for group, names in GROUPS.items() for name in names]


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_each_command_has_help_that_says_what_it_does(entrevue: Entrevue, command: tuple[str, ...]) -> None:
    done = entrevue(*command, "--help")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"Usage: entrevue {' '.join(command)} ")


def test_help_names_every_command_with_its_whole_first_sentence(entrevue: Entrevue) -> None:
    done = entrevue("--help")
    assert done.status == 0
    for name in (*COMMANDS, *GROUPS):
        assert f"\n  {name} " in done.out
    assert "..." not in done.out.partition("Commands:")[2]
    assert " api " not in done.out
    app = command_line()
    assert len(app.registered_commands) + len(app.registered_groups) == len(COMMANDS) + 1 + len(GROUPS)


def test_without_a_command_the_help_is_shown_and_the_status_is_2(entrevue: Entrevue) -> None:
    done = entrevue()
    assert done.status == 2
    assert done.out == entrevue("--help").out


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_without_a_command_shows_its_help(entrevue: Entrevue, group: str) -> None:
    done = entrevue(group)
    assert done.status == 2
    assert all(name in done.out for name in GROUPS[group])


def test_version_is_the_packages(entrevue: Entrevue) -> None:
    assert entrevue("--version").out == f"entrevue {version('entrevue')}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["--nonsense"], "No such option: --nonsense"),
        (["search"], "Missing option '--radius-m'"),
        (["search", "--radius-m", "3"], "give either --lat and --lon, or --place"),
        (["search", "--radius-m", "3", "--lat", "1"], "give either --lat and --lon, or --place"),
        (["search", "--radius-m", "3", "--lat", "1", "--lon", "2", "--place", "g:1"], "give either"),
        (["places", "import"], "Missing argument"),
        (["places", "import", "x.csv", "--column", "id"], "'id' is not FIELD=COLUMN"),
        (["places", "import", "x.csv", "--column", "=id"], "'=id' is not FIELD=COLUMN"),
        (["places", "import", "x.csv", "--column", "id=a", "--column", "id=b"], "names 'id' twice"),
        (["places", "import", "場所.csv"], "makes no id: give one by --gazetteer"),
        (["search", "--lat", "x", "--lon", "2", "--radius-m", "3"], "Invalid value for '--lat'"),
        (["show"], "Missing argument"),
        (["show", "../officers"], "'../officers' is not the id of a request"),
        (["release", "a/b"], "'a/b' is not the id of a hold"),
        (["fetch", "a b", "--output", "."], "'a b' is not the id of a request"),
        (["requests", "--mine", "--to-decide"], "give one of --mine and --to-decide"),
        (["serve", "--port", "70000"], "Invalid value for '--port'"),
        (["serve", "--processes", "0"], "Invalid value for '--processes'"),
        (
            ["search", "--server", "nonsense", "--lat", "1", "--lon", "2", "--radius-m", "3"],
            "is not the address",
        ),
        (["show", "r", "--server", "ftp://x"], "is not the address of a broker"),
        (["show", "r", "--server", "http://x:99999"], "is not the address of a broker"),
        (["show", "r", "--server", "http://"], "is not the address of a broker"),
        (["show", "r", "--token-file", "/nonexistent"], "/nonexistent cannot be read"),
        (["show", "r", "--token-file", "/"], "/ cannot be read"),
        (["show", "r", "--case", "a\nb"], "the case holds a line break"),
        (["show", "r", "--case", "a\u2028b"], "the case holds a line break"),
        (["show", "r", "--case", "a\x9bb"], "or another control character"),
        (["show", "r", "--case", "a\udce9b"], "the case holds bytes that are no text"),
        (["show", "r", "--purpose", "日\t本"], "the purpose holds a line break or another control character"),
    ],
)
def test_a_wrong_call_says_what_is_wrong_on_one_line(
    entrevue: Entrevue, arguments: list[str], says: str
) -> None:
    done = entrevue(*arguments)
    assert (done.status, done.out) == (2, "")
    assert says in done.one_line_error()


def test_a_request_names_its_basis_case_and_purpose(entrevue: Entrevue) -> None:
    asked = ["request", "--camera", "a:b", "--interval", "x/y", "--reason", "r"]
    assert "KIND:REFERENCE" in entrevue(*asked, "--basis", "judicial").one_line_error()
    assert "--case and --purpose" in entrevue(*asked, "--basis", "judicial_requisition:1").one_line_error()


def test_without_a_token_nothing_is_called(entrevue: Entrevue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENTREVUE_TOKEN")
    done = entrevue("show", "r")
    assert done.status == 2
    assert "ENTREVUE_TOKEN" in done.one_line_error()


@pytest.mark.parametrize("command", MODULES)
def test_a_commands_own_module_brings_it(command: str) -> None:
    alone = command_line(*command.split())
    names = {registered.name for registered in (*alone.registered_commands, *alone.registered_groups)}
    assert command.partition(" ")[0] in names


@pytest.mark.parametrize(
    ("words", "brought"),
    [
        (("places", "find", "gare"), {"find"}),
        (("places", "list"), set(GROUPS["places"])),
        ((), set(GROUPS["places"])),
    ],
)
def test_a_groups_command_with_a_module_of_its_own_comes_alone(
    words: tuple[str, ...], brought: set[str]
) -> None:
    groups = {group.name: group.typer_instance for group in command_line(*words).registered_groups}
    assert groups["places"] is not None
    assert {command.name for command in groups["places"].registered_commands} == brought


@pytest.mark.parametrize("command", ["'search'", "'places', 'find', 'gare'"])
def test_a_clients_command_does_not_load_the_libraries_of_a_server(command: str) -> None:
    code = (
        f"import sys; from broker.cli.main import command_line; command_line({command}); "
        "print([m for m in ('fastapi', 'sqlalchemy', 'cv2', 'av', 'numpy') if m in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
