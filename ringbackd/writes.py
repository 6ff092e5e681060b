"""Commands and changed cases as Redis writes."""

from __future__ import annotations

import json
from dataclasses import asdict

from ringback.command import CallOff, ClearTimer, Command, Dial, Note, Reach, Record, Send, SetTimer, Withdraw
from ringback.fact import Timer
from ringback.record import Case
from ringbackd import calloff
from ringbackd.keys import CLOSED_CASE_S, NO_WHATSAPP_S, REMEMBER_S, Keys
from ringbackd.store import Op, Store

UNSETTLED = ("queued", "sending", "doubt")


def case_checks(keys: Keys, before: Case | None, after: Case) -> list[Op]:
    """That nobody has changed the case since it was read, or begun another one."""
    version = str(before.version) if before else ""
    checks: list[Op] = [("HGET", keys.of("case", after.id), "version", version)]
    if before is None or before.key != after.key:
        checks.append(("GET", keys.of("active", after.line, after.key), ""))
    return checks


def case_writes(keys: Keys, case: Case, before: Case | None = None) -> list[Op]:
    """The record, and the indexes by which it is found; those of another number that it had `before` go."""
    record = keys.of("case", case.id)
    writes: list[Op] = [("HSET", record, "version", str(case.version), "json", case.model_dump_json())]
    if before and before.key != case.key:
        writes += _unfound(keys, before)
    active, mine, everyone = keys.of("active", case.line, case.key), keys.of("cases", case.key), keys.of("cases")
    if case.active:
        return [
            *writes,
            ("SET", active, case.id),
            ("SADD", mine, case.id),
            ("ZADD", everyone, repr(case.opened), case.id),
        ]
    return [
        *writes,
        ("EXPIRE", record, str(CLOSED_CASE_S)),
        *_unfound(keys, case),
        ("ZREM", everyone, case.id),
    ]


def _unfound(keys: Keys, case: Case) -> list[Op]:
    """The writes by which a case is not found any more under its customer's number."""
    active = keys.of("active", case.line, case.key)
    return [("IFEQ", active, case.id, "DEL", active), ("SREM", keys.of("cases", case.key), case.id)]


def contact_writes(keys: Keys, case: Case, gap_s: float) -> list[Op]:
    """That he was written to, once WhatsApp took a message: one that was withdrawn must not silence his next miss."""
    if case.origin != "missed_call" or gap_s < 1:
        return []
    return [("SET", keys.of("contacted", case.line, case.key), repr(case.opened), "EX", str(int(gap_s)))]


def command_writes(store: Store, case: Case, command: Command) -> list[Op]:
    """What a command means in Redis."""
    keys = store.keys
    match command:
        case Send():
            return _send(keys, case, command)
        case Withdraw():
            return _withdraw(keys, command)
        case SetTimer() | ClearTimer():
            return [_timer(store, case.id, command)]
        case Dial() | CallOff():
            return [_ringing(store, command)]
        case Record():
            return store.ledger.append(command.key, command.consent)
        case Reach():
            key = keys.of("nowhatsapp", command.key)
            return [("DEL", key) if command.whatsapp else ("SET", key, "1", "EX", str(NO_WHATSAPP_S))]
        case Note():
            return [store.note(command.entry)]


def _ringing(store: Store, command: Dial | CallOff) -> Op:
    if isinstance(command, CallOff):
        return calloff.wanted(store, command.attempt, command.at)
    return ("XADD", store.keys.dials, "*", "json", json.dumps(asdict(command)))


def _withdraw(keys: Keys, command: Withdraw) -> list[Op]:
    # One that is being posted or in doubt may still turn out to be accepted; it is not posted again.
    message = keys.of("message", command.message)
    return [("IF", message, "state", state, "HSET", message, "state", "withdrawn") for state in UNSETTLED]


def _timer(store: Store, case: str, command: SetTimer | ClearTimer) -> Op:
    member = store.timer(case, Timer(command.timer))
    if isinstance(command, SetTimer):
        return ("ZADD", store.keys.timers, f"{command.at:.3f}", member)
    return ("ZREM", store.keys.timers, member)


def _send(keys: Keys, case: Case, command: Send) -> list[Op]:
    message = command.message
    key = keys.of("message", message.id)
    first = message.body.kind == "template"  # whoever waits for an answer goes before whom we write to first
    stream = keys.first(message.line) if first else keys.answers
    return [
        *([("SADD", keys.of("outboxes"), message.line)] if first else []),
        ("HSET", key, "state", "queued", "case", message.case, "key", case.key, "json", message.model_dump_json()),
        ("EXPIRE", key, str(REMEMBER_S)),
        ("XADD", stream, "*", "json", json.dumps({"message": message.id})),
    ]
