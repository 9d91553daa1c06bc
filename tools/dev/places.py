"""Where things are: the checkout, and its git-ignored `.dev/` that holds all that a run keeps."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """The paths of one checkout, or of a run beside it whose `own` folder is not the checkout's: the
    two do not see each other."""

    root: Path
    own: Path | None = None

    @property
    def dev(self) -> Path:
        return self.own or self.root / ".dev"

    @property
    def mark(self) -> Path:
        """What marks the processes of a run; see processes.MARK."""
        return self.own or self.root

    @property
    def state(self) -> Path:
        return self.dev / "state.json"

    @property
    def lock(self) -> Path:
        return self.dev / "lock"

    @property
    def secrets(self) -> Path:
        return self.dev / "secrets"

    @property
    def logs(self) -> Path:
        return self.dev / "logs"

    @property
    def run(self) -> Path:
        """Run directories of the processes; empty when nothing runs."""
        return self.dev / "run"

    def data(self, server: str) -> Path:
        return self.dev / server.replace("_", "-")

    def log(self, process: str) -> Path:
        return self.logs / f"{process}.log"

    def make(self) -> None:
        """Makes the folders. `.dev` is open to passers-by because root's PostgreSQL runs as
        `nobody`; what is secret in it has modes of its own."""
        self.dev.mkdir(mode=0o755, parents=True, exist_ok=True)
        own = ("mail", "valkey_queue", "valkey_cache")
        for folder in (self.logs, self.run, self.secrets, *map(self.data, own)):
            folder.mkdir(mode=0o700, exist_ok=True)
        ignore = self.dev / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")


HERE = Places(Path(__file__).resolve().parents[2])
