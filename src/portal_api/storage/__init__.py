"""The only package that knows that a database exists."""
