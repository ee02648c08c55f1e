"""docs/certification.md: each row names a test that there is, or says that there is none."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "certification.md").read_text()
ROWS = re.findall(r"^\| ((?:oidcc|[a-z(]).+?) \| (.+) \| (.+) \|$", TEXT.split("## Config OP")[1], re.MULTILINE)
NAMED = sorted(set(re.findall(r"`((?:tests/[a-z]+/)?test_[a-z0-9_]+\.py)::(test_[a-z0-9_]+)`", TEXT)))


@cache
def functions(path: str) -> set[str]:
    tree = ast.parse((ROOT / (path if "/" in path else f"tests/spec/{path}")).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("path", "function"), NAMED)
def test_each_test_that_is_named_is_there(path: str, function: str) -> None:
    assert function in functions(path)


def test_each_row_names_a_test() -> None:
    rows = [row for row in ROWS if row[0] != "module"]
    assert len(rows) > 70
    assert [row[0] for row in rows if "::test_" not in row[2]] == []


def test_each_test_that_sends_what_the_suite_sends_stands_in_a_row() -> None:
    for path in sorted((ROOT / "tests" / "spec").glob("test_plan_*.py")):
        there = {name for name in functions(path.name) if name.startswith("test_")}
        assert there == {function for named, function in NAMED if named == path.name}


def test_each_module_stands_once_in_its_plan() -> None:
    for plan in TEXT.split("\n## ")[2:]:
        modules = [name for row in re.findall(r"^\| (.+?) \|", plan, re.MULTILINE) for name in row.split(", ")]
        named = [name for name in modules if re.fullmatch(r"oidcc-[a-z0-9-]+", name)]
        assert len(named) == len(set(named))
