"""How far each lane of a feed has been read; moved in the transaction of the events' effects.

A lane is leased to one worker at a time, which keeps two from doing the same work. That effects
happen once does not rest on it: it rests on `move`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import gcd
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from libs.operations.errors import Unavailable

LEASE = timedelta(seconds=5)


class Moved(Exception):
    """The cursor is not where it was read: somebody else reads this lane now, or it was set back."""


@dataclass(frozen=True, slots=True)
class Place:
    """One lane of one producer's feed, and who reads it."""

    producer: str
    lane: int
    lanes: int
    owner: UUID

    def __str__(self) -> str:
        return f"{self.producer}/{self.lane}"

    def parameters(self) -> dict[str, object]:
        """For statements about it."""
        return {
            "producer": self.producer,
            "lane": self.lane,
            "lanes": self.lanes,
            "owner": self.owner,
            "lease": LEASE,
        }


# For what a crash of the server may forget: such a commit does not wait for the disk. In the same
# statement, for a statement of its own costs another round trip an event.
_HURRIED = "WITH hurry AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))"
_THIS = "producer = :producer AND lane = :lane AND lanes = :lanes"

# A row that is locked is being moved by its owner, who renews the lease with it.
_LEASE = text(f"""
    {_HURRIED}
    UPDATE cursor SET owner = :owner, leased_until = now() + :lease FROM hurry
    WHERE (producer, lane) IN (
        SELECT producer, lane FROM cursor
        WHERE producer = ANY(:producers) AND lanes = :lanes AND (
            leased_until IS NULL OR leased_until <= now()
            OR (owner = :owner AND leased_until <= now() + :lease / 2))
        FOR UPDATE SKIP LOCKED)
    RETURNING producer, lane, pos""")

_TAKE = text(f"""
    UPDATE cursor SET owner = :owner, leased_until = now() + :lease
    WHERE {_THIS} AND (owner = :owner OR leased_until IS NULL OR leased_until <= now())
    RETURNING pos""")

_ATTEMPT = text(f"""
    {_HURRIED}
    UPDATE cursor SET leased_until = now() + :lease, attempting = :event,
        attempts = CASE WHEN attempting = :event THEN attempts + :step ELSE 1 END
    FROM hurry WHERE {_THIS} AND pos = :pos AND owner = :owner RETURNING attempts""")

_TAKE_BACK = text(f"""
    {_HURRIED}
    UPDATE cursor SET attempts = attempts - 1 FROM hurry
    WHERE {_THIS} AND attempting = :event AND owner = :owner AND attempts > 0""")

_MOVE = text(f"""
    UPDATE cursor SET pos = :to, attempting = NULL, attempts = 0, leased_until = now() + :lease
    WHERE {_THIS} AND pos = :pos RETURNING pos""")

_RELEASE = text("UPDATE cursor SET owner = NULL, leased_until = NULL WHERE owner = :owner")


def lease(
    session: Session, owner: UUID, producers: list[str], lanes: int
) -> dict[tuple[str, int], int]:
    """Take the lanes that are free and keep the own ones; the positions of those taken or kept."""
    rows = session.execute(
        _LEASE, {"owner": owner, "producers": producers, "lanes": lanes, "lease": LEASE}
    )
    return {(row.producer, row.lane): row.pos for row in rows}


def take(session: Session, place: Place) -> int | None:
    """Take one lane, or keep it; its position, None while it is somebody else's."""
    pos: int | None = session.scalar(_TAKE, place.parameters())
    return pos


def release(session: Session, owner: UUID) -> None:
    """Give back all lanes, so that another worker need not wait for the leases to end."""
    session.execute(_RELEASE, {"owner": owner})


def attempt(session: Session, place: Place, pos: int, event: int, *, counts: bool) -> int:
    """Write down that the event is about to be handled; how often it was begun by now. Raises
    Moved when the lane belongs to somebody else."""
    attempts: int | None = session.scalar(
        _ATTEMPT, place.parameters() | {"pos": pos, "event": event, "step": int(counts)}
    )
    if attempts is None:
        raise Moved(f"{place} is no longer ours at {pos}")
    return attempts


def take_back(session: Session, place: Place, event: int) -> None:
    """Count the attempt as none: what it needed was unavailable."""
    session.execute(_TAKE_BACK, place.parameters() | {"event": event})


def move(session: Session, place: Place, pos: int, to: int) -> None:
    """Compare-and-set: move the cursor from `pos`, where it was read. Raises Moved, and with it
    rolls the effects back, when it is elsewhere: then somebody else has had those effects."""
    if session.scalar(_MOVE, place.parameters() | {"pos": pos, "to": to}) is None:
        raise Moved(f"{place} is no longer at {pos}")


def prepare(session: Session, producer: str, lanes: int, begin_at: int | None) -> bool:
    """Whether the feed has its cursors: made at `begin_at` where there are none.

    The number of lanes may change where no event can be handled twice or left out: an event of
    hash h was in lane h % old and comes to h % new, which are congruent modulo their greatest
    common divisor; so the lanes congruent to each other must have come equally far. To a multiple
    it always works. Raises ValueError where it does not, Unavailable while a lane is in use.
    """
    rows = session.execute(
        text("""SELECT lane, lanes, pos, leased_until > now() AS in_use FROM cursor
                WHERE producer = :producer ORDER BY lane FOR UPDATE"""),
        {"producer": producer},
    ).all()
    if rows and rows[0].lanes == lanes:
        return True
    if not rows and begin_at is None:
        return False
    places = dict.fromkeys(range(lanes), begin_at or 0)
    if rows:
        if any(row.in_use for row in rows):
            raise Unavailable(
                "the feed's cursor",
                f"a worker still reads {producer} in {rows[0].lanes} lanes, this one wants {lanes}",
            )
        places = _respread({row.lane: row.pos for row in rows}, producer, lanes)
        session.execute(text("DELETE FROM cursor WHERE producer = :p"), {"p": producer})
    session.execute(
        text("""INSERT INTO cursor (producer, lane, lanes, pos)
                VALUES (:producer, :lane, :lanes, :pos) ON CONFLICT DO NOTHING"""),
        [
            {"producer": producer, "lane": lane, "lanes": lanes, "pos": pos}
            for lane, pos in places.items()
        ],
    )
    return True


def _respread(old: dict[int, int], producer: str, lanes: int) -> dict[int, int]:
    shared = gcd(len(old), lanes)
    groups: dict[int, set[int]] = {}
    for lane, pos in old.items():
        groups.setdefault(lane % shared, set()).add(pos)
    if any(len(positions) > 1 for positions in groups.values()):
        raise ValueError(
            f"the feed of {producer} is read in {len(old)} lanes that have come unequally far, so it "
            f"cannot be read in {lanes} now: events would be handled twice or never. Choose a "
            f"multiple, {2 * len(old)}, or let {len(old)} lanes read to the end and stop first"
        )
    return {lane: next(iter(groups[lane % shared])) for lane in range(lanes)}
