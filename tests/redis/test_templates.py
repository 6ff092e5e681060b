"""`ringback templates` against the simulated Meta, and what a line is told when it cannot write."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from rich.console import Console

from ringback.fact import AccountNews
from ringback.message import Message, Template
from ringbackd.cli import _parser
from ringbackd.commands import FailedError
from ringbackd.flowfiles import read_flows
from ringbackd.readiness import look
from ringbackd.sandbox.cloud import Cloud
from ringbackd.sandbox.cloudspec import Knobs, TemplateSpec
from ringbackd.settings import Settings, SettingsError, load
from ringbackd.store import Store
from ringbackd.templatestore import recall
from tests.redis.offices import Office
from tests.settings.test_settings import EXAMPLE
from whatsapp.client import CloudClient
from whatsapp.graph import Graph
from whatsapp.outcome import Refused, Scope

KNOBS = Knobs(review_s=0.0, gather_s=0.01)


class Shop:
    """An installation whose Meta is the simulated one."""

    def __init__(self, path: Path, cloud: Cloud, redis_url: str) -> None:
        self.path, self.cloud = path, cloud
        self.write(redis_url=redis_url)

    def write(self, redis_url: str = "", **changes: str) -> None:
        account = self.cloud.account
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else EXAMPLE
        pairs = {
            "redis://127.0.0.1:6379/0": redis_url or "redis://127.0.0.1:6379/0",
            'phone_number_id = "100000000000001"': (
                f'phone_number_id = "{account.phone_number_id}"\nbase_url = "{self.cloud.url}"'
            ),
            'token = "change-me"                 #': f'token = "{account.token}"  #',
            'waba_id = "" ': f'waba_id = "{account.waba_id}" ',
        } | changes
        for old, new in pairs.items():
            text = text.replace(old, new, 1)
        self.path.write_text(text, encoding="utf-8")

    @property
    def settings(self) -> Settings:
        return load(self.path, {})

    async def run(self, *words: str) -> tuple[int, str]:
        """One command: its exit code, and what it printed."""
        arguments = _parser().parse_args(["templates", *words, "-c", str(self.path)])
        out = io.StringIO()
        code = await arguments.run(arguments, Console(width=200, file=out))
        return code, out.getvalue()

    async def look(self, store: Store) -> list[str]:
        return await look(self.settings, read_flows(self.settings), store)


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with Cloud(knobs=KNOBS) as cloud:
        yield cloud


@pytest.fixture
def shop(tmp_path: Path, cloud: Cloud, redis_url: str) -> Shop:
    return Shop(tmp_path / "ringback.toml", cloud, redis_url)


async def settled(shop: Shop) -> None:
    """Meta has decided about everything that was handed in."""
    async with asyncio.timeout(10), Graph(shop.settings.whatsapp) as graph:
        while any(there.status == "PENDING" for there in (await graph.templates()).values()):
            pass


async def test_they_are_handed_in_once_approved_and_then_the_line_is_ready(
    shop: Shop, cloud: Cloud, store: Store
) -> None:
    first, reminder, missed = await shop.look(store)
    assert first.startswith("line ventas: template ringback_missed_call (es) is not at Meta")
    assert reminder.startswith("line ventas: template ringback_callback_reminder (es) is not at Meta")
    assert missed.startswith("line ventas: template ringback_callback_missed (es) is not at Meta")
    code, told = await shop.run("push")
    assert (code, told.count("handed in (pending)")) == (0, 4)
    await settled(shop)
    assert await shop.look(store) == []
    code, told = await shop.run("push")
    assert (code, told.count("as it is here (approved)")) == (0, 4)
    code, told = await shop.run("push", "--all")
    assert (code, told.count("handed in")) == (0, 16)
    assert {spec.ttl_s for spec in cloud.templates if spec.name == "ringback_missed_call"} == {3600}
    await settled(shop)
    code, told = await shop.run("status", "--json")
    shown = json.loads(told)
    assert (code, shown["troubles"], len(shown["templates"])) == (0, [], 20)
    assert {row["status"] for row in shown["templates"]} == {"APPROVED"}
    assert all(row["differences"] == [] for row in shown["templates"])


async def test_a_long_list_is_read_to_its_end(shop: Shop, cloud: Cloud) -> None:
    for number in range(230):
        cloud.templates.put(TemplateSpec(f"other_{number}", "es", "Hola a todos"))
    async with Graph(shop.settings.whatsapp) as graph:
        assert len(await graph.templates()) == 230


async def test_what_differs_is_told_and_not_changed(shop: Shop, cloud: Cloud) -> None:
    cloud.templates.put(TemplateSpec("ringback_survey", "es", "Otra cosa", category="MARKETING"))
    code, told = await shop.run("push")
    assert code == 1
    assert "ringback_survey (es): not as it is here: category: here 'UTILITY', at Meta 'MARKETING'" in told
    found = cloud.templates.get("ringback_survey", "es")
    assert found is not None
    assert found.body == "Otra cosa"
    _, told = await shop.run("status")
    assert "body: here 'Hola, hace poco" in told


async def test_meta_may_move_a_template_to_another_category_only_where_it_may(shop: Shop, cloud: Cloud) -> None:
    cloud.knobs = Knobs(review_s=0.0, gather_s=0.01, recategorise="MARKETING")
    _, told = await shop.run("push", "--keep-category")
    assert "MARKETING" not in told
    await settled(shop)
    assert {spec.status for spec in cloud.templates} == {"REJECTED"}


async def test_a_moved_one_is_said(shop: Shop, cloud: Cloud) -> None:
    cloud.knobs = Knobs(review_s=0.0, gather_s=0.01, recategorise="MARKETING")
    code, told = await shop.run("push")
    assert (code, told.count("handed in (pending, as MARKETING)")) == (0, 4)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (TemplateSpec("ringback_missed_call", "es_MX", "x"), "it is in es_MX: see template_language"),
        (TemplateSpec("ringback_missed_call", "es", "x", status="PAUSED"), "is PAUSED, not approved"),
        (
            TemplateSpec("ringback_missed_call", "es", "Hola {{1}} a todos", ("a",)),
            "has 1 places and 1 buttons, the flow 2 and 4",
        ),
    ],
)
async def test_a_line_that_cannot_write_says_why(
    shop: Shop, cloud: Cloud, store: Store, spec: TemplateSpec, says: str
) -> None:
    cloud.templates.put(spec)
    trouble, *_others = await shop.look(store)
    assert says in trouble
    assert (await shop.run("status"))[0] == 1


async def test_webhooks_keep_the_state_current(shop: Shop, cloud: Cloud, store: Store) -> None:
    await shop.run("push")
    await settled(shop)
    assert await shop.look(store) == []
    office = Office(store)

    async def hear(field: str, event: str, at: float, detail: str = "NONE") -> None:
        subject = "ringback_missed_call es"
        await office.desk.process(AccountNews(field=field, subject=subject, event=event, detail=detail, at=at))

    await hear("message_template_status_update", "PAUSED", 20.0)
    await hear("message_template_status_update", "APPROVED", 10.0)
    await hear("message_template_quality_update", "RED", 20.0)
    found = (await recall(store))["ringback_missed_call", "es"]
    assert (found.status, found.quality, found.places) == ("PAUSED", "RED", 2), "an older word changes nothing"
    shop.write(**{f'waba_id = "{cloud.account.waba_id}"': 'waba_id = ""'})
    assert await shop.look(store) == [
        "line ventas: template ringback_missed_call (es) is PAUSED, not approved, as last heard"
    ]
    await hear("message_template_status_update", "APPROVED", 30.0)
    assert await shop.look(store) == []


async def test_without_an_account_or_with_a_wrong_token_it_is_said_in_a_line(
    shop: Shop, cloud: Cloud, store: Store
) -> None:
    shop.write(**{f'token = "{cloud.account.token}"': 'token = "wrong-one"'})
    with pytest.raises(FailedError, match=r"\(190\)") as failed:
        await shop.run("status")
    assert "wrong-one" not in str(failed.value)
    (trouble,) = await shop.look(store)
    assert "(190)" in trouble
    shop.write(**{f'waba_id = "{cloud.account.waba_id}"': 'waba_id = ""'})
    with pytest.raises(SettingsError, match="waba_id is missing"):
        await shop.run("push")
    assert await shop.look(store) == [], "nothing is known, nothing is said"


async def test_nobody_at_the_address(shop: Shop, cloud: Cloud, store: Store) -> None:
    shop.write(**{f'base_url = "{cloud.url}"': 'base_url = "http://127.0.0.1:9"'})
    with pytest.raises(FailedError, match=r"templates: http://127\.0\.0\.1:9"):
        await shop.run("status")


async def test_check_reads_ones_own_and_needs_nobody(shop: Shop, tmp_path: Path) -> None:
    code, told = await shop.run("check")
    assert (code, "4 templates in en, es, es_AR, es_MX, pt_BR" in told) == (0, True)
    own = tmp_path / "own"
    own.mkdir()
    (own / "mine.toml").write_text('name = "ringback_missed_call"\ncategory = "UTILITY"\n', encoding="utf-8")
    shop.write(**{"[pbx]": f'templates = "{own}"\n[pbx]'})
    with pytest.raises(SettingsError, match=r"mine\.toml: ttl_s: is missing"):
        await shop.run("check")
    wording = '[languages.es]\nbody = "Hola a todos de nuestra parte"\n'
    (own / "mine.toml").write_text(
        f'name = "ringback_missed_call"\ncategory = "UTILITY"\nttl_s = 60\n{wording}', encoding="utf-8"
    )
    with pytest.raises(SettingsError) as refused:
        await shop.run("check")
    assert "the step's text has others" in str(refused.value)
    assert "another number of buttons" in str(refused.value)


async def test_the_cloud_refuses_what_is_not_approved(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    codes: dict[str, Any] = {"PENDING": 132001, "PAUSED": 132015, "DISABLED": 132016}

    async with aiohttp.ClientSession() as session:
        client = CloudClient(cloud.settings, session)
        for status, code in codes.items():
            cloud.templates.put(TemplateSpec("hello", "es", "Hola a todos", status=status))
            body = Template(name="hello", language="es")
            message = Message(id="1", case="c", line="l", to="+51987654321", body=body, not_after=2e9)
            outcome = await client.send(message)
            assert isinstance(outcome, Refused)
            assert (outcome.scope, outcome.code) == (Scope.TEMPLATE, code)


async def test_the_survey_template_is_wanted_only_where_the_line_asks_by_it(shop: Shop, store: Store) -> None:
    assert not [trouble for trouble in await shop.look(store) if "ringback_survey" in trouble]
    shop.path.write_text(shop.path.read_text() + "\n[line.survey]\ntemplate = true\n")
    assert [trouble for trouble in await shop.look(store) if "ringback_survey (es) is not at Meta" in trouble]
