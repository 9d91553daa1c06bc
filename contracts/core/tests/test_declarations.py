"""A wrong declaration fails when its page is imported, and names service and class."""

from __future__ import annotations

from datetime import date

import pytest

from contracts.core import Admin, DeclarationError, Repeat, User
from contracts.core.tests import shop
from contracts.core.tests.pages import page


def request(
    fields: str = "pass", http: str = "GET /things", of: str = "Anyone, Thing", **said: str
) -> str:
    options = "".join(f", {name}={value}" for name, value in said.items())
    return f'class Ask(Request[{of}], http="{http}"{options}):\n    {fields}\n'


WRONG = {
    # What a request says of itself.
    "class Ask(Request[Anyone, Thing]): pass": 'a request says http="METHOD /path"',
    'class Ask(Request, http="GET /things"): pass': "derive from Request",
    request(http="FETCH /things"): "'FETCH /things' begins with no method",
    request(http="get /things"): "begins with no method",
    request(http="GET things"): "'things' is no path",
    request(http="GET"): "'' is no path",
    request(http="GET /"): "'/' is no path",
    request(http="GET /things/"): "is no path",
    request(http="GET /a//b"): "is no path",
    request(http="GET /Things"): "'Things' in the path",
    request(http="GET /a/../b"): r"'\.\.' in the path",
    request(http="GET /things?x=1"): r"'things\?x=1' in the path",
    request("a: str", http="GET /x{a}"): r"'x\{a\}' in the path",
    request(http="GET /things/{thing_id}"): r"\{thing_id\} of the path is no field",
    request("a: str", http="GET /{a}/{a}"): "a field stands twice in the path",
    request(status="204"): "status 204 does not go with its answer",
    request(status="404"): "status 404 does not go with its answer",
    request(of="Anyone, None", status="200"): "status 200 does not go with its answer None",
    request(of="Anyone, Accepted[Poll]", status="201").replace(
        "class Ask", 'class Poll(Request[Anyone, Thing], http="GET /p"): pass\nclass Ask'
    ): "status 201 does not go with its answer",
    request(deadline_s="0"): "a deadline of 0 s",
    request(deadline_s="float('nan')"): "a deadline of nan s",
    request(repeat="ONCE"): "a GET is safe to repeat",
    request(sunset="'2027-01-31'"): r"say sunset=date\(2027, 1, 31\)",
    # Who asks, what they get, how they are refused.
    request(of="str, Thing"): "<class 'str'> is no caller",
    request(of="Any, Thing"): "is no caller",
    request(of="User | None, Thing"): "is no caller",
    request(of="Anyone, str"): "<class 'str'> is no answer",
    request(of="Anyone, list[Thing]"): "is no answer",
    request(of="Anyone, Thing | None"): "is no answer",
    request(of="Anyone, NoSuchThing"): "is no answer",
    request(of="Anyone, Page"): r"Page of what\? Say Page\[...\]",
    request(of="Anyone, Thing, Thing"): "is no problem",
    request(of="Anyone, Thing, Problem"): "Problem is any problem",
    request(of="Anyone, Thing, ValueError"): "is no problem",
    # What travels in a path and a query.
    request("a: str | None", http="GET /{a}"): "a is in the path, so it cannot be optional",
    request("a: str = ''", http="GET /{a}"): "a is in the path, so it cannot be optional",
    request("a: list[str]", http="GET /{a}"): "a does not fit into the path",
    request("a: dict[str, str]", http="GET /{a}"): "a does not fit into the path",
    request("a: Thing", http="GET /{a}"): "a does not fit into the path",
    request("a: str | int", http="GET /{a}"): "a does not fit into the path",
    request("a: Literal[1, 2]", http="GET /{a}"): "a does not fit into the path",
    request("a: Thing"): "a does not fit into a query",
    request("a: JsonObject"): "a does not fit into a query",
    request("a: str | int"): "a does not fit into a query",
    request("a: tuple[str, int] = ()"): "a does not fit into a query",
    request("a: tuple[Thing, ...] = ()"): "a does not fit into a query",
    request("a: tuple[str, ...] | None = None"): "a does not fit into a query",
    request("a: list[str | None] = []"): "a does not fit into a query",
    request("a: tuple[str, ...]"): r"give it the default \(\)",
    request("a: tuple[str, ...] = ('x',)"): r"give it the default \(\)",
    request("a: int | None = 5"): "a cannot say None in a query",
    request("a: int | None"): "a cannot say None in a query",
    request(
        "a: int = Field(1, alias='x'); b: int = Field(1, alias='x')"
    ): "two fields have one name",
    # Fields of any message.
    request("a: Any", http="POST /things"): "a is Any",
    "class V(Value):\n    a: Any": "a is Any",
    "class V(Value):\n    a: object": "a is Any",
    "class V(Value):\n    a: dict[str, list[Any]]": "a is Any",
    "class V(Value):\n    a: Annotated[Any, Field(description='')] | None": "a is Any",
    "Hidden = NewType('Hidden', dict[str, Any])\nclass V(Value):\n    a: Hidden": "a is Any",
    "class V(Value):\n    a: dict": "a is Any",
    "class V(Value):\n    a: list | None": "a is Any",
    "class V(Value):\n    a: Page": "a is Any",
    "class V(Value):\n    a: JsonValue": "declare JsonObject",
    "class V(Value):\n    a: dict[str, JsonValue]": "declare JsonObject",
    "class M(BaseModel): pass\nclass V(Value):\n    a: M": "a is a M, which is no Value",
    "@dataclass\nclass M: pass\nclass V(Value):\n    a: list[M]": "a is a M, which is no Value",
    "from typing_extensions import TypedDict\nclass M(TypedDict): pass\nclass V(Value):\n    a: M": (
        "a is a M, which is no Value"
    ),
    "class M(NamedTuple):\n    b: int\nclass V(Value):\n    a: M": "a is a M, which is no Value",
    "class M: pass\nclass V(Value):\n    a: M": "Unable to generate pydantic-core schema",
    "class V(Value):\n    a: Later\nclass Later(Value): pass": "a field names a type that is unknown",
    "class V(Value):\n    a: int = Field(1, exclude=True)": "a is excluded from the wire",
    "class V(Value):\n    a: int = Field(serialization_alias='b')": "a is written as 'b', but read as",
    "class V(Value):\n    a: int = Field(validation_alias='b')": "a is written as 'a', but read as",
    "class V(Value):\n    a: int = Field(validation_alias=AliasPath('b', 0))": "by an AliasPath",
    "S = Annotated[str, Field(repr=False)]\nclass V(Value):\n    a: S | None": "hides nothing",
    "class Odd(OpenEnum):\n    A = 'a'": "it must list UNKNOWN",
    # What was given up.
    "class V(Value, reserved='old'):\n    a: str": "is no tuple of names",
    "class V(Value, reserved=('old',)):\n    old: str": "old is reserved; call the field otherwise",
    "class V(Value, reserved=('old',)):\n    a: str = Field(alias='old')": "old is reserved",
    "class V(Value, reserved=('old',)): pass\nclass W(V):\n    old: str": "old is reserved",
    "class P(Problem, status=404, title='No', reserved=('old',)):\n    old: str": "old is reserved",
    request("old: str = ''", reserved="('old',)"): "old is reserved",
    "class Odd(OpenEnum, reserved=('a',)):\n    A = 'a'\n    UNKNOWN = 'unknown'": "a is reserved",
    # Problems.
    "class P(Problem, title='No'): pass": "status 0 is no HTTP error",
    "class P(Problem, status=200, title='No'): pass": "status 200 is no HTTP error",
    "class P(Problem, status=499, title='No'): pass": "status 499 is no HTTP error",
    "class P(Problem, status=404): pass": "a problem says title",
    "class P(Problem, status=404, title='No'):\n    status: int": "'status'.* mean something else",
    "class P(Problem, status=404, title='No'):\n    kind: str = Field(alias='type')": "'type'.* mean",
    "class P(Problem, status=404, title='No'):\n    a: Any": "a is Any",
    "class P(Problem, status=404, title='No'):\n    a: Later": "a field names a type that is unknown",
    # Events.
    "class E(Event):\n    a: str": 'an event says name="service.fact.v1" and key="field"',
    "class E(Event, name='shop.sold.v1'):\n    a: str": "an event says",
    "class E(Event, name='sold', key='a'):\n    a: str": "'sold' is not of the form service.fact.v1",
    "class E(Event, name='shop.Sold.v1', key='a'):\n    a: str": "is not of the form",
    "class E(Event, name='shop.sold.v0', key='a'):\n    a: str": "is not of the form",
    "class E(Event, name='users.sold.v1', key='a'):\n    a: str": "does not begin with shop",
    "class E(Event, name='shop.sold.v1', key='b'):\n    a: str": "its key 'b' is no field",
    "class E(Event, name='shop.sold.v1', key='a'):\n    a: str | None": "a is in the key",
    "class E(Event, name='shop.sold.v1', key='a'):\n    a: list[str]": "a does not fit into the key",
}


