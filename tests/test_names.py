"""Names that a reader can trust: each class name exists once, and no name hides what it holds."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("inbox", "connectors", "worker", "web", "stack", "sandbox", "cities", "bench")
# The API's shapes are named after the rows they show, and so are the schemas of its document.
SHAPES = "web/api/shapes.py"
# Words that do not say what they hold. No module and no parameter has such a name.
HOLLOW = {"one", "told", "look", "shown"}


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in file.parts:
                yield str(file.relative_to(ROOT)), ast.parse(file.read_text())


def test_no_two_classes_have_one_name() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path, module in _modules():
        if path == SHAPES:
            continue
        for node in ast.walk(module):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{path}:{node.lineno}")
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def _parameters(module: ast.Module) -> Iterator[ast.arg]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = node.args
            yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
            yield from (extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None)


def test_no_module_and_no_parameter_has_a_hollow_name() -> None:
    found = []
    for path, module in _modules():
        if Path(path).stem in HOLLOW or Path(path).parent.name in HOLLOW:
            found.append(path)
        found += [f"{path}:{arg.lineno} {arg.arg}" for arg in _parameters(module) if arg.arg in HOLLOW]
    assert found == []
