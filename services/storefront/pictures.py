"""Which of our drawings shows a product, and in which colour. The drawings are symbols of
`static/pictures.svg`: one file for all, painted in the colour of the text around it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from contracts.catalog import v1 as catalog

_FILE = Path(__file__).parent / "static" / "pictures.svg"
DRAWINGS = frozenset(re.findall(r'<symbol id="([a-z-]+)"', _FILE.read_text(encoding="utf-8")))

# A word of the number or the name that means one of the drawings.
_ALSO = {
    "cups": "mug", "gratin": "dish", "pie": "dish", "tumbler": "glass", "espresso": "mug",
    "filters": "dripper", "tea": "leaves", "coffee": "beans", "pan": "pan", "wok": "pan",
    "saucepan": "saucepan", "pot": "pot", "casserole": "pot", "board": "board",
    "whisk": "whisk", "jar": "jar", "mitts": "mitt", "napkins": "towel", "tablecloth": "towel",
    "dustpan": "brush", "broom": "brush", "pencils": "pencil", "pen": "pencil",
    "envelopes": "envelope", "tape": "tape", "watering": "watering-can", "cutlery": "cutlery",
    "press": "press", "dripper": "dripper", "peeler": "knife", "sharpener": "eraser", "carafe": "jar",
}  # fmt: skip
# What a thing is for rather than what it is: a coffee press is a press.
_VAGUE = frozenset({"coffee", "tea"})
_OF_CATEGORY = {
    "tableware": "mug",
    "tea-and-coffee": "kettle",
    "cookware": "pot",
    "kitchen-tools": "spoon",
    "textiles": "towel",
    "household": "basket",
    "stationery": "notebook",
}
_OTHERWISE = "parcel"

# A word of the colour or the material, and the tint that the style sheet has for it.
_TINTS = {
    "navy": "navy", "midnight": "navy", "blue": "blue", "green": "green", "sage": "sage",
    "red": "red", "brick": "red", "mustard": "mustard", "sand": "sand", "oat": "sand",
    "cream": "sand", "natural": "sand", "white": "white", "charcoal": "charcoal",
    "black": "charcoal", "grey": "steel", "iron": "charcoal", "brass": "mustard",
    "beeswax": "mustard", "copper": "red", "steel": "steel", "aluminium": "steel",
    "glass": "glass", "granite": "steel", "oak": "wood", "beech": "wood", "cedar": "wood",
    "olive": "sage", "bamboo": "wood", "willow": "wood", "wood": "wood", "linen": "sand",
    "cotton": "sand", "kraft": "wood", "paper": "sand", "porcelain": "white", "stoneware": "sand",
}  # fmt: skip
_OF_SHELF = {
    "tableware": "blue",
    "tea-and-coffee": "green",
    "cookware": "charcoal",
    "kitchen-tools": "wood",
    "textiles": "sage",
    "household": "mustard",
    "stationery": "navy",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing and its colour, by their names."""

    drawing: str
    tint: str


def of(product: catalog.Product) -> Picture:
    """The picture of this product; the same each time."""
    colour = _words(str(product.attributes.get("colour", "")))
    material = _words(str(product.attributes.get("material", "")))
    return Picture(
        _drawing(product.sku, product.category),
        _first(_TINTS, [*reversed(colour), *material], _OF_SHELF.get(product.category, "sand")),
    )


def of_sku(sku: str) -> Picture:
    """The picture of a product of which only the number is known."""
    return Picture(_drawing(sku, ""), "sand")


def _drawing(sku: str, category: str) -> str:
    for word in sorted(_words(sku), key=_VAGUE.__contains__):
        name = _ALSO.get(word, word)
        if name in DRAWINGS:
            return name
    return _OF_CATEGORY.get(category, _OTHERWISE)


def _first(known: dict[str, str], words: list[str], otherwise: str) -> str:
    return next((known[word] for word in words if word in known), otherwise)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())
