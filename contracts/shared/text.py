"""Text that people read."""

from __future__ import annotations

ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$"
"""A pattern: no control, no line break of Unicode's, nothing that turns the text around it backwards.
Spelt so that pydantic, Python and ECMAScript (JSON Schema, so OpenAPI) read it alike."""
