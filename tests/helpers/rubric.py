"""The expressions of C2PA's rubric, evaluated: as much of json-formula as the rubric uses, by its public description.

Names after Adobe's json-formula: ``@`` is what is looked at, ``[?…]`` and ``[]`` project, ``"…"`` is a text, ``'…'`` a
name, and what stands between back ticks is JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:(?P<json>`[^`]*`)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<name>'[^']*'|[A-Za-z_$][\w$]*)|(?P<number>\d+(?:\.\d+)?)"""
    r"""|(?P<sign>\[\?|&&|\|\||==|!=|>=|<=|[\[\](){}.,:|!<>@*]))"""
)
Node = Callable[[Any, "Rubric"], Any]


class Projection(list):  # type: ignore[type-arg]
    """A list whose items are asked one by one."""


class Rubric:
    """The globals and functions of a rubric."""

    def __init__(self, head: Mapping[str, Any], **more: Any) -> None:
        self.globals: dict[str, Any] = {**head["variables"], **{f"${name}": value for name, value in more.items()}}
        self.named = {name: parse(text) for name, text in head["expressions"].items()}

    def matched(self, statement: Mapping[str, Any], crjson: Any) -> bool:
        """Is what the statement asks for there?"""
        return bool(parse(statement["expression"])(crjson, self))

    def call(self, name: str, given: list[Any], at: Any) -> Any:
        if name in self.named:
            before = self.globals.get("$args")
            self.globals["$args"] = given
            try:
                return self.named[name](at, self)
            finally:
                self.globals["$args"] = before
        return FUNCTIONS[name](*given)


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "keys": lambda one: list(one or {}),
    "values": lambda one: list((one or {}).values()),
    "length": lambda one: len(one if one is not None else ""),
    "contains": lambda where, what: _text(what) in where if isinstance(where, str) else what in (where or []),
    "startsWith": lambda text, start: _text(text).startswith(start),
    "endsWith": lambda text, end: _text(text).endswith(end),
    "split": lambda text, sign: _text(text).split(sign),
    "notNull": lambda *given: next((one for one in given if one is not None), None),
    "type": lambda one: "string" if isinstance(one, str) else type(one).__name__,
}


