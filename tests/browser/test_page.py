"""The page in a real headless Chromium, on a real stage: from the first dial to the call back."""

import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect
from rich.console import Console

from ringback.record import Outcome
from ringbackd.sandbox.customer import PHONE, Customer
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.page import Page as Served
from ringbackd.sandbox.scene import CUSTOMERS, Scene
from ringbackd.sandbox.stage import Stage

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome") or ""
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--no-first-run"]  # fmt: skip

pytestmark = [
    pytest.mark.pbx,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine: install Debian's package chromium"),
]
ANA, LUIS, ROSA = CUSTOMERS
HOSTILE = "<img src=x onerror=\"document.title='taken'\">"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(kit: Kit) -> AsyncIterator[Stage]:
    async with Stage(Console(stderr=True), Scene(quiet_s=1.0, short_s=0.0), kit=kit) as stage:
        yield stage


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(stage: Stage) -> AsyncIterator[Served]:
    async with Served(stage, 0) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, served: Served) -> AsyncIterator[Page]:
    """The page at 1280 px. Whatever the browser complains of (a script error, a breach of the CSP) fails the test."""
    page = await browser.new_page(viewport={"width": 1280, "height": 860})
    complaints: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    page.on("console", complain)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(served.url)
    yield page
    await page.close()
    assert complaints == []


async def test_from_the_first_dial_to_the_call_back(page: Page, stage: Stage) -> None:
    stage.people.agent_available = False
    await expect(page.locator("#hint")).to_contain_text("Llame a Ventas")
    await page.get_by_role("button", name="Llamar a Ventas").click()
    await expect(page.locator("#hint")).to_contain_text("cuelgue")
    await stage.people.agent.call()
    await page.get_by_role("button", name="Colgar").click()
    await expect(page.locator("#verdict")).to_contain_text("Abandonó la cola")

    await page.get_by_role("button", name="Llámenme ahora").click()
    await expect(page.locator(".bubble.mine p")).to_have_text(["Llámenme ahora"])
    await page.get_by_role("button", name="Contestar", exact=True).click()
    await page.get_by_role("button", name="Contestar como agente").click()
    await expect(page.locator("#hint")).to_contain_text("llamada recuperada")
    await expect(page.locator(".timer")).to_have_text("00:02")
    await page.locator("#dialler").get_by_role("button", name="Colgar").click()

    await expect(page.locator("#case")).to_contain_text("recuperado: le llamamos")
    await expect(page.locator("#journal")).to_contain_text("La central marca (intento 1)")
    await page.get_by_role("button", name="Calificar").click()
    await page.get_by_label("4 · Bien").check()
    await page.locator("#sheet").get_by_role("button", name="Enviar").click()
    await expect(page.locator("#journal")).to_contain_text("Calificación: 4 de 5")
    await expect(page.locator("#figures")).to_contain_text("100 %")
    case = await stage.case(ANA)
    assert case is not None
    await expect(page.locator("#plan .legend .done")).to_have_text("hechas: 1")
    await expect(page.locator("#plan .busy li")).to_contain_text("hechas: 1 (caben 12)")
    assert (case.outcome, case.rating) == (Outcome.CALLBACK, 4)


async def test_a_person_replies_and_solves_and_hostile_words_stay_words(page: Page, stage: Stage) -> None:
    customer = Customer(stage, LUIS)
    await page.locator("#customer").select_option(LUIS)
    await customer.abandon(PHONE)
    await page.get_by_role("button", name="Prefiero escribir").click()
    await page.get_by_role("button", name="Otra consulta").click()
    await expect(page.locator(".bubble.theirs")).to_have_count(3)
    await page.locator("#text").fill(HOSTILE)
    await page.locator("#text").press("Enter")

    await expect(page.locator("#handover")).to_contain_text(HOSTILE)
    await expect(page.locator("#bubbles")).to_contain_text(HOSTILE)
    assert await page.locator("#bubbles img, #handover img, #journal img").count() == 0
    assert await page.title() != "taken"
    await page.locator("#handover textarea").fill("Sí, tenemos.")
    await page.locator("#handover").get_by_role("button", name="Enviar").click()
    await expect(page.locator("#bubbles")).to_contain_text("Sí, tenemos.")
    await page.get_by_role("button", name="Marcar como resuelto").click()
    await expect(page.locator("#case")).to_contain_text("recuperado: resuelto")


async def test_an_answered_call_opens_no_case(page: Page, stage: Stage) -> None:
    await page.locator("#customer").select_option(ROSA)
    await page.get_by_role("switch", name="Contesta solo").check()
    await page.get_by_role("button", name="Llamar a Ventas").click()
    await expect(page.locator("#hint")).to_contain_text("Habla con el agente")
    await expect(page.locator(".timer")).to_have_text("00:03")
    await page.locator("#dialler").get_by_role("button", name="Colgar").click()
    await expect(page.locator("#verdict")).to_contain_text("Atendida")
    await expect(page.locator("#case")).to_contain_text("Sin caso")
    assert stage.people.agent_available
    stage.people.agent_available = False


@pytest.mark.parametrize(("language", "words"), [("en", "Call Sales"), ("pt", "Ligar para Vendas")])
@pytest.mark.parametrize("width", [390, 1280])
async def test_it_speaks_three_languages_and_fits_the_screen(
    page: Page, served: Served, language: str, words: str, width: int
) -> None:
    await page.set_viewport_size({"width": width, "height": 844})
    await page.goto(f"{served.url}?lang={language}")
    await expect(page.get_by_role("button", name=words)).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    if width < 400:
        await page.get_by_role("button", name="WhatsApp").click()
        await expect(page.locator("#write")).to_be_visible()
        await expect(page.locator("#dialler")).to_be_hidden()
