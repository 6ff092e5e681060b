from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from ami_listener.dialer import Dial
from ringbackd.cli import main
from ringbackd.flowfiles import read_flows
from ringbackd.settings import SettingsError, load

EXAMPLE = files("ringbackd").joinpath("example.toml").read_text(encoding="utf-8")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ringback.toml"


def complaint(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        read_flows(load(path, {}))
    return str(refused.value)


def test_the_example_is_in_order(path: Path) -> None:
    path.write_text(EXAMPLE, encoding="utf-8")
    settings = load(path, {})
    assert settings.line[0].callback.exten == "ventas"
    assert "general" in read_flows(settings)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[redis]", "[redis]\ncolour = 1", "redis.colour: there is no such setting"),
        ('language = "es"', 'language = "fr"', "line.1.language: Input should be 'es', 'en' or 'pt', not 'fr'"),
        ('timezone = "America/Lima"', 'timezone = "Lima"', "line.1.timezone: 'Lima' is not a time zone"),
        ('sat = "09:00-13:00"', 'sat = "9-13"', "line.1.hours.sat: '9-13' is not a span of hours"),
        ('sat = "09:00-13:00"', 'sat = "22:00-06:00"', "ends before it begins"),
        ('region = "PE"', "", "line.1.region: is missing"),
        ('region = "PE"', 'region = "Peru"', "line.1.region"),
        ('secret = "change-me"', "", "pbx.secret: is missing; set RINGBACK_AMI_SECRET, or pbx.secret_file"),
        ("port = 8088", "port = 99999", "webhook.port: Input should be less than or equal to 65535, not 99999"),
        ("[webhook]", "[webhook", "Expected ']'"),
        ('exten = "ventas"', 'exten = "ventas,1)&System(rm"', "line.1.callback.exten"),
        ('exten = "ventas"', 'exten = "ventas"\nchannel = "Local/101"', "line.1.callback.channel"),
        ('brand = "Nombre del negocio"', 'brand = " "', "line.1.brand"),
        ('language = "es"', 'flow = "clinic"', "line ventas: flow 'clinic' is not one of general"),
        ("[redis]", '[redis]\nurl = "http://x"\n[other]', "redis.url"),
        (
            "[redis]",
            "[sender]\ndoubt_s = 25\n[redis]",
            "sender.doubt_s: 25 must be more than 25, 2.5 times whatsapp.time",
        ),
        ("[redis]", "[guard]\nprices = { 51 = 1 }\n[redis]", "guard.prices.51"),
        ('token = "change', 'ca_file = "none.pem"\ntoken = "change', "none.pem cannot be read as certificates in PEM"),
    ],
)
def test_a_mistake_is_told_with_file_key_and_what_is_allowed(path: Path, old: str, new: str, says: str) -> None:
    text = complaint(path, EXAMPLE.replace(old, new, 1))
    assert text.startswith((str(path), "line ventas"))
    assert says in text


def test_a_number_may_belong_to_one_line_only(path: Path) -> None:
    second = EXAMPLE[EXAMPLE.index("[[line]]") :].replace('name = "ventas"', 'name = "otra"')
    assert "'5550100' is in line 'ventas' and again in 'otra'" in complaint(path, EXAMPLE + second)


def test_a_secret_is_never_shown(path: Path) -> None:
    text = complaint(path, EXAMPLE.replace('token = "change-me"', 'token = "EAAG secret"'))
    assert "whatsapp.token" in text
    assert "EAAG" not in text


def test_secrets_come_from_environment_and_files(path: Path) -> None:
    (path.parent / "ami").write_text("from a file\n", encoding="utf-8")
    path.write_text(EXAMPLE.replace('secret = "change-me"', 'secret_file = "ami"'), encoding="utf-8")
    settings = load(path, {"RINGBACK_APP_SECRETS": "new, old", "RINGBACK_WHATSAPP_TOKEN": "t"})
    assert settings.pbx.secret.get_secret_value() == "from a file"
    assert [secret.get_secret_value() for secret in settings.whatsapp.app_secrets] == ["new", "old"]
    assert "from a file" not in repr(settings)


def test_a_secret_file_that_cannot_be_read_is_named(path: Path) -> None:
    assert "pbx.secret_file" in complaint(path, EXAMPLE.replace('secret = "change-me"', 'secret_file = "gone"'))


def test_an_own_flow_replaces_a_shipped_one_and_a_broken_one_is_named(path: Path) -> None:
    flow = files("flows").joinpath("general.toml").read_text(encoding="utf-8")
    own = path.parent / "flows"
    own.mkdir()
    (own / "general.toml").write_text(flow.replace('goto = "calling"', 'goto = "gone"', 1), encoding="utf-8")
    text = complaint(path, f'flows = "{own}"\n' + EXAMPLE)
    assert "general.toml" in text
    assert "'gone', which is not a step" in text


def test_the_command_says_it_in_one_line_and_exits_with_2(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(EXAMPLE.replace("[redis]", "[redis]\ncolour = 1"), encoding="utf-8")
    assert main(["config", "check", "-c", str(path)]) == 2
    assert capsys.readouterr().err == f"{path}: redis.colour: there is no such setting; check the spelling\n"
    assert main(["run", "-c", str(path.parent / "gone.toml")]) == 2
    assert "there is no such file" in capsys.readouterr().err


def test_wrong_usage_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    for argv in ([], ["sing"], ["run", "--only", "listener,singer"]):
        with pytest.raises(SystemExit) as stopped:
            main(argv)
        assert stopped.value.code == 2
    assert "'singer' is not one of" in capsys.readouterr().err


def test_a_period_that_is_none_exits_with_2(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(EXAMPLE, encoding="utf-8")
    assert main(["report", "-c", str(path), "--since", "yesterday"]) == 2
    assert "'yesterday' is no period" in capsys.readouterr().err


def test_redis_that_is_not_there_exits_with_1(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(EXAMPLE.replace(":6379", ":1"), encoding="utf-8")
    assert main(["report", "-c", str(path)]) == 1
    assert "redis.url" in capsys.readouterr().err


def test_every_command_finds_the_secrets_that_the_service_has(path: Path) -> None:
    path.write_text(EXAMPLE.replace('secret = "change-me"', ""), encoding="utf-8")
    (path.parent / "secrets.env").write_text("# of systemd\nRINGBACK_AMI_SECRET='beside'\n", encoding="utf-8")
    assert load(path, {}).pbx.secret.get_secret_value() == "beside"
    assert load(path, {"RINGBACK_AMI_SECRET": "given"}).pbx.secret.get_secret_value() == "given"


@pytest.mark.parametrize(
    "channel", ["SIP/trunk/{number}", "DAHDI/g0/{number}", "Local/{number}@from-internal/n", "PJSIP/{number}@carrier"]
)
def test_every_usual_way_to_dial_passes_the_settings_and_the_dialer(path: Path, channel: str) -> None:
    path.write_text(EXAMPLE + f'channel = "{channel}"\n', encoding="utf-8")
    plan = load(path, {}).line[0].callback
    dial = Dial(attempt="rb-a-1", channel=plan.channel.replace("{number}", "+51987654321"), context="c", exten="e")
    assert dial.wrong() == ""
