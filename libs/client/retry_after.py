"""When somebody who cannot answer now wants to be asked again."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

LONGEST_S = 3600.0


def retry_after_of(header: str | None) -> float:
    """The seconds of a Retry-After header, which has either those or a date; 1 without a header
    that can be read, and an hour at most."""
    if header is None:
        return 1.0
    if header.isascii() and header.isdecimal():
        return min(float(header[:9]), LONGEST_S)
    try:
        left = parsedate_to_datetime(header).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return 1.0
    return min(max(left, 1.0), LONGEST_S)
