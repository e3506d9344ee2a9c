"""Receivers of webhooks in this process: what they were sent, checked as they would check it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from unittest import mock

from standardwebhooks import Webhook

from portal_api.services.deliveries import Sent

URL = "https://hooks.example.com/portal"


@dataclass(frozen=True)
class Message:
    """One request as it was sent."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def content(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.body)
        return told

    def verified(self, secret: str, now: datetime) -> dict[str, Any]:
        """What the published library makes of it at an instant; raises where it is not signed."""
        with mock.patch("standardwebhooks.webhooks.datetime", wraps=datetime) as clock:
            clock.now.return_value = now
            told: dict[str, Any] = Webhook(secret).verify(self.body, dict(self.headers))
        return told


@dataclass
class Receivers:
    """What sends: it keeps each message and answers with a status, or with words for none.

    ``statuses`` are by URL, others answer ``status``; ``first`` is done before each answer.
    """

    status: int | str = 204
    statuses: dict[str, int | str] = field(default_factory=dict)
    first: Callable[[], None] = lambda: None
    got: list[Message] = field(default_factory=list)

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        self.got.append(Message(url, headers, body))
        self.first()
        answer = self.statuses.get(url, self.status)
        return Sent(None, answer) if isinstance(answer, str) else Sent(answer)

    def kinds(self) -> list[str]:
        """What they were told of, in order."""
        return [message.content["type"] for message in self.got]