@pytest.mark.filterwarnings("ignore::pydantic.warnings.UnsupportedFieldAttributeWarning")
@pytest.mark.parametrize(
    ("source", "why"), WRONG.items(), ids=[s.split("\n", 1)[-1] for s in WRONG]
)
def test_a_wrong_declaration_does_not_import(source: str, why: str) -> None:
    with pytest.raises(DeclarationError, match=rf"^shop: \w[^ ]*: .*({why})"):
        page(source)


@pytest.mark.filterwarnings("ignore:Field name:UserWarning")
@pytest.mark.parametrize(
    "name", ["model_fields", "model_dump", "json", "copy", "schema", "handled_by"]
)
def test_a_field_does_not_hide_a_name_of_the_language(name: str) -> None:
    with pytest.raises((DeclarationError, NameError), match=name):
        page(request(f"{name}: str", http="POST /things"))


@pytest.mark.parametrize("name", ["args", "with_traceback", "add_note", "fields"])
def test_a_problem_does_not_hide_what_an_exception_has(name: str) -> None:
    with pytest.raises(DeclarationError, match=f"shop: P: {name} hides a name of the language"):
        page(f"class P(Problem, status=404, title='No'):\n    {name}: str")


def test_two_problems_of_one_name_are_not_told_apart_on_the_wire() -> None:
    page("class Gone(Problem, status=404, title='No'): pass", "contracts.shop.v2")

    with pytest.raises(DeclarationError, match="shop: Ask: two of its problems have one name"):
        page(
            "from contracts.shop.v2 import Gone as Other\n"
            "class Gone(Problem, status=410, title='No'): pass\n"
            + request(of="Anyone, Thing, Gone | Other")
        )


