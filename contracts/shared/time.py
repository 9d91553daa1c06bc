"""Moments: UTC, written as RFC 3339 with a Z."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("This moment is in no year from 1 to 9999 in UTC") from None


Timestamp = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A moment with its offset; whatever the offset was, the value is in UTC.

Written `2026-01-31T08:00:00Z`; reading also takes RFC 3339's variants, fractions down to microseconds.
"""
