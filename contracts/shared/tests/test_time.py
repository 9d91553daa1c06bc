"""Moments: UTC whatever the offset was, written as RFC 3339 with a Z."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.core import Value
from contracts.shared.time import Timestamp

RFC_3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"
OFFSETS = st.timedeltas(timedelta(hours=-23, minutes=-59), timedelta(hours=23, minutes=59)).map(
    timezone
)


class Noted(Value):
    at: Timestamp


@settings(deadline=None)
@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=OFFSETS))
def test_a_moment_travels_in_utc_and_arrives_as_the_same_moment(moment: datetime) -> None:
    written = Noted(at=moment).model_dump_json()

    read = Noted.model_validate_json(written, strict=True)

    assert re.fullmatch(rf'\{{"at":"{RFC_3339}"\}}', written)
    assert read.at == moment
    assert read.at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T08:00:00Z",
        "2026-01-31T09:00:00+01:00",
        "2026-01-31T07:30:00-00:30",
        "2026-01-31t08:00:00z",
        "2026-01-31T08:00:00.000Z",
        "2026-01-31T08:00:00.0000004Z",
    ],
)
def test_each_way_in_which_rfc_3339_writes_a_moment_is_read(text: str) -> None:
    read = Noted.model_validate_json(f'{{"at": "{text}"}}', strict=True)

    assert read.at == datetime(2026, 1, 31, 8, tzinfo=UTC)
    assert read.model_dump_json() == '{"at":"2026-01-31T08:00:00Z"}'


@pytest.mark.parametrize(
    "text",
    [
        '"2026-01-31T08:00:00"',
        '"2026-01-31"',
        '"2026-02-30T08:00:00Z"',
        '"2026-01-31T24:00:00Z"',
        '"2026-01-31T08:00:00+25:00"',
        '"9999-12-31T23:59:59-01:00"',
        '"0001-01-01T00:00:00+01:00"',
        '"now"',
        '""',
        "1769846400",
        "null",
    ],
)
def test_a_moment_without_an_offset_or_outside_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Noted.model_validate_json(f'{{"at": {text}}}', strict=True)


def test_a_naive_moment_is_refused_where_it_is_made() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        Noted(at=datetime(2026, 1, 31))
