"""One function per mutation: load in one wave, decide, commit once."""
