"""What is wrong with a plan, in words: where, what stands there, what is allowed."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, cast

from msgspec import inspect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import msgspec

_UNKNOWN_FIELD = re.compile(r"unknown field `(?P<name>[^`]+)`(?: - at `\$?\.?(?P<path>[^`]*)`)?")


_WRONG_VALUE = re.compile(r"(?P<what>.*) - at `\$\.(?P<path>[^`]*)`", re.DOTALL)
_INDEX = re.compile(r"\[(\d+)\]")
_TOML_WORDS = {
    "`float`": "a number",
    "`int`": "a whole number",
    "`str`": "a text in quotes",
    "`object`": "a table",
    "`bool`": "true or false",
    "`array`": "a list",
    " | null": "",
}


def explain(
    error: msgspec.ValidationError,
    document: dict[str, Any],
    *,
    structs: Sequence[type[msgspec.Struct]],
    choices: Mapping[str, tuple[str, ...]],
    version: int,
) -> str:
    """Say what is wrong with a document, where, and what is allowed.

    Args:
        error: What msgspec found.
        document: What it looked at.
        structs: All tables of the document; their fields are the known keys.
        choices: The words that may stand in a field, by its name.
        version: The version that this program reads.
    """
    text = str(error)
    if unknown := _UNKNOWN_FIELD.search(text):
        where = f" in [{unknown['path']}]" if unknown["path"] else ""
        known = [name for struct in structs for name in struct.__struct_fields__]
        near = did_you_mean(unknown["name"], known)
        if unknown["name"] in known:
            near = " It belongs to another table."
        return f"unknown key '{unknown['name']}'{where}.{near}"
    wrong = _WRONG_VALUE.search(text)
    what = wrong["what"] if wrong else text
    for word, plain in _TOML_WORDS.items():
        what = what.replace(word, plain)
    what = what[0].lower() + what[1:]
    if wrong is None:
        return what + "."
    path = wrong["path"]
    if path == "version":
        return f"version is {document['version']!r}; this program reads version {version}."
    value = _look_up(document, path)
    name = _INDEX.sub("", path).rpartition(".")[2]
    if what.startswith("invalid enum value"):
        return f"{path} is {value!r}.{did_you_mean(str(value), choices.get(name, ()))}"
    if "<" in what or ">" in what:
        return f"{path} is {value!r}; it has to be {_describe_bounds(path, structs)}."
    return f"{path} is {value!r}: {what}."


def _look_up(document: dict[str, Any], path: str) -> Any:
    """Return what stands at a path like ``plan.phases[1].most_s``; None if nothing does."""
    value: Any = document
    for key in _INDEX.sub(r".\1", path).split("."):
        if isinstance(value, dict):
            value = cast("dict[str, Any]", value).get(key)
        elif isinstance(value, list):
            value = cast("list[Any]", value)[int(key)]
    return value


def _describe_bounds(path: str, structs: Sequence[type[msgspec.Struct]]) -> str:
    """Say between which numbers a field may lie, from the field's own declaration."""
    name = path.rpartition(".")[2]
    for struct in structs:
        information = inspect.type_info(struct)
        fields = information.fields if isinstance(information, inspect.StructType) else ()
        for field in fields:
            kinds = field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,)
            for kind in kinds:
                if field.name == name and isinstance(kind, inspect.FloatType | inspect.IntType):
                    low = kind.gt if kind.ge is None else kind.ge
                    high = kind.lt if kind.le is None else kind.le
                    least = "above" if kind.ge is None else "at least"
                    return f"{least} {low:.10g} and at most {high:.10g}"
    return "another value"


def did_you_mean(word: str, known: list[str] | tuple[str, ...]) -> str:
    """Suggest the nearest known word, as the end of an error message."""
    near = difflib.get_close_matches(word, known, n=1)
    return f" Did you mean '{near[0]}'?" if near else f" Known: {', '.join(known)}."
