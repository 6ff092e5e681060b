"""How the Cloud API is reached: Meta's address and 360dialog's, and what is refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from whatsapp.settings import CloudSettings

GIVEN: dict[str, object] = {"phone_number_id": "1", "token": "EAAB", "app_secrets": ["s"], "verify_token": "v"}


def settings(**changed: object) -> CloudSettings:
    return CloudSettings.model_validate(GIVEN | changed)


def test_meta() -> None:
    assert settings().messages_url == "https://graph.facebook.com/v26.0/1/messages"
    assert settings(waba_id="9").templates_url == "https://graph.facebook.com/v26.0/9/message_templates"
    assert settings().templates_url == "", "no account, no templates"
    assert settings().auth == {"Authorization": "Bearer EAAB"}


def test_360dialog() -> None:
    other = settings(
        base_url="https://waba-v2.360dialog.io/",
        messages_path="/messages",
        templates_path="/v1/configs/templates",
        auth_header="D360-API-KEY",
        auth_prefix="",
        app_secrets=[],
        verify_signature=False,
    )
    assert other.messages_url == "https://waba-v2.360dialog.io/messages"
    assert other.templates_url == "https://waba-v2.360dialog.io/v1/configs/templates"
    assert other.auth == {"D360-API-KEY": "EAAB"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"base_url": "http://graph.facebook.com"}, "must begin with https"),
        ({"base_url": "ftp://127.0.0.1"}, "must begin with https"),
        ({"base_url": ""}, "must begin with https"),
        ({"messages_path": "messages"}, "must begin with /"),
        ({"messages_path": "/{token}"}, "nothing else in braces"),
        ({"messages_path": "/{version.x}"}, "nothing else in braces"),
        ({"messages_path": "/{"}, "nothing else in braces"),
        ({"token": "EAAB\r\nX: y"}, "copy it again"),
        ({"token": "EAAB "}, "copy it again"),
        ({"auth_header": "X: y"}, "pattern"),
        ({"app_secrets": []}, "app_secrets is empty"),
        ({"app_secrets": [""]}, "at least 1"),
        ({"version": "26"}, "pattern"),
        ({"phone_number_id": "1/../2"}, "pattern"),
        ({"timeout_s": 0}, "greater than 0"),
        ({"tokn": "x"}, "Extra inputs"),
    ],
)
def test_what_is_wrong_is_named(changed: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        settings(**changed)
    (error,) = caught.value.errors()
    assert not error["loc"] or error["loc"][0] in changed


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1"])
def test_this_machine_may_be_asked_in_the_clear(base_url: str) -> None:
    assert settings(base_url=base_url).base_url == base_url


def test_secrets_are_not_shown() -> None:
    shown = repr(settings(token="EAAB-token", app_secrets=["s3cret"], verify_token="v3rify"))
    assert not any(secret in shown for secret in ("EAAB", "s3cret", "v3rify"))
