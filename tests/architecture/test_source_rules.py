"""Rules of the house that a syntax tree can show. Each checker is given something that it must refuse."""

import ast
from collections.abc import Callable, Iterator

import pytest

from tests.architecture.sources import ROOT, SHIPPED, Source, sources

MOST_LINES = 400
EMPTY_WORDS = frozenset({"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"})
SQL_MODULES = ("broker/ledger/", "broker/requests/listing.py", "broker/requests/queue.py")
REDIS_MODULES = (
    "broker/catalog/attached.py",
    "broker/catalog/connection.py",
    "broker/catalog/embedded.py",
    "broker/app.py",
)
"""Those that start a server or find one; every key and command is the store's."""
HTTP_CLIENT_MODULES = ("broker/cli/client.py", "broker/cli/fetching.py")
HTTP_CLIENT_FOLDERS = ("adapters/transport/", "adapters/conformance/faults/")
"""What speaks HTTP for others; an adapter that needs more guards adds them there."""

MAKERS = frozenset(
    {
        "broker/cli/demo.py",
        "broker/cli/hosting.py",
        "broker/clock.py",
        "broker/demo/profile_g/process.py",
        "broker/demo/recorder_process.py",
        "broker/identifiers.py",
    }
)
"""Entries of processes, and the two modules that hand out time and ids."""

Check = Callable[[Source], Iterator[str]]


def imports_of(tree: ast.AST) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Line, module and names of every import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, ()
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.lineno, node.module, tuple(alias.name for alias in node.names)


def too_long(source: Source) -> Iterator[str]:
    lines = len(source.text.splitlines())
    if lines > MOST_LINES:
        yield f"{source.name}: {lines} lines, cut it by subject"


def empty_name(source: Source) -> Iterator[str]:
    for word in {word for part in source.module.split(".") for word in part.split("_")} & EMPTY_WORDS:
        yield f"{source.name}: {word!r} says nothing, name the subject"


def relative_import(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield f"{source.name}:{node.lineno}: relative import"


def import_inside_function(source: Source) -> Iterator[str]:
    for function in ast.walk(source.tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield f"{source.name}:{node.lineno}: import inside a function"


def missing_docstring(source: Source) -> Iterator[str]:
    if ast.get_docstring(source.tree) is None:
        yield f"{source.name}: the module does not say what it owns"


def statement_outside_stores(source: Source) -> Iterator[str]:
    """SQL lives in stores and the ledger, Redis in the catalog's store; others pass a `Connection` on."""
    if source.name.endswith("/store.py") or source.name.startswith(SQL_MODULES):
        return
    for line, module, names in imports_of(source.tree):
        if module.split(".")[0] == "sqlalchemy" and names != ("Connection",):
            yield f"{source.name}:{line}: SQL outside a store"
        if module.split(".")[0] == "redis" and not source.name.startswith(REDIS_MODULES):
            yield f"{source.name}:{line}: Redis outside the catalog's store"


def http_client_outside_clients(source: Source) -> Iterator[str]:
    if source.name in HTTP_CLIENT_MODULES or source.name.endswith("/client.py"):
        return
    if source.name.startswith(HTTP_CLIENT_FOLDERS):
        return
    for line, module, _ in imports_of(source.tree):
        if module.split(".")[0] in {"httpx", "urllib3", "requests"} or module == "urllib.request":
            yield f"{source.name}:{line}: HTTP outside a client"


def ambient_time_or_chance(source: Source) -> Iterator[str]:
    """Clock, ids and randomness are injected: only what starts a process makes them."""
    if source.name in MAKERS:
        return
    for node in ast.walk(source.tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        called = ast.unparse(node.func)
        if called in {
            "datetime.now",
            "datetime.utcnow",
            "time.time",
            "time.time_ns",
            "uuid.uuid4",
            "random.random",
        }:
            yield f"{source.name}:{node.lineno}: {called}() is not injected"


BAD: tuple[tuple[Check, str, str], ...] = (
    (too_long, "broker/long.py", "x = 1\n" * (MOST_LINES + 1)),
    (empty_name, "broker/catalog/string_utils.py", ""),
    (empty_name, "broker/common/ids.py", ""),
    (relative_import, "broker/a.py", "from . import b"),
    (import_inside_function, "broker/a.py", "def f():\n    import json"),
    (
        import_inside_function,
        "broker/a.py",
        "class A:\n    async def f(self):\n        from json import loads",
    ),
    (missing_docstring, "broker/a.py", "x = 1"),
    (statement_outside_stores, "broker/a/service.py", "from sqlalchemy import Connection, select"),
    (statement_outside_stores, "broker/a/service.py", "import sqlalchemy.orm"),
    (statement_outside_stores, "broker/a/service.py", "from redis.asyncio import Redis"),
    (http_client_outside_clients, "broker/a/service.py", "import httpx"),
    (ambient_time_or_chance, "broker/a/service.py", "from datetime import datetime\nnow = datetime.now()"),
)
CHECKS: tuple[Check, ...] = tuple(dict.fromkeys(check for check, _, _ in BAD))
EVERYWHERE = frozenset({too_long, empty_name, relative_import})
"""Checks that tests and benchmarks pass too; the others are about what is shipped."""


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_nothing_breaks_the_rule(check: Check) -> None:
    folders = (*SHIPPED, "benchmarks", "tests") if check in EVERYWHERE else SHIPPED
    found = [complaint for source in sources(*folders) for complaint in check(source)]
    assert found == []


@pytest.mark.parametrize(("check", "name", "text"), BAD, ids=lambda value: getattr(value, "__name__", None))
def test_the_rule_notices_what_breaks_it(check: Check, name: str, text: str) -> None:
    assert list(check(Source(ROOT / name, text)))
