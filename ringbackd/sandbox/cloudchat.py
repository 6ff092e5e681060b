"""The customers' phones: every chat as its owner sees it, kept in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from ringbackd.sandbox.cloudparts import FormButton, ListOfRows, PageButton, ReplyButtons
from ringbackd.sandbox.cloudrequest import InteractiveRequest, Request, TemplateRequest, TextRequest
from ringbackd.sandbox.cloudrules import Templates

TICKS = ("accepted", "sent", "delivered", "read", "failed")
"""How far a message of ours came; a later one is never replaced by an earlier one."""


@dataclass(frozen=True, slots=True)
class Option:
    """Something to tap: a button or a row of a list."""

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class ChatItem:
    """One bubble. `at` is seconds since the epoch; `tick` is one of TICKS on our messages and empty on the customer's.

    `kind` is template, button, list or text on ours, Meta's message type on the customer's. `menu` is the title of the
    button that opens a list. `reply_to` is the wamid the customer answered.
    """

    wamid: str
    from_us: bool
    kind: str
    text: str
    at: float
    options: tuple[Option, ...] = ()
    menu: str = ""
    tick: str = ""
    reply_to: str = ""


def bubble(request: Request, templates: Templates, wamid: str, at: float) -> ChatItem:
    """An accepted request as the customer sees it."""
    sent = ChatItem(wamid=wamid, from_us=True, kind="text", text="", at=at, tick=TICKS[0])
    match request:
        case TextRequest():
            return replace(sent, text=request.text.body)
        case TemplateRequest():
            return _template(request, templates, sent)
        case InteractiveRequest():
            return _interactive(request, sent)


def _template(request: TemplateRequest, templates: Templates, sent: ChatItem) -> ChatItem:
    spec, payloads = templates.find(request.template), request.template.payloads
    # A quick reply without a payload of its own answers with its title.
    options = tuple(Option(payloads.get(index, title), title) for index, title in enumerate(spec.buttons))
    return replace(sent, kind="template", text=spec.render(request.template.params), options=options)


def _interactive(request: InteractiveRequest, sent: ChatItem) -> ChatItem:
    shown = request.interactive
    said = replace(sent, kind=shown.type, text=shown.body.text)
    match shown:
        case ReplyButtons():
            return replace(said, options=tuple(Option(tap.reply.id, tap.reply.title) for tap in shown.action.buttons))
        case ListOfRows():
            rows = tuple(Option(row.id, row.title, row.description) for row in shown.action.rows)
            return replace(said, options=rows, menu=shown.action.button)
        case PageButton():
            page = shown.action.parameters
            return replace(said, text=f"{said.text}\n{page.display_text}: {page.url}")
        case FormButton():
            return replace(said, text=f"{said.text}\n{shown.action.parameters.flow_cta}")
    return said


class Chats:
    """All chats, by the customer's canonical number. Who waits for a change uses `until` or adds to `on_change`."""

    def __init__(self) -> None:
        self._chats: dict[str, dict[str, ChatItem]] = {}
        self._changed = asyncio.Event()
        self.on_change: list[Callable[[str], None]] = []

    def of(self, number: str) -> list[ChatItem]:
        """One customer's chat, oldest first."""
        return list(self._chats.get(number, {}).values())

    def find(self, number: str, wamid: str) -> ChatItem:
        """One bubble. Raises ValueError where this customer has none of that id."""
        try:
            return self._chats[number][wamid]
        except KeyError:
            raise ValueError(f"{number} has no message {wamid} in his chat") from None

    def add(self, number: str, item: ChatItem) -> None:
        """Append a bubble."""
        self._chats.setdefault(number, {})[item.wamid] = item
        self._ring(number)

    def tick(self, number: str, wamid: str, tick: str) -> None:
        """Move a message of ours forward; ticks that come late change nothing."""
        item = self.find(number, wamid)
        if TICKS.index(tick) > TICKS.index(item.tick):
            self.add(number, replace(item, tick=tick))

    async def until(self, ready: Callable[[], bool]) -> None:
        """Wait until `ready()` holds; it is asked again after every change."""
        while not ready():
            await self._changed.wait()

    def _ring(self, number: str) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
        for listener in self.on_change:
            listener(number)
