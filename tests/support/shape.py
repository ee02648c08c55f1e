"""Reads source by `ast` and tells where it leaves the plan. Given texts, so that made-up files can try the rules."""

import ast
import graphlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from tests.support.homes import LAYERS, ROOT, Apart, Library

# A ratchet: what the longest of each needs today. Lower them when it gets shorter; raise neither.
LONGEST_FILE = 345
LONGEST_FUNCTION = 45


@dataclass(frozen=True)
class Source:
    """One file of ours: its path in the checkout and its text."""

    path: str
    text: str

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def package(self) -> str:
        return self.module if self.path.endswith("__init__.py") else self.module.rpartition(".")[0]


# What a file breaks, one sentence each.
Rule = Callable[[Source], Iterator[str]]


@dataclass(frozen=True)
class Import:
    """`module` as it is named; `line` is where."""

    module: str
    line: int
    lazy: bool


def sources(root: Path) -> list[Source]:
    """Every Python file of the four layers."""
    paths = (path for layer in LAYERS for path in sorted((root / layer).rglob("*.py")))
    return [Source(path.relative_to(root).as_posix(), path.read_text()) for path in paths]


def imports(source: Source) -> Iterator[Import]:
    """All of them, also inside functions. `from a import b` counts as `a` and as `a.b`, because b may be a module."""
    tree = ast.parse(source.text, source.path)
    inside = {id(node) for function in _functions(tree) for node in ast.walk(function)}
    for node in ast.walk(tree):
        for module in _named(node, source):
            yield Import(module, node.lineno, id(node) in inside)  # type: ignore[attr-defined]


def _named(node: ast.AST, source: Source) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = _absolute(node, source)
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Call) and _callee(node) in {"import_module", "__import__"}:
        yield from (
            word.value for word in node.args[:1] if isinstance(word, ast.Constant) and isinstance(word.value, str)
        )


def _absolute(node: ast.ImportFrom, source: Source) -> str:
    if not node.level:
        return node.module or ""
    parts = source.package.split(".")
    above = parts[: len(parts) - node.level + 1]
    return ".".join([*above, *([node.module] if node.module else [])])


def _callee(node: ast.Call) -> str:
    return getattr(node.func, "attr", "") or getattr(node.func, "id", "")


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def _matches(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch(path, pattern) for pattern in patterns)


def upward(source: Source) -> Iterator[str]:
    """Imports of a higher layer."""
    if source.path == ROOT:
        return
    height = LAYERS.index(source.path.split("/")[0])
    for found in imports(source):
        top = found.module.split(".")[0]
        if top in LAYERS and LAYERS.index(top) > height:
            yield f"{source.path}:{found.line} imports {found.module}, which stands above it"


def homeless(source: Source, libraries: Iterable[Library]) -> Iterator[str]:
    """Imports of a library outside its homes."""
    known = list(libraries)
    for found in imports(source):
        for library in known:
            if any(_within(found.module, name) for name in library.imports) and not _matches(
                source.path, library.homes
            ):
                yield f"{source.path}:{found.line} imports {found.module}; its home is {' or '.join(library.homes)}"


def unknown(source: Source, libraries: Iterable[Library], standard: Iterable[str]) -> Iterator[str]:
    """Imports of something that is neither ours, nor Python's, nor in the table."""
    allowed = {*LAYERS, *standard, *(name.split(".")[0] for library in libraries for name in library.imports)}
    for found in imports(source):
        if found.module.split(".")[0] not in allowed:
            yield f"{source.path}:{found.line} imports {found.module}, which has no home (tests/support/homes.py)"


def together(source: Source, rules: Iterable[Apart]) -> Iterator[str]:
    """Imports across a line that keeps two parts apart."""
    for rule in rules:
        if not fnmatch(source.path, rule.these) or _matches(source.path, rule.but):
            continue
        for found in imports(source):
            if any(_within(found.module, name) for name in rule.those):
                yield f"{source.path}:{found.line} imports {found.module}: {rule.because}"


def cycle(everything: Iterable[Source]) -> list[str]:
    """One circle of modules that load each other, or nothing. A module may use the package around it."""
    by_module = {source.module: source for source in everything}
    graph = {
        module: {
            found.module
            for found in imports(source)
            if found.module in by_module and not found.lazy and not _within(module, found.module)
        }
        for module, source in by_module.items()
    }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def unmapped(package: Source, everything: Iterable[Source]) -> Iterator[str]:
    """Files and folders of a package that its docstring does not name, as `name.py` or `name/`."""
    map_ = ast.get_docstring(ast.parse(package.text)) or ""
    for source in everything:
        home, _, name = source.module.rpartition(".")
        if home == package.module and not name.startswith("__"):
            word = f"{name}/" if source.path.endswith("__init__.py") else f"{name}.py"
            if not re.search(rf"(?<![\w.]){re.escape(word)}", map_):
                yield f"{package.path} does not say what {word} is"


def overlong(source: Source) -> Iterator[str]:
    """Files and functions that are more than one story."""
    lines = source.text.count("\n")
    if lines > LONGEST_FILE:
        yield f"{source.path} has {lines} lines; at most {LONGEST_FILE}"
    for function in _functions(ast.parse(source.text, source.path)):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > LONGEST_FUNCTION:
            yield f"{source.path}:{function.lineno} {function.name} has {length} lines; at most {LONGEST_FUNCTION}"
