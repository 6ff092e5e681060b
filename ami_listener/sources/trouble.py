"""What goes wrong with a source, in one line for the admin."""


class SourceError(Exception):
    """A source cannot be read; the text says which and what to do."""
