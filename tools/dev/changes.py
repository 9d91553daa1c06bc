"""What a run can be told otherwise than usual, unit by unit."""

from collections.abc import Mapping, Sequence


class Changes:
    """Asked each time a unit starts; this one leaves everything as it is. For programs that run the
    system and try it, such as tools/faults."""

    def command(self, unit: str, command: Sequence[str]) -> Sequence[str]:
        """How the unit is started."""
        return command

    def environment(self, unit: str, environment: Mapping[str, str]) -> Mapping[str, str]:
        """What it is told."""
        return environment


AS_USUAL = Changes()
