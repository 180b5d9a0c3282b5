"""YAML read against the shapes: every value in its place, every problem with its line."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct, field, inspect
from msgspec.structs import replace

from chatops.errors import BadInput

LONGEST_SHOWN = 60
ALIKE = 0.8
"""How alike a misspelled value and the one that was meant are."""
NULL = "tag:yaml.org,2002:null"
TEXT = "tag:yaml.org,2002:str"
BOOL = "tag:yaml.org,2002:bool"
INT = "tag:yaml.org,2002:int"
TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}

MISSING = object()
"""Stands where no value could be read; the problem is noted already."""


class Misfit(Exception):
    """A node is not of the kind its shape wants."""


class NotWritten(BadInput):
    """There is no file yet, or nothing in it."""


class Document(Struct):
    """One reading: where each thing was said, and what was wrong with it."""

    problems: list[str] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)

    def note(self, path: str, found: str, expected: str) -> None:
        """Note a problem with something that was read, or that was not said in a block that was."""
        block = path
        while block not in self.places:
            block = block.rpartition(".")[0]
        self._problem(self.places[block], path, f"found {found}, expected {expected}")

    def read(self, node: yaml.Node, shape: inspect.Type, path: str = "") -> object:
        """Return what a node says in its shape, or `MISSING`."""
        self.places[path] = _place(node)
        meta, extra, bare = bare_shape(shape)
        if "file" in extra and isinstance(node, yaml.ScalarNode) and node.tag == TEXT:
            return self._beside(node, extra["file"], path)
        if "as_written" in extra and isinstance(node, yaml.ScalarNode):
            # YAML would read 12:00 as the number 720.
            node = yaml.ScalarNode(TEXT, node.value, node.start_mark, node.end_mark)
        try:
            value = _checked(self._value(node, bare, path), extra.get("check"))
        except Misfit:
            self.note(path, _found(node), f"{expectation(bare, meta)}{_near(node, bare, extra)}")
            return MISSING
        return value

    def _value(self, node: yaml.Node, shape: inspect.Type, path: str) -> object:
        match shape:
            case inspect.StrType() | inspect.LiteralType():
                return _text(node, shape)
            case inspect.BoolType():
                return _yes_or_no(node)
            case inspect.IntType():
                return _whole(node, shape)
            case inspect.VarTupleType():
                return self._list(node, shape, path)
            case inspect.DictType():
                return self._mapping(node, shape, path)
            case inspect.StructType():
                return self._struct(node, shape, path)
            case inspect.UnionType():
                return self._one_of(node, shape, path)
            case _:
                raise TypeError(f"The configuration has no reading for {shape}.")

    def _list(self, node: yaml.Node, shape: inspect.VarTupleType, path: str) -> object:
        if not isinstance(node, yaml.SequenceNode) or len(node.value) < (shape.min_length or 0):
            raise Misfit
        values = [
            self.read(child, shape.item_type, f"{path}[{index}]")
            for index, child in enumerate(node.value)
        ]
        return MISSING if any(value is MISSING for value in values) else tuple(values)

    def _mapping(self, node: yaml.Node, shape: inspect.DictType, path: str) -> object:
        if not isinstance(node, yaml.MappingNode) or len(node.value) < (shape.min_length or 0):
            raise Misfit
        values = {}
        for key, key_node, child in self._entries(node, path):
            inner = joined(path, key)
            if self.read(key_node, shape.key_type, inner) is MISSING:
                continue
            value = self.read(child, shape.value_type, inner)
            if isinstance(value, Struct) and "key" in value.__struct_fields__:
                value = replace(value, key=key)
            values[key] = value
        # What could be read is handed on, so that problems between entries are found, too.
        return {key: value for key, value in values.items() if value is not MISSING}

    def _struct(self, node: yaml.Node, shape: inspect.StructType, path: str) -> object:
        if not isinstance(node, yaml.MappingNode):
            raise Misfit
        known = keys_of(shape)
        values: dict[str, Any] = {}
        for name, key_node, child in self._entries(node, path):
            inner = joined(path, name)
            if name in known:
                # A key with nothing behind it says nothing.
                if not (_is(child, NULL) and not known[name].required):
                    values[name] = self.read(child, known[name].type, inner)
            elif name != shape.tag_field:
                self._problem(_place(key_node), inner, _unknown(name, list(known)))
        for name, part in known.items():
            if part.required and name not in values:
                meta, _, bare = bare_shape(part.type)
                self._problem(
                    _place(node),
                    joined(path, name),
                    f"found nothing, expected {expectation(bare, meta)}",
                )
                values[name] = MISSING
        if any(value is MISSING for value in values.values()):
            return MISSING
        return shape.cls(**values)

    def _one_of(self, node: yaml.Node, shape: inspect.UnionType, path: str) -> object:
        """Read the one of several shapes that a tag names, or the only one there is."""
        shapes = [part for part in shape.types if not isinstance(part, inspect.NoneType)]
        structs = [
            part for part in shapes if isinstance(part, inspect.StructType) and part.tag_field
        ]
        if len(shapes) == 1:
            return self._value(node, shapes[0], path)
        if not isinstance(node, yaml.MappingNode):
            raise Misfit
        tag_field = structs[0].tag_field
        for name_node, child in node.value:
            if name_node.value == tag_field:
                for struct in structs:
                    if child.value == struct.tag:
                        return self._struct(node, struct, path)
                found, place = _found(child), _place(child)
                break
        else:
            found, place = "nothing", _place(node)
        tags = ", ".join(sorted(str(struct.tag) for struct in structs))
        self._problem(place, f"{path}.{tag_field}", f"found {found}, expected one of {tags}")
        return MISSING

    def _entries(
        self, node: yaml.MappingNode, path: str
    ) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        """Yield each key once; a second time is a problem: only one of the two can be meant."""
        seen: dict[str, int] = {}
        for key_node, child in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(
                    _place(key_node), path, f"found {_found(key_node)} as a key, expected a name"
                )
                continue
            key = key_node.value
            if key in seen:
                self._problem(
                    _place(key_node),
                    joined(path, key),
                    f"found a second time, expected once; the first is on line {seen[key]}",
                )
                continue
            seen[key] = key_node.start_mark.line + 1
            yield key, key_node, child

    def _beside(self, node: yaml.ScalarNode, struct: type[Struct], path: str) -> object:
        """Read the one list that a file of its own holds; its problems name that file."""
        other = Path(node.start_mark.name).parent / node.value
        try:
            root = compose(other)
        except BadInput as problem:
            self.note(path, _found(node), f"a file beside this one ({problem})")
            return MISSING
        inner = Document()
        held = inner.read(root, inspect.type_info(struct))
        self.problems.extend(inner.problems)
        return MISSING if held is MISSING else getattr(held, struct.__struct_fields__[0])

    def _problem(self, place: str, path: str, text: str) -> None:
        self.problems.append(f"{place}: {path}: {text}" if path else f"{place}: {text}")


def compose(path: Path) -> yaml.Node:
    """Return the tree of a YAML file, or say in plain words why there is none."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput([f"{path}: found bytes that are not UTF-8, expected text"]) from None
    except FileNotFoundError:
        raise NotWritten([f"{path}: there is no such file"]) from None
    except OSError as problem:
        raise BadInput([f"{path}: cannot be read: {problem.strerror or problem}"]) from None
    except ValueError:
        raise BadInput([f"{path}: is no path of a file"]) from None
    try:
        loader = yaml.SafeLoader(text)
        loader.name = str(path)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        raise BadInput([f"{place}: this is not YAML: {_words(problem)}"]) from None
    except yaml.reader.ReaderError as problem:
        line = text.count("\n", 0, problem.position) + 1
        raise BadInput([f"{path}:{line}: found a character that YAML does not allow"]) from None
    except RecursionError:
        raise BadInput([f"{path}: found lists or mappings nested too deeply"]) from None
    except (ValueError, OverflowError):
        raise BadInput([f"{path}: found an escaped character that does not exist"]) from None
    if node is None:
        raise NotWritten([f"{path}: found an empty file"])
    return node


