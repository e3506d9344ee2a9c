"""Webhooks: signatures that the published library takes, URLs, and when a delivery is tried."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import WebhookVerificationError

from portal_api.domain.webhooks import (
    BACKOFF,
    LEASE,
    LONGEST,
    PATIENCE,
    SECRET_BYTES,
    SLOW,
    Delivery,
    Endpoint,
    EndpointHealth,
    SigningSecrets,
    WebhookDeliveryStatus,
    headers,
    secret_of,
    signature,
    url_problem,
)
from tests.hooks import URL, Message

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECRET = secret_of(bytes(range(SECRET_BYTES)))
OTHER = secret_of(bytes(SECRET_BYTES))
BODY = json.dumps({"type": "ConsentGranted", "data": {"id": "ä"}}, ensure_ascii=False).encode()
PENDING, DELIVERED, FAILED = WebhookDeliveryStatus


def message(*secrets: str, body: bytes = BODY, at: datetime = NOW) -> Message:
    return Message(URL, headers(secrets, "RXZlbnQ6MQ==", at, BODY), body)


def delivery() -> Delivery:
    return Delivery.opened("whk-1", "ptn-1.7", "ConsentGranted", NOW)


def test_the_published_library_takes_our_signature() -> None:
    assert json.loads(BODY) == message(SECRET).verified(SECRET, NOW)


def test_the_published_example_has_the_signature_that_it_should_have() -> None:
    """Of the convention's own test: id, timestamp, body and secret are given there."""
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    assert expected == signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)


def test_while_a_secret_is_rotated_either_of_the_two_is_enough() -> None:
    told = message(SECRET, OTHER)
    assert 2 == len(told.headers["webhook-signature"].split(" "))
    assert told.verified(SECRET, NOW) == told.verified(OTHER, NOW)


@pytest.mark.parametrize(
    ("told", "secret", "now"),
    [
        (message(SECRET), OTHER, NOW),
        (message(SECRET, body=BODY + b" "), SECRET, NOW),
        (message(SECRET), SECRET, NOW + timedelta(minutes=6)),
    ],
    ids=["another secret", "another body", "too old"],
)
def test_what_is_not_ours_or_too_old_is_not_taken(
    told: Message, secret: str, now: datetime
) -> None:
    """The control: the library refuses."""
    with pytest.raises(WebhookVerificationError):
        told.verified(secret, now)


def test_a_secret_does_not_show_itself() -> None:
    """Whatever prints a record, into a log or a failed test, prints no secret."""
    kept = SigningSecrets("whk-1", NOW, SECRET).rotated(OTHER, NOW, timedelta(hours=1), "ind-1.2")
    assert SECRET[6:] not in repr(kept)
    assert OTHER[6:] not in repr(kept)


def test_the_earlier_secret_signs_until_its_end_and_only_one_does() -> None:
    kept = SigningSecrets("whk-1", NOW, "a").rotated("b", NOW, timedelta(hours=24), "ind-1.2")
    assert ("b", "a") == kept.at(NOW + timedelta(hours=23))
    assert ("b",) == kept.at(NOW + timedelta(hours=24))
    assert ("c", "b") == kept.rotated("c", NOW, timedelta(hours=1), "ind-1.3").at(NOW)
    assert ("c",) == kept.rotated("c", NOW, timedelta(0), "ind-1.3").at(NOW)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com",
        "https://hooks.example.com/portal/events?key=1&b=%20",
        "https://hooks.example.com:443/",
        "https://hooks.example.com:8443/",
        "https://hooks.example.com:1024/",
        "https://xn--bcher-kva.example/",
        "https://8.8.8.8/",
        "https://[2001:4860:4860::8888]/",
    ],
)
def test_a_public_https_url_can_be_an_endpoint(url: str) -> None:
    assert url_problem(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "/portal",
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "https://",
        "https:///portal",
        "https://user@hooks.example.com/",
        "https://user:word@hooks.example.com/",
        "https://hooks.example.com#there",
        "https://hooks.example.com/#",
        "https://hooks.example.com\\@localhost/",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\r\nhost: localhost",
        "https://hooks.example.com/\t",
        "https://bücher.example/",
        "https://hooks.example.com:22/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:/",
        "https://hooks.example.com:65536/",
        "https://hooks.example.com:x/",
        "https://hooks.example.com./",
        "https://hooks_a.example.com/",
        "https://-a.example.com/",
        f"https://{'a' * 64}.example.com/",
        f"https://{'a.' * 126}example.com/",
        f"https://hooks.example.com/{'a' * 500}",
        "https://[::1",
    ],
)
def test_what_is_no_https_url_of_a_public_name_is_refused(url: str) -> None:
    assert url_problem(url) is not None


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "receiver",
        "a.localhost",
        "a.local",
        "metadata.google.internal",
        "1.0.0.127.in-addr.arpa",
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[fc00::1]",
        "[fe80::1]",
        "[fe80::1%25eth0]",
        "[ff02::1]",
        "[2001:db8::1]",
    ],
)
def test_a_private_place_is_refused_in_every_spelling(host: str) -> None:
    assert url_problem(f"https://{host}/") is not None


