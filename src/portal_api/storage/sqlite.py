"""The seam on SQLite: one file, durable, without a server; the embedded default and the importer.

Writers take turns: threads of one process by a lock, which hands over at once, and processes by
SQLite's own lock (``BEGIN IMMEDIATE``). Readers see one snapshot (WAL) and wait for nobody. An
acknowledged commit is on the disk (``synchronous=FULL``).
"""

import contextlib
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path

from portal_api.storage import sqlite_rows
from portal_api.storage.table import (
    Item,
    Key,
    OutcomeUnknown,
    Page,
    Query,
    Unavailable,
    Write,
    check_reads,
    check_writes,
)

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_PAUSE_MILLISECONDS = 10


class _Session:
    """One thread's connection, closed with the thread or, if that is first, with the engine."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.execute = connection.execute
        self.grouped = False
        self.broken = False
        # Not __del__: in a cycle of garbage the connection could go first, unclosed.
        weakref.finalize(self, connection.close)


class SqliteEngine:
    """The table in the file ``path``, shared by any number of threads and processes."""

    def __init__(
        self, path: str | Path, *, deadline_seconds: int = 10, durable: bool = True
    ) -> None:
        """Remember where the file is; nothing is opened yet.

        Args:
            path: The file; SQLite keeps two more beside it while the table is in use.
            deadline_seconds: How long to wait for another writer.
            durable: False spares the disk (a crash of the machine may lose or damage the file): for
                tests.
        """
        self._path = Path(path)
        self._deadline_seconds = deadline_seconds
        self._durable = durable
        self._local = threading.local()
        self._turn = threading.Lock()
        self._sessions: weakref.WeakSet[_Session] = weakref.WeakSet()

    def create(self) -> None:
        """Make the file and its table unless they exist; several processes may try at once."""
        until = time.monotonic() + self._deadline_seconds
        while True:
            try:
                with contextlib.closing(self._connect("rwc")) as connection:
                    # Changing the journal does not wait for other connections as statements do.
                    connection.execute("PRAGMA journal_mode = WAL")
                    connection.execute(sqlite_rows.CREATE)
                    return
            except sqlite3.Error as error:
                if _code(error) not in _BUSY or time.monotonic() > until:
                    raise _unavailable(error) from error
            time.sleep(_PAUSE_MILLISECONDS / 1000)

    def read(
        self, gets: Sequence[Key], queries: Sequence[Query] = ()
    ) -> tuple[tuple[Item | None, ...], tuple[Page, ...]]:
        """Read one wave from one snapshot; see ``Engine.read``."""
        check_reads(gets, queries)
        with _failures():
            session = self._session()
            if session.grouped:
                return sqlite_rows.read(session.connection, gets, queries)
            session.execute("BEGIN")
            try:
                return sqlite_rows.read(session.connection, gets, queries)
            finally:
                session.execute("COMMIT")

    def write(self, ops: Sequence[Write]) -> None:
        """Execute one transaction; see ``Engine.write``."""
        check_writes(ops)
        with _failures():
            session = self._session()
            if not session.grouped:
                with self._transaction(session):
                    sqlite_rows.write(session.connection, ops)
                return
            try:
                sqlite_rows.write(session.connection, ops)
            except sqlite3.Error:
                session.broken = True  # SQLite may have undone more than this write.
                raise

    @contextlib.contextmanager
    def group(self) -> Iterator[None]:
        """Commit many writes together; see ``Engine.group``. A group inside a group joins it."""
        with _failures():
            session = self._session()
        if session.grouped:
            yield
            return
        with _failures(), self._transaction(session):
            session.grouped, session.broken = True, False
            try:
                yield
            finally:
                session.grouped = False
            if session.broken:
                raise Unavailable("a write of the group could not be stored")

    def prepare(self) -> None:
        """Do nothing: a file has no first request worth preparing for."""

    def close(self) -> None:
        """Close the connections of all threads."""
        for session in list(self._sessions):
            session.connection.close()

    @contextlib.contextmanager
    def _transaction(self, session: _Session) -> Iterator[None]:
        if not self._turn.acquire(timeout=self._deadline_seconds):
            raise Unavailable("the table is busy")
        try:
            session.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                _roll_back(session)
                raise
            _commit(session)
        finally:
            self._turn.release()

    def _session(self) -> _Session:
        session: _Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = _Session(self._connect("rw"))
            self._sessions.add(session)
        return session

    def _connect(self, mode: str) -> sqlite3.Connection:
        # Only create() makes files: a mistyped path must not look like an empty table.
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode={mode}",
            timeout=self._deadline_seconds,
            isolation_level=None,
            check_same_thread=False,  # close() may be called by another thread than the owner.
            uri=True,
        )
        # A key that is not UTF-8 any more is shown as it is, and not a failure of the whole page.
        connection.text_factory = lambda text: text.decode(errors="replace")
        synchronous = "FULL" if self._durable else "OFF"
        try:
            connection.execute(f"PRAGMA synchronous = {synchronous}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _unavailable(error) from error


def _unavailable(error: sqlite3.Error) -> Unavailable:
    busy = _code(error) in _BUSY
    return Unavailable("the table is busy" if busy else f"the table cannot be used: {error}")


def _code(error: sqlite3.Error) -> int | None:
    # Errors of the driver itself, such as the use of a closed connection, have no code.
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return code


def _commit(session: _Session) -> None:
    try:
        session.execute("COMMIT")
    except sqlite3.Error as error:
        _roll_back(session)
        if _code(error) == sqlite3.SQLITE_FULL:
            raise
        # The commit may have reached the disk before the error did: after a crash it would count.
        raise OutcomeUnknown("the commit was interrupted") from error


def _roll_back(session: _Session) -> None:
    if session.connection.in_transaction:  # After some errors SQLite has rolled back by itself.
        session.execute("ROLLBACK")