def parse(text: str) -> Node:
    parser = _Parser(text)
    node = parser.pipe()
    assert parser.peek() == "", parser.rest()
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at, text = 0, text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            assert found, text[at:]
            self.tokens.append((str(found.lastgroup), found[found.lastgroup or 0]))
            at = found.end()
        self.at = 0

    def rest(self) -> str:
        return " ".join(token for _, token in self.tokens[self.at :])

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        """Take the next token if it is one of these."""
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "sign" and self.peek() in wanted:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return ""

    def must(self, sign: str) -> None:
        assert self.take(sign), f"{sign} expected: {self.rest()}"

    def pipe(self) -> Node:
        node = self.either()
        while self.take("|"):
            node = _then(node, self.either())
        return node

    def either(self) -> Node:
        node = self.both()
        while self.take("||"):
            node = _unless(node, self.both())
        return node

    def both(self) -> Node:
        node = self.compared()
        while self.take("&&"):
            node = _if_so(node, self.compared())
        return node

    def compared(self) -> Node:
        left = self.times()
        if not (sign := self.take("==", "!=", ">", ">=", "<")):
            return left
        right = self.times()
        how: dict[str, Callable[[Any, Any], bool]] = {
            "==": _same,
            "!=": lambda a, b: not _same(a, b),
            ">": lambda a, b: a > b,
            ">=": lambda a, b: a >= b,
            "<": lambda a, b: a < b,
        }
        return lambda at, of: how[sign](_plain(left(at, of)), _plain(right(at, of)))

    def times(self) -> Node:
        node = self.unary()
        while self.take("*"):
            node = _product(node, self.unary())
        return node

    def unary(self) -> Node:
        if self.take("!"):
            inner = self.unary()
            return lambda at, of: not _plain(inner(at, of))
        return self.chain(self.first())

    def first(self) -> Node:
        if self.take("("):
            node = self.pipe()
            self.must(")")
            return node
        if self.take("@"):
            return lambda at, _: at
        if self.take("{"):
            return self.record()
        if self.peek() in ("[", "[?"):
            return self.list_or_projection()
        kind, token = self.tokens[self.at]
        self.at += 1
        if kind in ("json", "text"):
            return _constant(json.loads(token.strip("`")))
        if kind == "number":
            return _constant(float(token))
        return self.named(token.strip("'"))

    def record(self) -> Node:
        fields: dict[str, Node] = {}
        while not self.take("}"):
            name = self.tokens[self.at][1]
            self.at += 1
            self.must(":")
            fields[name] = self.pipe()
            self.take(",")
        return lambda at, of: {name: _plain(node(at, of)) for name, node in fields.items()}

    def list_or_projection(self) -> Node:
        if self.peek() == "[?" or self.tokens[self.at + 1][1] == "]" or self.tokens[self.at + 1][0] == "number":
            return lambda at, _: at  # of what is looked at; the chain takes the rest
        self.must("[")
        items = [self.pipe()]
        while self.take(","):
            items.append(self.pipe())
        self.must("]")
        return lambda at, of: [_plain(item(at, of)) for item in items]

    def named(self, name: str) -> Node:
        if self.take("("):
            given: list[Node] = []
            while not self.take(")"):
                given.append(self.pipe())
                self.take(",")
            if name == "if":
                return lambda at, of: given[1 if _plain(given[0](at, of)) else 2](at, of)
            return lambda at, of: of.call(name, [_plain(one(at, of)) for one in given], at)
        if name.startswith("$"):
            return lambda _, of: of.globals.get(name)
        return lambda at, _: at.get(name) if isinstance(at, Mapping) else None

    def chain(self, node: Node) -> Node:
        while True:
            if self.take("."):
                kind, token = self.tokens[self.at]
                assert kind == "name", self.rest()
                self.at += 1
                step = self.named(token.strip("'"))
                node = _each(node, step)
            elif self.take("[?"):
                condition = self.pipe()
                self.must("]")
                node = _filtered(node, condition)
            elif self.peek() == "[" and self.tokens[self.at + 1][1] == "]":
                self.at += 2
                node = _flat(node)
            elif self.peek() == "[" and self.tokens[self.at + 1][0] == "number":
                index = int(self.tokens[self.at + 1][1])
                self.at += 2
                self.must("]")
                node = _indexed(node, index)
            else:
                return node


def _constant(value: Any) -> Node:
    return lambda _, __: value


def _then(left: Node, right: Node) -> Node:
    return lambda at, of: right(_plain(left(at, of)), of)


def _unless(left: Node, right: Node) -> Node:
    return lambda at, of: _plain(left(at, of)) or right(at, of)


def _if_so(left: Node, right: Node) -> Node:
    return lambda at, of: _plain(left(at, of)) and right(at, of)


def _product(left: Node, right: Node) -> Node:
    return lambda at, of: float(left(at, of) or 0) * float(right(at, of) or 0)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, Projection) else value


def _each(node: Node, step: Node) -> Node:
    def run(at: Any, of: Rubric) -> Any:
        found = node(at, of)
        if isinstance(found, Projection):
            asked = (_plain(step(item, of)) for item in found)
            return Projection([item for item in asked if item is not None])
        return step(found, of)

    return run


def _filtered(node: Node, condition: Node) -> Node:
    def run(at: Any, of: Rubric) -> Any:
        found = node(at, of)
        items = found if isinstance(found, list) else []
        return Projection([item for item in items if _plain(condition(item, of))])

    return run


def _flat(node: Node) -> Node:
    def run(at: Any, of: Rubric) -> Any:
        found = node(at, of)
        if not isinstance(found, list):
            return None
        return Projection([part for item in found for part in (item if isinstance(item, list) else [item])])

    return run


def _indexed(node: Node, index: int) -> Node:
    def run(at: Any, of: Rubric) -> Any:
        found = _plain(node(at, of))
        return found[index] if isinstance(found, list) and index < len(found) else None

    return run
