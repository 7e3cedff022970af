"""A network that fails changes nothing and says why; one camera or picture that fails costs itself."""

from datetime import timedelta

import pytest

from adapters.contract.errors import (
    AdapterError,
    Malformed,
    NotFound,
    Refused,
    Throttled,
    TimedOut,
    Unreachable,
)
from adapters.contract.models import CameraStatus, FootageListing, Interval, Snapshot
from adapters.registry import load
from broker.catalog.models import Camera
from broker.settings.sections import NetworkSettings
from tests.world import (
    NOW,
    FakeRecorder,
    TestBroker,
    camera,
    recorded_minutes,
)

NETWORK = "rail-cctv"


async def stored(broker: TestBroker) -> dict[str, Camera]:
    return {c.id: c for c in await broker.broker.catalog.network_cameras(NETWORK)}


class PartlyFailing(FakeRecorder):
    """Fails for some cameras only."""

    bad: frozenset[str] = frozenset()
    error: AdapterError = TimedOut("no answer in 5 s")
    picture: Snapshot | AdapterError | None = None

    async def list_spans(self, native_id: str, interval: Interval) -> FootageListing:
        if native_id in self.bad:
            raise self.error
        return await super().list_spans(native_id, interval)

    async def take_snapshot(self, native_id: str) -> Snapshot:
        if isinstance(self.picture, AdapterError):
            raise self.picture
        return self.picture or await super().take_snapshot(native_id)


@pytest.mark.parametrize(
    "error",
    [Unreachable("no route"), TimedOut("silence"), Throttled("slow"), Refused("who?"), Malformed("<<<")],
)
@pytest.mark.parametrize("method", ["read_clock", "list_places", "list_cameras"])
async def test_a_network_that_cannot_be_listed_changes_nothing_and_reports_why(
    broker: TestBroker, error: AdapterError, method: str
) -> None:
    before = await stored(broker)
    broker.rail.cameras = []
    if method == "read_clock":
        broker.rail.read_clock = _raising(error)  # type: ignore[method-assign]
    else:
        broker.rail.failing[method] = error
    broker.clock.advance(seconds=60)
    report = await broker.broker.ingest.synchronise(NETWORK)
    assert report.error == f"{error.code}: {error.message}"
    assert (report.found, report.added, report.changed, report.vanished) == (0, 0, 0, 0)
    assert report.synchronised_at == broker.clock.now()
    assert report.succeeded_at == NOW
    assert await stored(broker) == before


def _raising(error: Exception) -> object:
    async def fail() -> None:
        raise error

    return fail


async def test_a_network_that_fails_in_the_middle_of_its_list_changes_nothing(broker: TestBroker) -> None:
    before = await stored(broker)

    async def half() -> object:
        yield camera("new")
        raise Unreachable("the connection broke")

    broker.rail.list_cameras = half  # type: ignore[method-assign,assignment]
    report = await broker.broker.ingest.synchronise(NETWORK)
    assert report.error == "unreachable: the connection broke"
    assert await stored(broker) == before


async def test_a_network_that_suddenly_lists_nothing_changes_nothing(broker: TestBroker) -> None:
    before = await stored(broker)
    broker.rail.cameras = []
    report = await broker.broker.ingest.synchronise(NETWORK)
    assert report.error is not None
    assert report.error.startswith(
        "held for confirmation: listed 0 of 3 known cameras (0 in all): kept what was known"
    )
    assert await stored(broker) == before


async def test_an_empty_network_of_which_nothing_was_known_is_no_failure(broker: TestBroker) -> None:
    broker.police.cameras = []
    await broker.broker.catalog.forget("police-list")
    report = await broker.broker.ingest.synchronise("police-list")
    assert (report.error, report.found) == (None, 0)


async def test_a_network_of_which_no_camera_can_be_reached_changes_nothing(broker: TestBroker) -> None:
    before = await stored(broker)
    broker.rail.cameras.append(camera("new"))
    broker.rail.failing["list_spans"] = TimedOut("no answer in 5 s")
    report = await broker.broker.ingest.synchronise(NETWORK)
    assert report.error == "timed_out: no answer in 5 s"
    assert await stored(broker) == before


async def partly(broker: TestBroker, recorder: PartlyFailing) -> None:
    """Puts the recorder in place of the railway's and synchronises it."""
    broker.broker.recorders.get(NETWORK)._adapter = recorder
    await broker.believed(NETWORK)


@pytest.mark.parametrize("error", [TimedOut("no answer in 5 s"), NotFound("no such channel")])
async def test_a_camera_whose_footage_cannot_be_listed_keeps_what_was_known_and_is_not_said_to_be_down(
    broker: TestBroker, error: AdapterError
) -> None:
    films = recorded_minutes(NOW - timedelta(minutes=10), 10)
    recorder = PartlyFailing(
        cameras=[camera("r1"), camera("r2"), camera("never")], footage={"r1": films, "r2": films}
    )
    await partly(broker, recorder)
    before = await stored(broker)
    recorder.bad, recorder.error = frozenset({"r2"}), error
    broker.clock.advance(minutes=30)
    report = await broker.broker.ingest.synchronise(NETWORK)
    assert report.error is None
    assert (report.found, report.rejected) == (3, 1)
    assert report.reasons == (f"footage of rail-cctv:r2: {error.code}: {error.message}",)
    after = await stored(broker)
    assert after["rail-cctv:r2"].spans == before["rail-cctv:r2"].spans
    assert after["rail-cctv:r2"].status is CameraStatus.STALE
    assert after["rail-cctv:r1"].status is CameraStatus.DOWN


async def test_an_unplanned_failure_of_an_adapter_looks_like_a_bug_and_changes_nothing(
    broker: TestBroker,
) -> None:
    before = await stored(broker)
    broker.rail.failing["list_spans"] = ZeroDivisionError("a bug")
    with pytest.raises(ExceptionGroup) as told:
        await broker.broker.ingest.synchronise(NETWORK)
    assert told.group_contains(ZeroDivisionError)
    assert await stored(broker) == before


async def test_a_wrong_secret_or_option_is_in_no_report(broker: TestBroker, tmp_path: object) -> None:
    for adapter in ("camera_list", "folder"):
        network = NetworkSettings(
            id="x",
            agency="rail",
            adapter=adapter,
            options={"cameras": "none.csv", "password": "hunter2", "retention_days": {"key": "hunter2"}},
        )
        recorders = broker.broker.recorders
        recorders._networks["x"] = network
        recorders._load = load
        report = await broker.broker.ingest.synchronise("x")
        assert report.error is not None and report.error.startswith("misconfigured: ")
        assert "password" in report.error
        assert "hunter2" not in report.model_dump_json()


async def test_an_adapter_that_nobody_knows_is_reported(broker: TestBroker) -> None:
    recorders = broker.broker.recorders
    recorders._networks["x"] = NetworkSettings(id="x", agency="rail", adapter="nonsense")
    recorders._load = load
    report = await broker.broker.ingest.synchronise("x")
    assert report.error is not None
    assert report.error.startswith("misconfigured: no adapter is called 'nonsense'")
