"""What Lambda runs around a snapshot: it starts environments as copies of one prepared memory.

A copy has whatever the original had, so before the snapshot nothing is made that only one
environment may have: no connection, no credentials, no thread, no id. What Python itself has made
by then, the state of its ``random``, is made anew in each copy. (Ids, tokens and jitter here come
from the system's randomness, which no copy shares.)
"""

import random
from collections.abc import Callable


def prepare_by(prepare: Callable[[], object]) -> None:
    """Has Lambda call ``prepare`` before the snapshot; if it raises, no version is published.

    Elsewhere it is never called: the hooks are a part of Lambda's runtime.
    """
    try:
        import snapshot_restore_py as runtime  # noqa: PLC0415 - It is there or not, see above.
    except ImportError:
        return
    runtime.register_before_snapshot(prepare)
    runtime.register_after_restore(random.seed)
