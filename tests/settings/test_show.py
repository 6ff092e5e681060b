from __future__ import annotations

from rich.console import Console

from ringback.kpi import report
from ringbackd.show import PARTS, case_page, cases_table, report_table
from tests.core.test_kpi import called_back, fold, handed_over, solved
from tests.core.worlds import NOON


def shown(width: int = 100) -> Console:
    return Console(width=width, record=True, color_system=None)


def test_the_report_says_every_figure_with_its_n_and_the_split_in_words() -> None:
    console = shown(160)
    report_table(console, fold(called_back(), solved()))
    text = console.export_text()
    for words in (
        "Recovery rate",
        "100%",
        "our call back 1",
        "First response time",
        "20.0 s",
        "asked 2, answered 100%",
    ):
        assert words in text


def test_every_part_of_a_figure_that_is_shown_has_a_name_in_words() -> None:
    found = report(called_back().journal, NOON - 3600, NOON + 3600)
    figures = (*found.figures, *found.messages)
    hidden = {"message_p50", "message_n", "first_answer_p90", "first_answer_n", "first_human_p90"}
    assert {part for figure in figures for part in figure.parts} - hidden == set(PARTS)


def test_what_a_customer_wrote_is_shown_as_it_is_and_cannot_colour_the_terminal() -> None:
    world = handed_over()
    world.says("[red]hola[/red]")
    console = shown()
    case_page(console, world.case, world.journal)
    cases_table(console, [world.case], NOON)
    assert "[red]hola[/red]" in console.export_text()
