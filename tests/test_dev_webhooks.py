"""The local portal tells receivers on this machine of what is committed, and nobody else."""

import itertools
import json
import logging
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from portal_api.dev import webhooks
from portal_api.dev.gateway import HOST, LocalOrigins
from portal_api.dev.portal import LocalPortal, listener, server_of
from portal_api.dev.tokens import Issuer
from portal_api.dev.webhooks import ToldStore
from portal_api.domain.events import Event
from portal_api.domain.partners import Employment, Individual, Role
from portal_api.domain.writes import Create, Write
from portal_api.services import partners
from portal_api.services.store import OutcomeUnknown, StoreUnavailable, WriteConflict
from portal_api.services.use_case import Ask, Portal
from portal_api.services.webhooks import create_webhook_endpoint
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.receiving import Receiver, receiver

ADMIN = "ind-admin"
CREATE = """mutation($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) {
    __typename ... on WebhookEndpointCreated { secret endpoint { id } }
    ... on Refusal { message } } }"""
ADD = """mutation($input: AddPartnerInput!) { addPartner(input: $input) { __typename } }"""
TEST = """mutation($input: RequestWebhookTestInput!) {
    requestWebhookTest(input: $input) { __typename } }"""
DELIVERIES = """query($id: ID!) { node(id: $id) { ... on WebhookEndpoint {
    deliveries(first: 5) { edges { node { status attempts problem } } } } } }"""

_numbers = itertools.count(1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TableStore]:
    """A store with one administrator in it."""
    engine = SqliteEngine(tmp_path / "portal.sqlite", durable=False)
    engine.create()
    store = TableStore(engine)
    employment = Employment(None, Role.ADMIN, datetime(2000, 1, 1, tzinfo=UTC))
    person = Individual(ADMIN, "Ada", "ada@example.com", (employment,))
    store.commit(partners.individual_writes(person))
    yield store
    engine.close()


