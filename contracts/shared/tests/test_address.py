"""E-mail addresses: one that a mail server takes, and nothing that could be two headers."""

from __future__ import annotations

import time

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.shared.address import EmailAddress

ADDRESS: TypeAdapter[str] = TypeAdapter(EmailAddress)
LONGEST_LOCAL = "x" * 64
LONG_DOMAIN = ".".join(["y" * 59] * 3)


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.com",
        "ada.king+shop@mail.example.co.uk",
        "o'hara!#$%&*/=?^_`{|}~-@example.com",
        "1@2.de",
        f"{LONGEST_LOCAL}@example.com",
        f"{LONGEST_LOCAL}@{LONG_DOMAIN}.example",
        "ada@xn--bcher-kva.example",
        "ada@example.xn--p1ai",
    ],
)
def test_an_address_that_can_be_mailed_is_one(address: str) -> None:
    assert ADDRESS.validate_python(address) == address


def test_the_domain_is_written_in_lower_case_and_the_rest_as_given() -> None:
    assert ADDRESS.validate_python("Ada.King@EXAMPLE.Com") == "Ada.King@example.com"


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.com\r\nBcc: eve@example.com",
        "ada@example.com\n",
        "\nada@example.com",
        "ada\u2028@example.com",
        "ada@exam\u200bple.com",
        "ada\0@example.com",
        "ada@example.com, eve@example.com",
        "ada@example.com;eve@example.com",
        "Ada <ada@example.com>",
        "<ada@example.com>",
        "ada(a comment)@example.com",
        '"ada king"@example.com',
        " ada@example.com",
        "ada@example.com ",
        "ada@@example.com",
        "ada@eve@example.com",
    ],
)
def test_an_address_is_one_and_splits_no_header(address: str) -> None:
    with pytest.raises(ValidationError, match="no e-mail address"):
        ADDRESS.validate_python(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "ada",
        "ada@",
        "@example.com",
        "ada@localhost",
        "ada@127.0.0.1",
        "ada@[127.0.0.1]",
        "ada@example.c",
        "ada@example.com.",
        "ada@.com",
        "ada@example..com",
        "ada@-example.com",
        "ada@example-.com",
        "ada@exam_ple.com",
        ".ada@example.com",
        "ada.@example.com",
        "ada..king@example.com",
        "adä@example.com",
        "ada@exämple.com",
        "аda@example.com",  # noqa: RUF001  # a Cyrillic letter that looks like an a
        f"x{LONGEST_LOCAL}@example.com",
        f"ada@{'y' * 64}.com",
        f"{LONGEST_LOCAL}@{LONG_DOMAIN}.examples1",
    ],
)
def test_what_no_mail_server_takes_is_no_address(address: str) -> None:
    with pytest.raises(ValidationError):
        ADDRESS.validate_python(address)


@pytest.mark.parametrize("address", ["a" * 253, "a." * 126, "a@" + "a-" * 126, "a@" + "a." * 126])
def test_a_wrong_address_is_refused_at_once(address: str) -> None:
    started = time.process_time()

    with pytest.raises(ValidationError):
        ADDRESS.validate_python(address)

    assert time.process_time() - started < 0.02


def test_a_document_knows_it_as_an_address() -> None:
    schema = ADDRESS.json_schema()

    assert (schema["format"], schema["maxLength"]) == ("email", 254)
