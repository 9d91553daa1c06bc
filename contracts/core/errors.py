"""What is wrong with a declaration, said at import."""

from __future__ import annotations


class DeclarationError(TypeError):
    """A class of a contract says something that the language does not allow.

    Raised while the contract is imported, so that neither a service nor a test starts with it.
    The message names the service and the class, then what is wrong and how to say it instead.
    """

    def __init__(self, cls: type, message: str) -> None:
        super().__init__(f"{service_of(cls.__module__)}: {cls.__name__}: {message}")


def service_of(module: str) -> str:
    """The service that a contract's module belongs to: `users` for `contracts.users.v1`."""
    parts = module.split(".")
    return parts[1] if parts[0] == "contracts" and len(parts) > 1 else module
