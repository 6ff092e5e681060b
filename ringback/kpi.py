"""The figures of the trade, and how the messages fare, folded from the journal, each with its formula and n."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import quantiles

from pydantic import BaseModel, ConfigDict

from ringback.journal import Entry, Event
from ringback.letter import Letter
from ringback.offered import TAKEN, Choice
from ringback.period import Period
from ringback.receipt import REACHED, SEEN, Tick
from ringback.record import Outcome
from ringback.story import RECOVERED, WINDOW_S, Story

GOOD_RATING = 4


class Figure(BaseModel):
    """One figure: `value` is a share (0-1) or seconds, None where n is 0. `parts` are its components."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    formula: str
    unit: str
    value: float | None
    n: int
    parts: dict[str, float | int | None] = {}


class Report(BaseModel):
    """The figures of a period (epoch seconds), the minutes of it in which the PBX link was down, the calls of such
    minutes whose verdict was read afterwards, and what was `lost`: news of calls that could be neither stored nor kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: float
    until: float
    missed_calls: int
    suppressed: dict[str, int]
    link_down_minutes: float
    lost: int
    filled_calls: int
    figures: tuple[Figure, ...]
    messages: tuple[Figure, ...]
    """Of the messages that were put into the outbox in the period."""


def report(journal: Iterable[Entry], since: float, until: float) -> Report:
    """The figures of the cases whose missed call ended in [since, until).

    Entries after `until` still tell how those cases ended: give the whole journal.
    """
    period = Period(since, until)
    for entry in journal:
        period.tell(entry)
    return figures(period)


def figures(period: Period) -> Report:
    """The figures of a period to which the whole journal was told."""
    cases = period.cases
    return Report(
        since=period.since,
        until=period.until,
        missed_calls=period.missed,
        suppressed=period.suppressed,
        filled_calls=period.filled,
        link_down_minutes=link_down_s(period.links, period.since, period.until) / 60,
        lost=period.lost,
        figures=(
            _recovery(cases),
            _response(cases),
            _solved(cases, period.misses),
            _escalated(cases),
            _satisfaction(cases),
            _offers(list(period.offers.values())),
        ),
        messages=_fate(period.letters),
    )


def _fate(sent: Sequence[Letter]) -> tuple[Figure, ...]:
    accepted = [letter for letter in sent if letter.accepted]
    delivered = [letter for letter in accepted if letter.tick in REACHED]
    read = [letter for letter in delivered if letter.tick in SEEN]
    failed = [letter for letter in accepted if letter.tick == Tick.FAILED]
    refused = [letter for letter in sent if letter.status == "refused"]
    billed: dict[str, float | int | None] = {"billed": sum(letter.billable is True for letter in accepted)}
    lost: dict[str, float | int | None] = {"failed": len(failed), "refused": len(refused)}
    final = len(accepted) + len(refused)
    return (
        _rate("delivered", "delivered or read / accepted by WhatsApp", len(delivered), len(accepted), billed),
        _rate("read", "read / delivered (customers may hide that they read)", len(read), len(delivered)),
        _rate("failed", "failed or refused for good / accepted or refused", len(failed) + len(refused), final, lost),
    )


def _recovery(cases: Sequence[Story]) -> Figure:
    recovered = [story for story in cases if story.recovered]
    split: dict[str, float | int | None] = {
        outcome.value: sum(story.outcome == outcome for story in recovered) for outcome in RECOVERED
    }
    split["assisted"] = _share(sum(story.outcome != Outcome.RETURNED for story in recovered), len(cases))
    formula = "cases that reached a conversation or a confirmed solution within 24 h / recoverable cases"
    return _rate("recovery_rate", formula, len(recovered), len(cases), split)


def _response(cases: Sequence[Story]) -> Figure:
    message = [min(story.accepted) - story.missed_at for story in cases if story.accepted]
    answer = [seconds for story in cases if (seconds := story.first_answer()) is not None]
    human = [min(story.human) - story.missed_at for story in cases if story.human]
    parts: dict[str, float | int | None] = {}
    for name, times in (("message", message), ("first_answer", answer), ("first_human", human)):
        parts |= {f"{name}_p50": _quantile(times, 50), f"{name}_p90": _quantile(times, 90), f"{name}_n": len(times)}
    return Figure(
        name="first_response_time",
        formula="median seconds from the end of the missed call to the first message accepted by WhatsApp",
        unit="s",
        value=_quantile(message, 50),
        n=len(message),
        parts=parts,
    )


def _solved(cases: Sequence[Story], misses: Mapping[str, Sequence[float]]) -> Figure:
    delivered = [story for story in cases if story.delivered]
    solved = [s for s in delivered if s.outcome == Outcome.SOLVED and s.how == "whatsapp" and not _again(s, misses)]
    formula = "closed as solved in WhatsApp and no new missed call within 24 h / cases whose message was delivered"
    return _rate("solved_in_whatsapp", formula, len(solved), len(delivered))


def _again(story: Story, misses: Mapping[str, Sequence[float]]) -> bool:
    return any(story.closed < at <= story.closed + WINDOW_S for at in misses.get(story.customer, ()))


def _escalated(cases: Sequence[Story]) -> Figure:
    engaged = [story for story in cases if story.engaged]
    formula = "cases handed to a person / cases in which the customer answered"
    return _rate("escalated", formula, sum(story.escalated for story in engaged), len(engaged))


def _satisfaction(cases: Sequence[Story]) -> Figure:
    rated = [story.rating for story in cases if story.rating]
    asked = sum(bool(story.survey or story.rating) for story in cases)
    parts: dict[str, float | int | None] = {"asked": asked, "response_rate": _share(len(rated), asked)}
    formula = "ratings of 4 and 5 / ratings; response rate: ratings / cases that were asked, or rated by a key"
    return _rate("satisfaction", formula, sum(rating >= GOOD_RATING for rating in rated), len(rated), parts)


def _offers(offers: Sequence[Entry]) -> Figure:
    offers = [entry for entry in offers if entry.data["choice"] != Choice.CANCELLED]  # that is no answer to an offer
    choices = Counter(str(entry.data["choice"]) for entry in offers)
    keys = Counter(str(entry.data["key"]) for entry in offers if entry.data["key"])
    kinds = [choice for choice in Choice if choice is not Choice.CANCELLED]
    parts: dict[str, float | int | None] = {f"offer_{choice}": choices[choice] for choice in kinds}
    parts |= {f"key_{key}": number for key, number in sorted(keys.items())}
    formula = "calls in which WhatsApp or a call back was taken / calls in which it was offered"
    return _rate("offers_taken", formula, sum(choices[choice] for choice in TAKEN), len(offers), parts)


def _rate(name: str, formula: str, part: int, n: int, parts: dict[str, float | int | None] | None = None) -> Figure:
    return Figure(name=name, formula=formula, unit="share", value=_share(part, n), n=n, parts=parts or {})


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _quantile(values: Sequence[float], percent: int) -> float | None:
    if len(values) < 2:
        return values[0] if values else None
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def link_down_s(entries: Iterable[Entry], since: float, until: float) -> float:
    """Seconds of the period in which a PBX link was down."""
    total, went_down = 0.0, dict[str, float]()
    for entry in sorted(entries, key=lambda entry: entry.at):  # the start of a gap is often told after it
        pbx = str(entry.data.get("pbx", ""))
        if entry.event is Event.LINK_DOWN:
            went_down.setdefault(pbx, entry.at)
        elif entry.event is Event.LINK_UP and pbx in went_down:
            total += max(0.0, min(entry.at, until) - max(went_down.pop(pbx), since))
    return total + sum(max(0.0, until - max(at, since)) for at in went_down.values())