def _words(problem: yaml.MarkedYAMLError) -> str:
    """Return the scanner's complaint as one line, with what a tab usually means."""
    text = ", ".join(part for part in (problem.context, problem.problem) if part)
    if "'\\t'" in text:
        return "found a tab; indent with spaces"
    return text


def bare_shape(
    shape: inspect.Type,
) -> tuple[Mapping[str, Any], Mapping[str, Any], inspect.Type]:
    """Return what is said about a shape, what else is to be done with it, and the shape itself."""
    if isinstance(shape, inspect.Metadata):
        return shape.extra_json_schema or {}, shape.extra or {}, shape.type
    return {}, {}, shape


def _is(node: yaml.Node, tag: str) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == tag


def keys_of(shape: inspect.StructType) -> dict[str, inspect.Field]:
    """Return the keys that may be written in a block; the one it stands under is not among them."""
    return {part.name: part for part in shape.fields if "is_key" not in bare_shape(part.type)[1]}


def _checked(value: object, check: Callable[[object], bool] | None) -> object:
    if value is not MISSING and check is not None and not check(value):
        raise Misfit
    return value


def _text(node: yaml.Node, shape: inspect.StrType | inspect.LiteralType) -> str:
    if not _is(node, TEXT):
        raise Misfit
    value = str(node.value)
    match shape:
        case inspect.LiteralType(values=values):
            fits = value in values
        case _:
            fits = len(value.strip()) >= (shape.min_length or 0) and (
                shape.pattern is None or re.search(shape.pattern, value) is not None
            )
    if not fits:
        raise Misfit
    return value


