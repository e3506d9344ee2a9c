"""What the portal costs to run: units counted on the demo, and a month's bill made from them.

``python -m tests.costs build/costs.md`` prints the tables, writes them to a file, and renews
them in ``infra/README.md``, where ``tests/test_costs.py`` compares them with what is counted then.
"""

import logging
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from portal_api import app
from portal_api.demo import story, world
from portal_api.dev.examples import Places, examples
from portal_api.domain.events import Event
from portal_api.domain.partners import STAFF_ROLES
from portal_api.functions import scheduled
from portal_api.services import deliveries
from portal_api.services.deliveries import Sent
from portal_api.services.due_series import run_all
from portal_api.services.messages import message_of
from portal_api.services.store import Many, of_events
from portal_api.services.use_case import Portal
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.api import body_of, event_of, send
from tests.demo.telling import lay
from tests.metering import MeteringEngine
from tests.prices import MILLION, Use, shown
from tests.readme import NOW

OPERATIONS = Path(__file__).parent.parent / "infra" / "README.md"
ACTIVITIES = (10_000, MILLION, 100 * MILLION)
"""Of a month: a small vendor's, a large one's, and more than any has."""

_INES = "Ines Valcourt"
_LEARNING = "Learning system"
_BLOCK = re.compile(r"(<!-- costs -->\n).*?(<!-- /costs -->)", re.DOTALL)
_SHOWN = """{ __typename ... on Refusal { code message } ... on %s { activity { id outcomes {
  ruleCode status reason because amount { money { amount currencyCode } points } } } } }"""
_RECORD = f"""mutation M($input: RecordActivityInput!) {{
  recordActivity(input: $input) {_SHOWN % "ActivityRecorded"} }}"""
_APPROVE = f"""mutation M($input: ApproveDealInput!) {{
  approveDeal(input: $input) {_SHOWN % "DealApproved"} }}"""
_WIN = f"""mutation M($input: WinDealInput!) {{ winDeal(input: $input) {_SHOWN % "DealWon"} }}"""
_AMOUNT = {"amount": "30000.00", "currencyCode": "USD"}


