"""What is wrong with a plan, in words: where, what stands there, what is allowed."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, cast

from msgspec import inspect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import msgspec

_UNKNOWN_FIELD = re.compile(r"unknown field `(?P<name>[^`]+)`(?: - at `\$?\.?(?P<path>[^`]*)`)?")


_MISSING_FIELD = re.compile(
    r"missing required field `(?P<name>[^`]+)`(?: - at `\$?\.?(?P<path>[^`]*)`)?"
)
_WRONG_VALUE = re.compile(r"(?P<what>.*) - at `\$\.(?P<path>[^`]*)`", re.DOTALL)
_INDEX = re.compile(r"\[(\d+)\]")
_TOML_WORDS = {
    " | null": "",  # first: what may be left out is a type in two words
    "`float`": "a number",
    "`int`": "a whole number",
    "`str`": "a text in quotes",
    "`object`": "a table",
    "`bool`": "true or false",
    "`array`": "a list",
}


def explain(
    error: msgspec.ValidationError,
    document: dict[str, Any],
    *,
    kind: type[msgspec.Struct],
    structs: Sequence[type[msgspec.Struct]],
    choices: Mapping[str, tuple[str, ...]],
    version: int,
) -> str:
    """Say what is wrong with a document, where, and what is allowed.

    Args:
        error: What msgspec found.
        document: What it looked at.
        kind: What it should be.
        structs: The whole plan and then its tables; their fields are the known keys.
        choices: The words that may stand in a field, by its name.
        version: The version that this program reads.
    """
    text = str(error)
    if said := _explain_key(text, kind, structs, choices):
        return said
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
    if ("<" in what or ">" in what) and "length" not in what:
        return f"{path} is {value!r}; it has to be {_describe_bounds(path, structs)}."
    return f"{path} is {value!r}: {what}."


def _explain_key(
    text: str,
    kind: type[msgspec.Struct],
    structs: Sequence[type[msgspec.Struct]],
    choices: Mapping[str, tuple[str, ...]],
) -> str | None:
    """Say what is wrong with a key that is unknown or missing; None if it is something else."""
    if unknown := _UNKNOWN_FIELD.search(text):
        where = f" in [{unknown['path']}]" if unknown["path"] else ""
        near = _place_key(unknown["name"], unknown["path"] or "", kind, structs)
        return f"unknown key '{unknown['name']}'{where}.{near}"
    if missing := _MISSING_FIELD.search(text):
        name = missing["name"]
        where = f"[{missing['path']}]" if missing["path"] else "it"
        allowed = f" Known: {', '.join(choices[name])}." if name in choices else ""
        return f"{where} has no '{name}'.{allowed}"
    return None


def _place_key(
    name: str, path: str, kind: type[msgspec.Struct], structs: Sequence[type[msgspec.Struct]]
) -> str:
    """Say where an unknown key belongs, which one may have been meant, or which there are."""
    tables = dict(_find_tables(structs[0], "", structs))
    here = tables.get(_INDEX.sub("[]", path), kind) if path else kind
    labels = {
        _say_table(table): struct.__struct_fields__
        for table, struct in tables.items()
        if struct is not here
    }
    belongs = [label for label, known in labels.items() if name in known]
    if belongs:
        return f" It belongs in {' or '.join(belongs)}."
    if not difflib.get_close_matches(name, here.__struct_fields__, n=1):
        for label, known in labels.items():
            if near := difflib.get_close_matches(name, known, n=1):
                return f" Did you mean '{near[0]}' in {label}?"
    return did_you_mean(name, here.__struct_fields__)


def _say_table(path: str) -> str:
    if not path:
        return "the head of the file, above all tables"
    plain = path.replace("[]", "")
    return f"[[{plain}]]" if path.endswith("[]") else f"[{plain}]"


def _find_tables(
    struct: type[msgspec.Struct], path: str, structs: Sequence[type[msgspec.Struct]]
) -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """Find the tables of a plan, by their paths; ``[]`` stands for each of a list."""
    yield path, struct
    information = inspect.type_info(struct)
    for field in information.fields if isinstance(information, inspect.StructType) else ():
        inner = f"{path}.{field.name}" if path else field.name
        kinds = field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,)
        for kind in kinds:
            found = kind
            if isinstance(kind, inspect.VarTupleType):
                found, inner = kind.item_type, f"{inner}[]"
            if isinstance(kind, inspect.DictType):
                found, inner = kind.value_type, f"{inner}.NAME"
            if isinstance(found, inspect.StructType) and found.cls in structs:
                yield from _find_tables(found.cls, inner, structs)


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
