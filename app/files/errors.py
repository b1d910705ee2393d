"""What the store may answer instead of a file."""

from app.errors import NotFoundError, UnavailableError


class StoreUnavailableError(UnavailableError):
    """The store cannot be reached, refuses us, or did not answer in time."""

    code = "STORE_UNAVAILABLE"


class ObjectMissingError(NotFoundError):
    """There is no such object in the store."""


class ObjectSealedError(StoreUnavailableError):
    """The object is encrypted with a key that is not among ours, or is not what was stored under its name."""

    code = "OBJECT_SEALED"