def test_only_a_request_is_polled() -> None:
    with pytest.raises(DeclarationError, match="is no request; name the one to ask later"):
        page(request(of="Anyone, Accepted[Thing]"))


def test_what_a_class_declares_is_data() -> None:
    placed = shop.PlaceOrder.__operation__

    assert (placed.service, placed.name, placed.method) == ("core", "PlaceOrder", "POST")
    assert (placed.path, placed.status) == ("/api/v1/orders", 201)
    assert (placed.callers, placed.answer) == ((User,), shop.Order)
    assert placed.problems == (shop.LineUnavailable, shop.Closed)
    assert (placed.repeat, placed.deadline_s) == (Repeat.KEYED, 2.0)


def test_what_is_not_said_follows_from_the_rest() -> None:
    operations = {
        kind.__name__: kind.__operation__
        for kind in (shop.Everything, shop.ExportOrders, shop.GetMe, shop.ChangeOrder)
    }

    assert {name: one.status for name, one in operations.items()} == {
        "Everything": 204,
        "ExportOrders": 202,
        "GetMe": 200,
        "ChangeOrder": 204,
    }
    assert operations["GetMe"].repeat is Repeat.SAFE
    assert operations["ChangeOrder"].repeat is Repeat.ONCE
    assert operations["GetMe"].problems == ()
    assert operations["ExportOrders"].callers == (Admin,)


def test_what_was_given_up_and_what_is_to_go_is_data_too() -> None:
    shop_of_today = page(
        """
from datetime import date
class Basket(Value, reserved=("voucher",)):
    units: int
class Colour(OpenEnum, reserved=("puce",)):
    RED = "red"
    UNKNOWN = "unknown"
class Old(Request[Anyone, Thing], http="GET /old", sunset=date(2027, 1, 31)): pass
class Sold(Event, name="shop.sold.v1", key="thing_id", reserved=("weight",)):
    thing_id: str
"""
    )

    assert shop_of_today.Basket.__reserved__ == {"voucher"}
    assert shop_of_today.Colour.__reserved__ == {"puce"}
    assert shop_of_today.Sold.__reserved__ == {"weight"}
    assert shop_of_today.Old.__operation__.deprecated
    assert shop_of_today.Old.__operation__.sunset == date(2027, 1, 31)
    assert not shop.GetMe.__operation__.deprecated


def test_fields_may_come_from_a_base_of_the_page() -> None:
    shared = page(
        """
class Paged(Value):
    cursor: str | None = None
class Things(Paged, Request[User, Page[Thing]], http="GET /things"):
    colour: str = ""
class Found(Event, name="shop.found.v1", key="thing_id"):
    thing_id: str
class FoundAgain(Found, name="shop.found_again.v1", key="thing_id"):
    times: int
class NoSuchRedThing(NoSuchThing, status=410, title="No such red thing"):
    shade: str
"""
    )

    assert shared.Things.__operation__.wire.query == ("cursor", "colour")
    assert shared.FoundAgain(thing_id="a", times=2).thing_id == "a"
    assert shared.FoundAgain.__event__.name == "shop.found_again.v1"
    assert shared.NoSuchRedThing(thing_id="a", shade="b").__problem__.status == 410
    assert shared.NoSuchThing.__problem__.status == 404


def test_a_generic_value_is_checked_where_it_is_filled_in() -> None:
    shared = page(
        """
class Box(Value, Generic[T]):
    inner: T
class Ask(Request[Anyone, Box[Thing]], http="POST /things"):
    box: Box[int]
"""
    )

    assert shared.Ask.__operation__.answer is shared.Box[shared.Thing]
    with pytest.raises(DeclarationError, match=r"shop: Box\[Any\]: inner is Any"):
        page("class Box(Value, Generic[T]):\n    inner: T\nBox[Any]")
    with pytest.raises(DeclarationError, match=r"core: Page\[Any\]: items is Any"):
        page("class V(Value):\n    a: Page[Any]")