class Counter:
    """The demo, in which everything is counted from now on."""

    def __init__(self, engine: SqliteEngine) -> None:
        plain = TableStore(engine)
        self.now = NOW
        self.meter = MeteringEngine(engine)
        self.uses: dict[str, Use] = {}
        self.seconds: dict[str, float] = {}
        new_id = app.id_maker(lambda: self.now, Random(0).getrandbits)
        self.portal = Portal(TableStore(self.meter), lambda: self.now, new_id)
        run_all(self.portal)
        self._people = people = story.people(plain)
        self._ids = {person.name: person.id for person in people}
        self._places = Places(plain, people, new_id)
        self._questions = {example.key: example for example in examples()}
        second = next(
            person
            for person in people
            if person.partner == world.FERNHILL
            and person.role in STAFF_ROLES
            and person.name != world.MARA.name
        )
        self._second, self._partner_id = second.name, second.partner_id

    def count(self) -> None:
        """Every use. The first of a month, and of a deal, does more: it is done before."""
        for _ in range(2):
            self._training()
            self._deal()
        self._webhook()
        self._insight()
        self._ask("phone", "a rep's screen", "01-my-screen")
        self._ask("company", "an executive's portal", "02-our-company")
        self._ask("day", "a channel manager's day", "10-what-waits")

    def _training(self) -> None:
        given = {
            "requestId": "cost-{new}",
            "individualId": f"{{Individual {world.MARA.name}}}",
            "programId": f"{{Program {world.GROWTH}}}",
            "behavior": world.TRAINING,
            "sourceEventId": "{new}",
            "source": "LMS",
        }
        self._do("training", "a training, paid", _LEARNING, _RECORD, given)

    def _deal(self) -> None:
        """One that is paid on approval, and another whose winning pays most: divided, uplifted."""
        approved = self._submitted(world.GROWTH)
        self._do(
            "approval",
            "its approval, paid",
            _INES,
            _APPROVE,
            {"requestId": "cost-{new}", **approved},
        )
        won = self._submitted(world.SOLUTIONS)
        self._do("", "", _INES, _APPROVE, {"requestId": "cost-{new}", **won})
        given = {"requestId": "cost-{new}", "amount": _AMOUNT, **won}
        self._do("win", "a win: uplift, 60 : 40, seven awards", _INES, _WIN, given)
        self.now += timedelta(days=15)
        self.meter.forget()
        scheduled.run(self.portal, ["releases"])
        self.uses["releases"] = Use("its held pay, released later", self.meter.used, requests=0)

    def _webhook(self) -> None:
        """The latest event that the demo's endpoint wants, which has taken all before."""
        want = Many(Event, of_events(self._partner_id), newest_first=True)
        events = self.portal.store.read([want])[want].records
        deliveries.retry_due(self.portal, _taken)
        wanted = next(event for event in events if event.kind == "EarningReleased")
        self.meter.forget()
        counts = deliveries.deliver(self.portal, message_of(wanted), _taken)
        assert 1 == counts.delivered, counts
        self.uses["webhook"] = Use("an event, told to a webhook", self.meter.used, requests=0)

    def _insight(self) -> None:
        """What a refresh computes anew after a week, and again an hour later."""
        people = sum(one.partner_id is not None for one in self._people)
        for key, name, wait in (
            ("week", f"a week's new insight, of {people} people", timedelta(days=7)),
            ("hour", "the same an hour later: nothing new", timedelta(hours=1)),
        ):
            self.now += wait
            self.meter.forget()
            start = time.process_time()
            scheduled.run(self.portal, ["insights"])
            self.seconds[name] = time.process_time() - start
            self.uses[key] = Use(name, self.meter.used, requests=0, people=people)

    def _submitted(self, program: str) -> dict[str, str]:
        """A deal that Mara has registered, as the input of what is done with it."""
        given = {
            "requestId": "cost-{new}",
            "programId": f"{{Program {program}}}",
            "product": "Lantern Fleet",
            "endCustomer": "{new}",
            "amount": _AMOUNT,
            "credits": [
                {"individualId": f"{{Individual {world.MARA.name}}}", "weight": 60},
                {"individualId": f"{{Individual {self._second}}}", "weight": 40},
            ],
        }
        document = self._questions["04-register-a-deal"].document
        answer = self._do("submission", "a deal's registration", world.MARA.name, document, given)
        return {"dealId": answer["registerDeal"]["deal"]["id"]}

    def _ask(self, key: str, name: str, question: str) -> None:
        example = self._questions[question]
        self._use(key, name, example.person, example.document, example.variables)

    def _do(
        self, key: str, name: str, person: str, document: str, given: dict[str, Any]
    ) -> dict[str, Any]:
        """A mutation, an hour after the one before."""
        self.now += timedelta(hours=1)
        answer = self._use(key, name, person, document, {"input": given})
        ((outcome),) = answer.values()
        assert "message" not in outcome, outcome
        for one in outcome.get("activity", {}).get("outcomes", ()):
            assert one["status"] in {"AWARDED", "SHADOW"}, one
        return answer

    def _use(
        self, key: str, name: str, person: str, document: str, variables: dict[str, Any]
    ) -> dict[str, Any]:
        event = event_of(self._ids[person], document, self._places.fill(variables))
        self.meter.forget()
        start = time.process_time()
        response = send(self.portal, event)
        self.seconds[name] = time.process_time() - start
        answer = body_of(response)
        assert "errors" not in answer, answer
        self.uses[key] = Use(name, self.meter.used, len(response["body"]))
        data: dict[str, Any] = answer["data"]
        return data


def _taken(_url: str, _headers: Mapping[str, str], _body: bytes) -> Sent:
    """What a receiver says that takes everything."""
    return Sent(200)


@contextmanager
def counted() -> Iterator[Counter]:
    """Everything counted, on a demo of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "demo.sqlite"
        lay(file, until=NOW.replace(hour=0))
        engine = SqliteEngine(file, durable=False)
        counter = Counter(engine)
        counter.count()
        yield counter
        engine.close()


def rendered(text: str, table: str) -> str:
    """The operators' text with these tables in their place."""
    return _BLOCK.sub(lambda mark: f"{mark.group(1)}\n{table}\n{mark.group(2)}", text)


def table_of(counter: Counter) -> str:
    """The tables of what was counted."""
    actions = ("training", "submission", "approval", "win", "releases", "webhook")
    order = (*actions, "phone", "company", "day", "week", "hour")
    return shown({key: counter.uses[key] for key in order}, ACTIVITIES)


def main(path: Path) -> None:
    """Counts, prints, and writes the tables to ``path`` and where operators read them."""
    logging.disable()  # Each request is logged: a line for each would bury the tables.
    with counted() as counter:
        table = table_of(counter)
        lines = [
            f"  {1000 * took:6.1f} ms  {name}" for name, took in counter.seconds.items() if name
        ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(table, "utf-8")
    OPERATIONS.write_text(rendered(OPERATIONS.read_text("utf-8"), table), "utf-8")
    told = "\n".join(["Computing on this machine, of each:", *lines])
    sys.stdout.write(f"{table}\n{told}\nWritten to {path} and {OPERATIONS.name}.\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