def test_a_private_origin_can_be_an_endpoint_where_that_is_said() -> None:
    """As it is written, with its port: no other of the same host."""
    known = frozenset({"http://127.0.0.1:9000"})
    assert url_problem("http://127.0.0.1:9000/portal", known) is None
    assert url_problem("http://127.0.0.1:9001/portal", known) is not None
    assert url_problem("http://a@127.0.0.1:9000/portal", known) is not None


def test_an_endpoint_wants_its_kinds_of_its_partner() -> None:
    every = Endpoint("whk-1", URL, "All", (), None, NOW, "ind-1")
    some = Endpoint("whk-2", URL, "Some", ("GoalReached",), "ptn-1", NOW, "ind-1")
    assert every.wants("GoalReached", None)
    assert every.wants("DealWon", "ptn-2")
    assert some.wants("GoalReached", "ptn-1")
    assert not some.wants("DealWon", "ptn-1")
    assert not some.wants("GoalReached", "ptn-2")
    assert not some.wants("GoalReached", None)


def test_a_delivery_is_tried_ten_times_in_about_three_days_and_then_given_up() -> None:
    """At once, after a minute, five, half an hour, 2, 5, 10, 14, 20 and 24 hours."""
    one, now, tried = delivery(), NOW, list[timedelta]()
    while one.next_attempt_at is not None:
        now = one.next_attempt_at
        assert one.is_due(now)
        tried.append(now - NOW)
        one = one.begun(now).answered(503, None, now)
    assert FAILED is one.status
    assert "The receiver answered 503." == one.problem
    assert len(BACKOFF) + 1 == one.attempts == len(tried)
    minutes = [0, 1, 6, 36, 156, 456, 1056, 1896, 3096, 4536]
    assert minutes == [one // timedelta(minutes=1) for one in tried]


def test_an_attempt_that_was_begun_is_nobody_elses_until_its_lease_is_over() -> None:
    begun = delivery().begun(NOW)
    assert not begun.is_due(NOW + LEASE - timedelta(seconds=1))
    assert begun.is_due(NOW + LEASE)
    assert PENDING is begun.status


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_is_taken(status: int) -> None:
    taken = delivery().begun(NOW).answered(status, None, NOW)
    assert (DELIVERED, None, NOW) == (taken.status, taken.next_attempt_at, taken.delivered_at)


@pytest.mark.parametrize("status", [None, 199, 300, 302, 400, 404, 429, 500, 599])
def test_nothing_else_is(status: int | None) -> None:
    """A redirect is no success: nothing behind it was told anything."""
    failed = delivery().begun(NOW).answered(status, None, NOW)
    assert (PENDING, NOW + BACKOFF[0]) == (failed.status, failed.next_attempt_at)
    assert failed.problem
    assert failed.delivered_at is None


def test_gone_is_for_good() -> None:
    assert FAILED is delivery().begun(NOW).answered(410, None, NOW).status


def test_what_could_be_tried_seldom_is_given_up_after_its_time() -> None:
    """A long queue at a receiver that fails: attempts come late, and are fewer."""
    late = NOW + LONGEST
    assert FAILED is delivery().begun(late).answered(503, None, late).status


def test_a_replayed_delivery_begins_anew() -> None:
    failed = delivery().begun(NOW).answered(410, None, NOW)
    later = NOW + timedelta(days=20)
    again = failed.again(later)
    assert (PENDING, 0, later) == (again.status, again.attempts, again.next_attempt_at)
    assert again.expires_at - failed.expires_at == 20 * 86_400
    assert PENDING is again.begun(later).answered(500, None, later).status


def test_an_endpoint_fails_from_its_first_failure_to_its_next_success() -> None:
    well, later = EndpointHealth("whk-1"), NOW + timedelta(days=1)
    assert well == well.noted(delivered=True, began=NOW, now=NOW)
    failing = well.noted(delivered=False, began=NOW, now=NOW)
    assert failing == failing.noted(delivered=False, began=later, now=later)
    assert failing.fails(later, timedelta(days=1))
    assert not failing.fails(NOW, timedelta(days=1))
    assert well == failing.noted(delivered=True, began=NOW, now=NOW) == failing.renewed()


def test_new_events_wait_for_the_schedule_where_an_endpoint_is_slow_or_fails_for_minutes() -> None:
    """A quick failure is tried again with the next event; the next quick answer ends slowness."""
    well, quick = EndpointHealth("whk-1"), NOW + SLOW - timedelta(milliseconds=1)
    slow = well.noted(delivered=True, began=NOW, now=NOW + SLOW)
    assert slow.must_wait(NOW)
    assert not slow.noted(delivered=True, began=NOW, now=quick).must_wait(NOW)
    assert not slow.renewed().must_wait(NOW)
    failing = well.noted(delivered=False, began=NOW, now=NOW)
    assert not failing.must_wait(NOW + PATIENCE - timedelta(seconds=1))
    assert failing.must_wait(NOW + PATIENCE)
