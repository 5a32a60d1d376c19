"""The exception classes of the project, by what the caller can do about them.

Every message names the value, the place and the way out. The command line turns them into a line of text and an exit code; no user
sees a traceback for one of these.
"""


class EntenteError(Exception):
    """Base of all errors that Entente raises on purpose; `exit_code` is what the command line returns."""

    exit_code = 1


class BadInput(EntenteError):
    """Something that the user gave (a file, a setting, an argument) cannot be used; the user can mend it."""

    exit_code = 2


class Unavailable(EntenteError):
    """Something that this machine should have is missing (a model, a package, room on the disk, a newer Entente); it can be provided."""

    exit_code = 3


class Busy(EntenteError):
    """Somebody else holds what is needed; waiting helps. The message says who."""

    exit_code = 4
