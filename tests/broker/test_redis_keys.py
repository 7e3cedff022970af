"""Every key in Redis is documented in `broker.redis_keys` and built there."""

import ast
import re
from datetime import timedelta
from pathlib import Path

from redis.asyncio import Redis
from redis.crc import key_slot

import broker as broker_package
from adapters.contract.models import PlaceRecord, Position, Rejection
from broker import redis_keys
from broker.agencies.models import Role
from tests.servers.catalogs import all_keys
from tests.world import LAST_MINUTES, TestBroker, camera, submission

DOCUMENTED = dict(
    re.findall(r"^\| `(\{?entrevue\}?:[^`]+)` \| ([a-z]+)", str(redis_keys.__doc__), re.MULTILINE)
)


def pattern(documented: str) -> re.Pattern[str]:
    return re.compile("[a-z0-9][a-z0-9._-]*".join(map(re.escape, documented.split("ID"))))


def keys_in_code(source: str) -> list[str]:
    """Texts that name a key, whole or as the beginning of one."""
    nodes = ast.walk(ast.parse(source))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [text for text in texts if re.match(r"\{?entrevue\}?:\S", text)]


async def test_after_a_full_run_every_key_is_documented_with_its_type(
    broker: TestBroker, redis: Redis
) -> None:
    broker.rail.places = [PlaceRecord(native_id="p", name="P", position=Position(lat=1, lon=2))]
    broker.rail.cameras += [camera("pole", position=Position(lat=89.9, lon=0)), camera("gone")]
    await broker.synchronise()
    broker.rail.cameras.pop()
    await broker.synchronise()
    broker.rail.cameras = [Rejection(where="row 1", reason="no position")]
    await broker.broker.schedule.run_once(broker.broker.recorders.networks[0])
    await broker.broker.ingest.confirm("rail-cctv")
    assert await broker.broker.catalog.hold_lease("rail-cctv", "tests", 60)
    officer = await broker.officer("police", Role.INVESTIGATOR)
    await officer.post("/v1/requests", submission(["rail-cctv:r1"], LAST_MINUTES))
    broker.clock.advance(seconds=timedelta(days=1).total_seconds())
    await broker.work()

    kinds = {pattern(name): kind for name, kind in DOCUMENTED.items()}
    used = set()
    for key in await all_keys(redis):
        (match,) = [shape for shape in kinds if shape.fullmatch(key)]
        used.add(match)
        stored = {"zset": "sorted"}.get(await redis.type(key), await redis.type(key))
        assert stored == kinds[match], key
    assert used == set(kinds), "a documented key is not used"


def test_no_other_code_names_a_key() -> None:
    folder = Path(str(broker_package.__file__)).parent
    for file in folder.rglob("*.py"):
        if file.name != "redis_keys.py":
            assert keys_in_code(file.read_text()) == [], file


def test_the_check_finds_a_key_in_code() -> None:
    assert keys_in_code('x = f"entrevue:network:{a}"\ny = "entrevue: told"') == ["entrevue:network:"]


def test_the_catalogs_keys_lie_in_one_slot_of_a_cluster_and_calls_anywhere() -> None:
    """A script writes a network's keys and tells of it on the change stream in one step."""
    slots = {name.replace("ID", "net"): key_slot(name.replace("ID", "net").encode()) for name in DOCUMENTED}
    ours = {slot for name, slot in slots.items() if not name.startswith("entrevue:calls:")}
    assert ours == {key_slot(b"entrevue")}
