"""The configuration: every wrong key is named, variables win, and a secret stands nowhere in it."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from redis.asyncio import ConnectionPool

from broker.errors import SetupProblem
from broker.settings import Settings, load_settings
from broker.settings.sections import BrokerSettings
from broker.settings.values import Secret

GOOD = """
[broker]
public_url = "https://broker.test"
[[agency]]
id = "rail"
name = "Railway"
[[agency]]
id = "police"
name = "Police"
[[network]]
id = "rail-cctv"
agency = "rail"
adapter = "folder"
options = { cameras = "cameras.csv" }
[[agreement]]
id = "rail-police"
owner = "rail"
partners = ["police"]
networks = ["rail-cctv"]
actions = ["locate"]
purposes = ["accident"]
valid = "2026-01-01T00:00:00Z/2027-01-01T00:00:00Z"
"""


def loaded(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "entrevue.toml"
    file.write_text(text)
    return load_settings(file)


def wrong(tmp_path: Path, text: str) -> str:
    with pytest.raises(SetupProblem) as caught:
        loaded(tmp_path, text)
    return str(caught.value)


def test_a_configuration_is_read_with_paths_from_its_own_folder(tmp_path: Path) -> None:
    settings = loaded(tmp_path, GOOD)
    assert (settings.broker.data, settings.base_dir) == (tmp_path / "data", tmp_path)
    assert settings.agreement[0].approval == "manual"
    assert settings.network[0].options == {"cameras": "cameras.csv"}


def test_without_a_file_everything_has_a_default(tmp_path: Path) -> None:
    settings = load_settings(None, tmp_path)
    assert settings.broker.data == tmp_path
    assert settings.broker.redis_url is None
    assert settings.broker.purposes[0] == "public_safety"
    assert {name for name, basis in settings.broker.bases.items() if basis.judicial} == {
        "judicial_requisition",
        "flagrante_delicto",
        "customs",
    }


def test_a_hold_ends_after_thirty_days_unless_its_basis_is_judicial() -> None:
    bases = BrokerSettings().bases
    assert (bases["owner_internal"].hold_days, bases["judicial_requisition"].hold_days) == (30.0, None)


def test_a_data_folder_brings_its_own_configuration(tmp_path: Path) -> None:
    (tmp_path / "entrevue.toml").write_text(GOOD)
    settings = load_settings(None, tmp_path)
    assert (settings.broker.public_url, settings.broker.data) == ("https://broker.test", tmp_path)


def test_variables_win_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTREVUE_BROKER__DATA", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("ENTREVUE_BROKER__MAX_CLIP_S", "60")
    settings = loaded(tmp_path, GOOD)
    assert settings.broker.data == tmp_path / "elsewhere"
    assert settings.broker.max_clip_s == 60
    assert settings.broker.public_url == "https://broker.test"


def test_a_wrong_variable_is_named_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTREVUE_BROKER__MAX_CLIPS", "60")
    assert "broker.max_clips" in wrong(tmp_path, GOOD)


def test_a_variable_that_cannot_be_read_is_named_without_its_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENTREVUE_BROKER", "{confidential")
    said = wrong(tmp_path, GOOD)
    assert "broker" in said
    assert "confidential" not in said


def test_variables_of_the_client_are_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOKEN", "SERVER", "PURPOSE", "CASE", "SAMPLE_DATA"):
        monkeypatch.setenv(f"ENTREVUE_{name}", "whatever")
    assert loaded(tmp_path, GOOD).broker.public_url == "https://broker.test"


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("[broker]", "[broker]\ncolour = 1", "broker.colour"),
        ("[broker]", "[brokers]", "brokers"),
        ("[broker]", "[broker]\nmax_clip_s = 0", "broker.max_clip_s"),
        ("[broker]", "[broker]\nmax_clip_s = inf", "broker.max_clip_s"),
        ("[broker]", "[broker]\nvanished_keep_days = nan", "broker.vanished_keep_days"),
        ("[broker]", "[broker]\nmax_items = 'many'", "broker.max_items"),
        (
            "[broker]",
            "[broker]\nbases = { customs = { hold_max_days = 1e300 } }",
            "broker.bases.customs.hold_max_days",
        ),
        ('id = "rail"', 'id = "Rail Road"', "agency.0.id"),
        ('id = "rail"', 'id = "log.pem"', "the log's key"),
        ('name = "Police"', 'name = ""', "agency.1.name"),
        ('adapter = "folder"', 'adapter = "folder"\nrefresh = 1', "network.0.refresh"),
        ('adapter = "folder"', "", "network.0.adapter"),
        ('partners = ["police"]', "partners = []", "agreement.0.partners"),
        ('actions = ["locate"]', 'actions = ["look"]', "agreement.0.actions.0"),
        ('valid = "2026', 'valid = "2028', "agreement.0.valid"),
        ("01-01T00:00:00Z/", "01-01T00:00:00/", "agreement.0.valid"),
        ('valid = "', 'valid = "soon/', "agreement.0.valid"),
        ('agency = "rail"', 'agency = "port"', "'port'"),
        ('partners = ["police"]', 'partners = ["port"]', "'port'"),
        ('networks = ["rail-cctv"]', 'networks = ["police-list"]', "'police-list'"),
        ('purposes = ["accident"]', 'purposes = ["curiosity"]', "'curiosity'"),
        ('id = "police"', 'id = "rail"', "'rail' is defined twice"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, before: str, after: str, named: str) -> None:
    assert before in GOOD
    assert named in wrong(tmp_path, GOOD.replace(before, after, 1))


def test_every_wrong_key_is_named_at_once(tmp_path: Path) -> None:
    said = wrong(
        tmp_path, GOOD.replace("[broker]", "[broker]\ncolour = 1\nmax_items = 0").replace("folder", "")
    )
    assert "broker.colour" in said
    assert "broker.max_items" in said
    said = wrong(tmp_path, GOOD + "\n[networks]\n[agencies]\n")
    assert "'agencies', 'networks'" in said


@pytest.mark.parametrize(("text", "said"), [("[broker", "not TOML"), ("\x00", "not TOML")])
def test_what_is_no_toml_is_said_so(tmp_path: Path, text: str, said: str) -> None:
    assert said in wrong(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupProblem, match=r"none\.toml cannot be read"):
        load_settings(tmp_path / "none.toml")


def test_a_secret_comes_from_a_file_or_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret"
    file.write_text("redis://:pass@host\n")
    monkeypatch.setenv("BROKER_REDIS", "redis://:word@host")
    assert Secret(file=file).read() == "redis://:pass@host"
    assert Secret(env="BROKER_REDIS").read() == "redis://:word@host"
    settings = loaded(tmp_path, GOOD.replace("[broker]", f'[broker]\nredis_url = {{ file = "{file}" }}'))
    assert isinstance(settings.broker.redis_url, Secret)
    assert "pass" not in repr(settings).replace("password", "")


@pytest.mark.parametrize("wrong_secret", [{}, {"file": "a", "env": "B"}, {"value": "s3cret"}])
def test_a_secret_is_one_of_the_two(wrong_secret: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Secret.model_validate(wrong_secret)


def test_a_secret_that_is_missing_or_unreadable_is_named_without_any_value(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    damaged.write_bytes(b"\xff\xfes3cret")
    for secret in (Secret(file=tmp_path / "gone"), Secret(file=damaged), Secret(env="BROKER_NOT_SET")):
        with pytest.raises(SetupProblem) as caught:
            secret.read()
        assert str(secret.file or secret.env) in str(caught.value)
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        'redis_url = "redis://:s3cret@host"',
        'redis_url = "redis://host:6379/0?password=s3cret"',
        'redis_url = "redis://host?protocol=3&password=s3cret&username=u"',
        'redis_url = "redis://host/0?p%61ssword=s3cret"',
        'redis_url = "redis://host/0?%70%61%73%73%77%6f%72%64=s3cret"',
        'redis_url = "redis://host/0?pass\\tword=s3cret"',
        'redis_url = "redis://host/0?ssl_password=s3cret"',
        'redis_url = "redis://host/0?PASSWORD=s3cret"',
        'redis_url = "redis://[s3cret"',
        'redis_url = { value = "s3cret" }',
        'database_url = "postgresql://u:s3cret@host/ledger"',
        'database_url = "postgresql://host/ledger?password=s3cret"',
        'token = "s3cret"',
        'max_items = "s3cret"',
    ],
)
def test_a_secret_in_the_wrong_place_is_refused_and_not_repeated(tmp_path: Path, line: str) -> None:
    file = tmp_path / "entrevue.toml"
    file.write_text(GOOD.replace("[broker]", f"[broker]\n{line}"))
    with pytest.raises(SetupProblem) as caught:
        load_settings(file)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert line.split(" ", maxsplit=1)[0] in str(caught.value)


def test_an_address_whose_query_holds_no_password_is_taken(tmp_path: Path) -> None:
    address = "redis://host:6379/0?protocol=3&client_name=password"
    settings = loaded(tmp_path, GOOD.replace("[broker]", f'[broker]\nredis_url = "{address}"'))
    assert settings.broker.redis_url == address


@pytest.mark.parametrize("query", ["p%61ssword=s3cret", "pass\tword=s3cret"])
def test_what_is_refused_as_a_password_is_one_to_the_client(query: str) -> None:
    options = ConnectionPool.from_url(f"redis://host/0?{query}").connection_kwargs
    assert options["password"] == "s3cret"