@dataclass(frozen=True)
class Served:
    """A local portal that is being served."""

    portal: LocalPortal

    def ask(self, document: str, **variables: Any) -> Any:
        """The one field of what the administrator asks over HTTP."""
        if "input" in variables:
            variables["input"] = {"requestId": f"request-{next(_numbers)}", **variables["input"]}
        request = urllib.request.Request(
            f"{self.portal.url}/graphql",
            json.dumps({"query": document, "variables": variables}).encode(),
            {
                "authorization": f"Bearer {self.portal.issuer.token(ADMIN)}",
                "content-type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            (field,) = json.load(answer)["data"].values()
        return field

    def add_partner(self) -> None:
        added = self.ask(
            ADD, input={"name": "Fernhill", "type": "VAR", "tier": "GOLD", "region": "EMEA"}
        )
        assert "PartnerAdded" == added["__typename"]


@contextmanager
def served(store: TableStore) -> Iterator[Served]:
    with listener(0) as listening:
        url = f"http://{HOST}:{listening.getsockname()[1]}"
        portal = LocalPortal(url, ToldStore(store), Issuer(f"{url}/issuer"), ())
        server = server_of(portal)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        with portal.telling():
            thread.start()
            try:
                yield Served(portal)
            finally:
                server.should_exit = True
                thread.join()


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as there:
        yield there


def soon(holds: Callable[[], bool]) -> bool:
    """Whether it holds within some seconds."""
    ends = time.monotonic() + 15
    while time.monotonic() < ends:
        if holds():
            return True
        time.sleep(0.02)
    return False


def test_a_mutation_is_told_to_a_receiver_on_this_machine(
    store: TableStore, there: Receiver
) -> None:
    """Signed, as the library for receivers checks it."""
    with served(store) as local:
        wished = {"url": f"{there.origin}/in", "description": "Mine", "kinds": ["PartnerAdded"]}
        made = local.ask(CREATE, input=wished)
        local.add_partner()
        assert there.came.wait(15)
    (one,) = there.received
    body = Webhook(made["secret"]).verify(one.body, dict(one.headers))
    assert ("/in", "PartnerAdded") == (one.path, body["type"])


def test_a_test_of_an_endpoint_comes_at_once(store: TableStore, there: Receiver) -> None:
    """In AWS the schedule of each minute sends it."""
    with served(store) as local:
        made = local.ask(CREATE, input={"url": f"{there.origin}/in", "description": "Mine"})
        local.ask(TEST, input={"endpointId": made["endpoint"]["id"]})
        assert soon(lambda: any(b"Test" in one.body for one in there.received))


def test_nothing_leaves_this_machine_and_nothing_is_said_of_it(
    store: TableStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As the demo has endpoints that are somewhere else."""
    asked: list[str] = []
    really = socket.getaddrinfo

    def resolve(host: str, *more: Any, **named: Any) -> Any:
        asked.append(host)
        return really(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with caplog.at_level(logging.WARNING), served(store) as local:
        wished = {"url": "https://hooks.example.com/in", "description": "Elsewhere"}
        made = local.ask(CREATE, input=wished)
        local.add_partner()

        def problems() -> set[str | None]:
            node = local.ask(DELIVERIES, id=made["endpoint"]["id"])
            return {edge["node"]["problem"] for edge in node["deliveries"]["edges"]}

        assert soon(
            lambda: problems() == {"The local portal calls receivers on this machine alone."}
        )
    assert {HOST} >= set(asked)
    assert [] == caplog.records


class Flaky(TableStore):
    """A store whose commits and reads end as a test wishes."""

    lost = False
    busy = 0

    def commit(self, writes: Sequence[Write]) -> None:
        super().commit(writes)
        if self.lost:
            raise OutcomeUnknown

    def read(self, wants: Any) -> Any:
        if self.busy:
            self.busy -= 1
            raise StoreUnavailable
        return super().read(wants)


def an_event(number: int) -> Event:
    return Event(
        id=f"vendor.{number:020}",
        kind="PartnerAdded",
        subject_id="ptn-1",
        actor_id=ADMIN,
        request_id="request-1",
        at=datetime(2026, 6, 1, tzinfo=UTC),
    )


@pytest.fixture
def flaky(tmp_path: Path, store: TableStore) -> Iterator[Flaky]:
    """The same file, through a store that fails."""
    engine = SqliteEngine(tmp_path / "portal.sqlite", durable=False)
    yield Flaky(engine)
    engine.close()


@contextmanager
def told_of(flaky: Flaky, there: Receiver) -> Iterator[ToldStore]:
    told = ToldStore(flaky)
    portal = Portal(
        told,
        lambda: datetime.now(UTC),
        lambda: f"{next(_numbers):020}",
        private_origins=LocalOrigins(),
    )
    asked = Ask(ADMIN, "request-0000")
    create_webhook_endpoint(portal, asked, url=f"{there.origin}/in", description="Mine")
    with webhooks.telling(portal, told, LocalOrigins()):
        assert soon(lambda: 1 == len(there.received))  # Of itself, the endpoint's making.
        yield told


def test_an_event_is_told_of_whose_commit_had_an_unknown_outcome(
    flaky: Flaky, there: Receiver
) -> None:
    """It was committed; only the answer was lost."""
    with told_of(flaky, there) as told:
        flaky.lost = True
        with pytest.raises(OutcomeUnknown):
            told.commit([Create(an_event(1))])
        flaky.lost = False
        assert soon(lambda: 2 == len(there.received))


def test_an_event_that_was_not_committed_is_told_to_nobody(flaky: Flaky, there: Receiver) -> None:
    with told_of(flaky, there) as told:
        told.commit([Create(an_event(1))])
        for _ in range(3):
            with pytest.raises(WriteConflict):
                told.commit([Create(an_event(2)), Create(an_event(1))])
        told.commit([Create(an_event(3))])
        assert soon(lambda: 3 == len(there.received))
        assert soon(told.committed.empty)
    assert 3 == len(there.received)


def test_an_event_is_told_of_after_the_store_was_busy(flaky: Flaky, there: Receiver) -> None:
    with told_of(flaky, there) as told:
        flaky.busy = 1
        told.commit([Create(an_event(1))])
        assert soon(lambda: 2 == len(there.received))
