"""What customers do with their phones: write, tap, pick, share. Each returns the wamid of the message it makes."""

from __future__ import annotations

import secrets

from ringbackd.sandbox.cloudchat import ChatItem, Option
from ringbackd.sandbox.clouderror import failure
from ringbackd.sandbox.cloudhooks import Json
from ringbackd.sandbox.cloudnetwork import Network
from ringbackd.sandbox.cloudnumbers import canonical


class Customers(Network):
    """The network, seen from the customers' side. Numbers in any form (+E164 or wa_id)."""

    async def say(self, number: str, text: str) -> str:
        """He writes."""
        return self.hear(number, text, {"type": "text", "text": {"body": text}})

    async def tap(self, number: str, wamid: str, button: int | str) -> str:
        """He taps a button of one of our messages, by its place or its id. ValueError where there is none such."""
        item, option = self._option(number, wamid, button)
        return self.hear(number, option.title, _tapped(item, option), reply_to=wamid)

    async def pick(self, number: str, wamid: str, row: int | str) -> str:
        """He picks a row of a list, by its place or its id. ValueError where there is none such."""
        item, option = self._option(number, wamid, row)
        return self.hear(number, option.title, _tapped(item, option), reply_to=wamid)

    async def locate(self, number: str, latitude: float, longitude: float, name: str = "", address: str = "") -> str:
        """He shares a place (degrees)."""
        place = {"latitude": latitude, "longitude": longitude, "name": name, "address": address}
        return self.hear(number, name or f"{latitude}, {longitude}", {"type": "location", "location": place})

    async def photograph(self, number: str, caption: str = "") -> str:
        """He sends a picture: only its description, there is nothing to download."""
        picture = {
            "caption": caption,
            "mime_type": "image/jpeg",
            "sha256": secrets.token_urlsafe(32),
            "id": _media_id(),
        }
        return self.hear(number, caption, {"type": "image", "image": picture})

    async def send_unsupported(self, number: str) -> str:
        """He sends something that the API cannot carry, such as a poll."""
        return self.hear(number, "", {"type": "unsupported", "errors": [failure(131051)]})

    def _option(self, number: str, wamid: str, chosen: int | str) -> tuple[ChatItem, Option]:
        item = self.chats.find(canonical(number), wamid)
        for place, option in enumerate(item.options):
            if chosen in (place, option.id):
                return item, option
        raise ValueError(f"message {wamid} has nothing to tap that is called {chosen!r}")


def _tapped(item: ChatItem, option: Option) -> Json:
    if item.kind == "template":
        return {"type": "button", "button": {"payload": option.id, "text": option.title}}
    name = "list_reply" if item.kind == "list" else "button_reply"
    described = {"description": option.description} if option.description else {}
    chosen = {"id": option.id, "title": option.title} | described
    return {"type": "interactive", "interactive": {"type": name, name: chosen}}


def _media_id() -> str:
    return str(10**15 + secrets.randbelow(9 * 10**15))
