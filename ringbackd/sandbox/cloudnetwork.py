"""WhatsApp behind the API: it carries messages both ways, ticks them off and reports to the webhook."""

from __future__ import annotations

import asyncio
import base64
import math
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from ringbackd.sandbox.cloudchat import ChatItem, Chats, bubble
from ringbackd.sandbox.clouderror import failure
from ringbackd.sandbox.cloudhooks import Errands, Json, Postman
from ringbackd.sandbox.cloudnumbers import canonical, hidden, old_form
from ringbackd.sandbox.cloudrequest import Request
from ringbackd.sandbox.cloudrules import WINDOW_S, Templates, check
from ringbackd.sandbox.cloudspec import Account, Knobs, TemplateSpec
from ringbackd.sandbox.cloudtemplates import template_id, told, twice

DEMO_ACCOUNT = Account()
FRIENDLY = Knobs()


@dataclass(frozen=True, slots=True)
class Accepted:
    """One message the API took. `at` is seconds since the epoch, `body` the JSON posted, `ours` our id inside it."""

    at: float
    wamid: str
    to: str
    ours: str
    body: Json


class Network:
    """The customers, their chats and the business's account. `knobs` may be replaced at any time.

    `names` gives customers' profile names by number (a nameless one shows his number); `clock` (seconds since the
    epoch) decides about the 24 hours.
    """

    def __init__(
        self,
        templates: Iterable[TemplateSpec] = (),
        *,
        account: Account = DEMO_ACCOUNT,
        callback_url: str = "",
        names: Mapping[str, str] | None = None,
        knobs: Knobs = FRIENDLY,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.account = account
        self.knobs = knobs
        self.accepted: list[Accepted] = []
        self.chats = Chats()
        self.errands = Errands()
        self.templates = Templates(templates)
        self.postman = Postman(account, self.errands, lambda: self.knobs, callback_url)
        self._names = {canonical(number): name for number, name in (names or {}).items()}
        self._clock = clock
        self._last_heard: dict[str, float] = {}

    def judge(self, name: str, language: str, status: str = "", category: str = "", quality: str = "") -> None:
        """Meta decides about a template, and tells it; '' leaves that as it is. KeyError for an unknown one."""
        before = self.templates.get(name, language)
        if before is None:
            raise KeyError(name)
        after = replace(
            before,
            status=status or before.status,
            category=category or before.category,
            quality=quality or before.quality,
        )
        self.templates.put(after)
        for field, value in told(before, after, template_id(list(self.templates).index(after))):
            self.postman.put(value, field)

    def hand_in(self, spec: TemplateSpec, may_move: bool) -> TemplateSpec:
        """Take a new template in for review. Raises MetaError where there is one of that name and language."""
        if self.templates.get(spec.name, spec.language):
            raise twice(spec)
        moved = self.knobs.recategorise not in {"", spec.category}
        taken = replace(spec, category=self.knobs.recategorise) if moved and may_move else spec
        self.templates.put(taken)
        self.errands.run(self._review(taken, "REJECTED" if moved and not may_move else self.knobs.review))
        return taken

    async def _review(self, spec: TemplateSpec, status: str) -> None:
        await asyncio.sleep(self.knobs.review_s)
        self.judge(spec.name, spec.language, status=status)

    def chat(self, number: str) -> list[ChatItem]:
        """A customer's chat as he sees it, oldest first; `number` in any form (+E164 or wa_id)."""
        return self.chats.of(canonical(number))

    def wa_id(self, number: str) -> str:
        """What WhatsApp calls this number in its answers and webhooks."""
        digits = canonical(number)
        return old_form(digits) if self.knobs.rewrite_wa_id else digits

    def ids(self, number: str) -> Json:
        """How WhatsApp names a customer: by his wa_id, or by his user id alone where he hides his number."""
        return {"user_id": number} if hidden(number) else {"wa_id": self.wa_id(number)}

    def accept(self, request: Request, body: Json) -> Accepted:
        """Take a message and carry it. Raises MetaError where Meta would refuse. The same message twice is two."""
        number, now = canonical(request.customer), self._clock()
        check(request, self.templates, window_open=now - self._last_heard.get(number, -math.inf) < WINDOW_S)
        taken = Accepted(now, new_wamid(), request.customer, request.biz_opaque_callback_data, body)
        self.accepted.append(taken)
        self.chats.add(number, bubble(request, self.templates, taken.wamid, now))
        self.errands.run(self._carry(number, taken))
        return taken

    def hear(self, number: str, text: str, content: Json, reply_to: str = "") -> str:
        """A customer's message: `content` is its type and what goes with it, `text` what his own chat shows."""
        number, now, wamid = canonical(number), self._clock(), new_wamid()
        self._last_heard[number] = now
        item = ChatItem(wamid, from_us=False, kind=str(content["type"]), text=text, at=now, reply_to=reply_to)
        self.chats.add(number, item)
        sender = "from_user_id" if hidden(number) else "from"
        message = {sender: self.wa_id(number), "id": wamid, "timestamp": str(int(now))} | content
        if reply_to and not self.knobs.omit_context:
            message["context"] = {"from": self.account.display_phone_number, "id": reply_to}
        self._report({"contacts": [self._contact(number)], "messages": [message]})
        return wamid

    async def _carry(self, number: str, taken: Accepted) -> None:
        for tick in self._ticks(number):
            await asyncio.sleep(self.knobs.step_s)
            self.chats.tick(number, taken.wamid, tick)
            self._report({"statuses": [self._status(number, taken, tick)]})

    def _ticks(self, number: str) -> list[str]:
        if self._failure_of(number):
            return ["failed"]
        ticks = ["sent", "read"] if self.knobs.omit_delivered else ["sent", "delivered", "read"]
        return ticks[::-1] if self.knobs.reorder else ticks

    def _failure_of(self, number: str) -> int | None:
        return next((code for suffix, code in self.knobs.fail.items() if number.endswith(suffix)), None)

    def _status(self, number: str, taken: Accepted, tick: str) -> Json:
        code = self._failure_of(number) if tick == "failed" else None
        status: Json = {
            "id": taken.wamid,
            "status": tick,
            "timestamp": str(int(self._clock())),
            "recipient_user_id" if hidden(number) else "recipient_id": self.wa_id(number),
        }
        ours: Json = {"biz_opaque_callback_data": taken.ours} if taken.ours else {}
        return status | ours | ({"errors": [failure(code)]} if code is not None else {})

    def _contact(self, number: str) -> Json:
        return {"profile": {"name": self._names.get(number, number)}} | self.ids(number)

    def _report(self, news: Json) -> None:
        self.postman.put({"messaging_product": "whatsapp", "metadata": self.account.metadata} | news)


def new_wamid() -> str:
    """An id such as WhatsApp gives to every message."""
    return f"wamid.{base64.b64encode(secrets.token_bytes(36)).decode()}"
