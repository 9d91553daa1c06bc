"""How a command ends when it cannot do what it was asked."""


class Refusal(Exception):
    """One sentence for the user: what is wrong, why, and the next command."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code


class Busy(Refusal):
    """Another `./dev` is at work in the same checkout."""
