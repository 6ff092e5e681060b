"""The names of everything in Redis. All of one installation share a hash tag: Redis Cluster keeps them together.

| key | type | holds |
|---|---|---|
| facts, webhooks, dials | stream | what waits for the desk, the intake, the scheduler |
| answers, outbox, first:LINE | stream | waits for the sender: answers, what is due again, first contacts of a line |
| outboxes | set | the lines that ever had a first contact |
| pace:number, pace:pair:TO | string | when the next message, or the next to him, would be on time (epoch seconds) |
| pace:day | sorted set | whom we wrote to first in the last 24 hours (score: when) |
| written:case:ID, written:customer:KEY | set | messages of a case so far, first contacts of a customer in a day (ids) |
| circuit:account, circuit:number, circuit:template:NAME:LANGUAGE | hash | broken: `why`, `since`, `tries`, `probe_at` |
| journal | stream | what happened |
| dead | stream | what could not be processed, with the reason |
| timers | sorted set | when what is to be put into which stream (score: epoch seconds) |
| case:ID | hash | `version`, `json` |
| active:LINE:KEY | string | the id of the active case of a customer on a line |
| cases:KEY | set | the ids of a customer's active cases |
| cases | sorted set | every active case (score: opened) |
| promised:LINE | sorted set | the cases of a line that have a slot (score: when it begins) |
| message:ID | hash | `state`, `json`, `case`, `wamid`, `why` |
| wamid:WAMID | string | our id of a message |
| waid:WA_ID | string | the match key of the customer behind a WhatsApp id |
| guard:number:KEY, guard:block:PREFIX, guard:all | sorted set | attempts dialled in the last day (score: when) |
| guard:spent:DAY | string | what the calls back of a day (UTC) are expected to cost |
| guard:abroad | sorted set | callers from abroad who hung up at once (score: when) |
| guard:stop, guard:burst | hash | why nobody, or nobody abroad, is rung: `why`, `at` or `until` |
| inflight:PBX, inflight:PBX:EXTEN | sorted set | attempts under way, and to one queue (score: when marked as dialled) |
| waiting:PBX:LINE | sorted set | cases whose call back waits for a free agent (score: when it was promised for) |
| calling:KEY | string | the attempt that rings a customer now |
| attempt:ID | hash | `state` of a callback attempt; on which `pbx` it was dialled |
| calloffs | sorted set | attempts that are to ring no longer (score: since when) |
| applied:HASH | string | that the fact with the id of this hash was applied |
| offered:PBX:LINKEDID | string | what the caller chose who was offered WhatsApp or a call back |
| contacted:LINE:KEY, talked:KEY | string | when a customer was last written to, last talked to a person |
| consent:KEY | list | what a customer said about being contacted, as JSON, the oldest first |
| consents | set | match keys of those who ever said something |
| template:NAME:LANGUAGE | hash | what was last heard of a template at Meta |
| erased | hash | salted hash of a match key -> which brands that erased customer had stopped |
| salt | string | of those hashes |
| account | hash | news about our account, by webhook field and subject: the newest JSON of each |
| unknown, unknown:counts | stream, hash | webhook updates we cannot read: the last ones whole, how many of each kind |
| nowhatsapp:KEY | string | that WhatsApp did not reach a customer in the last month |
| live:KEY | set | the calls a customer is on (`PBX|LINKEDID`); KEY may be an attempt |
| heard:PBX | string | JSON: until when its listener heard it, and since when it has to be read again |
| lost:PBX | string | how many news of calls were lost in the last days, because neither Redis nor the disk took them |
| trouble:PBX | string | what its listener found that an admin has to mend |
| livecalls:PBX | hash | Linkedid -> its KEYs, parted by spaces, to clear after a gap |
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

REMEMBER_S = 9 * 24 * 3600
"""How long applied facts and messages are remembered: longer than Meta repeats a webhook."""
CLOSED_CASE_S = 30 * 24 * 3600
NO_WHATSAPP_S = 30 * 24 * 3600
"""Who had no WhatsApp may have it a month later."""
LIVE_S = 3 * 3600
"""A call whose end nobody saw stops counting as live after this."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Makes key names under one hash tag."""

    namespace: str = "ringback"

    def of(self, *parts: str) -> str:
        """A key: {namespace}:part:part."""
        return ":".join((f"{{{self.namespace}}}", *parts))

    @property
    def facts(self) -> str:
        """The stream the desk reads."""
        return self.of("facts")

    @property
    def webhooks(self) -> str:
        """The stream of raw webhook bodies."""
        return self.of("webhooks")

    @property
    def answers(self) -> str:
        """The stream of messages for customers who wait for them."""
        return self.of("answers")

    @property
    def outbox(self) -> str:
        """The stream of messages whose time has come again."""
        return self.of("outbox")

    def applied(self, fact: str) -> str:
        """The mark that a fact was applied: a hash of its id, for WhatsApp's ids have the customer's number in them."""
        return self.of("applied", hashlib.sha256(f"applied {fact}".encode()).hexdigest()[:32])

    def first(self, line: str) -> str:
        """The stream of a line's first contacts: one line's many do not stand before another's few."""
        return self.of("first", line)

    @property
    def dials(self) -> str:
        """The stream the scheduler reads."""
        return self.of("dials")

    @property
    def journal(self) -> str:
        """The stream of what happened."""
        return self.of("journal")

    @property
    def timers(self) -> str:
        """The sorted set of timers."""
        return self.of("timers")

    @property
    def timer_streams(self) -> tuple[str, str]:
        """Where timers lead; a timer's member begins with the number (from 1) of its stream."""
        return self.facts, self.outbox
