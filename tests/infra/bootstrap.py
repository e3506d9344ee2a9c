"""The process of a function: starts Lambda's runtime client there, and notes what it then holds.

Run as a program that finds the unpacked bundle and the client, and no other installed package::

    python -I -S bootstrap.py TASK CLIENT HANDLER COPIES NOTES LATER

At the snapshot it is copied, so that ``COPIES`` environments go on, each with the variables
``LATER``. The copies are made by the system's ``fork`` and not by Python's, which would tell
``random`` and others that there is a copy: a restored environment is told by hooks only.
"""

import ctypes
import gc
import json
import os
import random
import sys
import threading
from pathlib import Path
from typing import Any

TASK, CLIENT, HANDLER, COPIES, NOTES, LATER = sys.argv[1:]
connected: list[object] = []


def audited(name: str, given: tuple[object, ...]) -> None:
    """Counts what is connected to."""
    if name == "socket.connect":
        connected.append(given[1])


def note(kind: str, **facts: object) -> None:
    """Adds a line for the test."""
    with Path(NOTES).open("a") as file:
        file.write(json.dumps({"kind": kind, "process": os.getpid(), **facts}) + "\n")


def held() -> dict[str, int]:
    """What one environment may have, and a snapshot may not."""
    from botocore.credentials import Credentials  # noqa: PLC0415 - The bundle's own.

    gc.unfreeze()  # What is frozen would not be found.
    files = [one for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    return {
        "connected": len(connected),
        "credentials": sum(isinstance(one, Credentials) for one in gc.get_objects()),
        "sockets": sum(str(one.readlink()).startswith("socket:") for one in files),
    }


def main() -> None:
    """Runs the client until it is killed."""
    sys.path[:0] = [TASK, CLIENT]
    sys.addaudithook(audited)

    # Found by the path that was set just now.
    import snapshot_restore_py  # noqa: PLC0415
    from awslambdaric import __main__ as runtime  # noqa: PLC0415
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient  # noqa: PLC0415

    restore_next = LambdaRuntimeClient.restore_next
    post_result = LambdaRuntimeClient.post_invocation_result

    def copied(self: Any) -> None:
        note("snapshot", threads=threading.active_count(), **held())
        for _ in range(int(COPIES) - 1):
            if ctypes.PyDLL(None).fork() == 0:
                break
        note("copy", state=hash(random.getstate()))
        restore_next(self)
        os.environ.update(json.loads(LATER))
        snapshot_restore_py.register_after_restore(lambda: note("restored", drawn=random.random()))

    def answered(self: Any, *given: Any, **more: Any) -> None:
        opened = getattr(sys.modules[HANDLER.rpartition(".")[0]], "_opened", None)
        note("answered", built=opened and opened.cache_info().misses, **held())
        post_result(self, *given, **more)

    LambdaRuntimeClient.restore_next = copied
    LambdaRuntimeClient.post_invocation_result = answered
    runtime.main(["bootstrap", HANDLER])


if __name__ == "__main__":
    main()
