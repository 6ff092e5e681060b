"""What can go wrong in the sandbox, said to the person who ran it."""


class KitError(Exception):
    """The sandbox cannot go on; the text is one line for the user and says what to do next."""