def _yes_or_no(node: yaml.Node) -> bool:
    if not _is(node, BOOL) or node.value.lower() not in TRUTHS:
        raise Misfit
    return TRUTHS[node.value.lower()]


def _whole(node: yaml.Node, shape: inspect.IntType) -> int:
    # YAML would read 012 as ten and 1:30 as ninety; only plain digits are meant as a number here.
    if not _is(node, INT) or not re.fullmatch(r"-?(0|[1-9][0-9]{0,8})", node.value):
        raise Misfit
    value = int(node.value)
    if value < (value if shape.ge is None else shape.ge):
        raise Misfit
    if value > (value if shape.le is None else shape.le):
        raise Misfit
    return value


def expectation(shape: inspect.Type, meta: Mapping[str, Any]) -> str:
    """Return what is expected of a value, as the end of a sentence."""
    examples = meta.get("examples") or ()
    such_as = f" such as {examples[0]}" if examples else ""
    return str(meta.get("title") or kind_of(shape)) + such_as


def kind_of(shape: inspect.Type) -> str:
    """Return what a shape is called where people read it."""
    match bare_shape(shape)[2]:
        case inspect.StrType():
            return "text"
        case inspect.LiteralType(values=values):
            return f"one of {', '.join(map(str, values))}"
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType(ge=lowest, le=highest):
            return f"a whole number from {lowest} to {highest}"
        case inspect.VarTupleType():
            return "a list"
        case _:
            return "a block of keys"


def _found(node: yaml.Node) -> str:
    match node:
        case yaml.ScalarNode(tag=tag, value="") if tag == NULL:
            return "nothing"
        case yaml.ScalarNode(tag=tag, value=value):
            short = _short(value)
            return short if tag != TEXT and short.isprintable() else repr(short)
        case yaml.SequenceNode(value=values):
            return "a list" if values else "an empty list"
        case _:
            return "a block of keys" if node.value else "an empty block of keys"


def _near(node: yaml.Node, shape: inspect.Type, extra: Mapping[str, Any]) -> str:
    """Return what was probably meant by a text that is none of those that can be said."""
    known = extra["near"]() if "near" in extra else ()
    if isinstance(shape, inspect.LiteralType):
        known = [str(value) for value in shape.values]
    text = node.value if isinstance(node.value, str) else ""
    near = get_close_matches(text, sorted(known), n=1, cutoff=ALIKE)
    return f"; did you mean {near[0]}?" if near else ""


def _unknown(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    if near:
        return f"found a key that does not exist; did you mean {near[0]}?"
    return f"found a key that does not exist, expected one of {', '.join(known)}"


def joined(path: str, name: str) -> str:
    """Return the path of a key of a block."""
    name = name if re.fullmatch(r"[\w-]{1,60}", name) else repr(_short(name))
    return f"{path}.{name}" if path else name


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


def _place(node: yaml.Node) -> str:
    return f"{node.start_mark.name}:{node.start_mark.line + 1}"
