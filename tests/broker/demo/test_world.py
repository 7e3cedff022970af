import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from adapters.contract.models import CameraKind, CameraRecord, CameraStatus, Interval, View
from adapters.folder.config import FolderOptions, locate
from adapters.lists.config import ListOptions
from adapters.lists.reader import ListReader
from adapters.onvif.config import OnvifOptions
from broker.demo.footage import plan_world
from broker.demo.models import DemoNetwork, DemoWorld
from broker.demo.profile_g.process import DeviceAddress
from broker.demo.recorder import RecordingOrder, order_for_world
from broker.demo.world import demo_world
from broker.demo.world_files import CONFIGURATION, cameras_csv, write_world
from broker.settings import Settings, load_settings

NOW = datetime(2026, 7, 14, 9, tzinfo=UTC)
DEVICES = {"ratp-metro": DeviceAddress(url="http://127.0.0.1:8001/onvif/device_service", rtsp_port=8554)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def world(folder: Path) -> DemoWorld:
    made = demo_world(NOW)
    for device in made.device_networks:
        (folder / device.folder).mkdir(parents=True)
        (folder / device.password).write_text("kept")
    write_world(folder, made, "http://127.0.0.1:9000", DEVICES)
    return made


@pytest.fixture(scope="module")
def configuration(world: DemoWorld, folder: Path) -> Settings:
    return load_settings(folder / CONFIGURATION)


def network(world: DemoWorld, network_id: str) -> DemoNetwork:
    return next(network for network in world.networks if network.id == network_id)


def test_the_lists_say_exactly_what_the_world_says(world: DemoWorld, folder: Path) -> None:
    for each in world.networks:
        options = ListOptions.model_validate(
            {"cameras": str(each.cameras_file), "places": str(each.places_file)}
        )
        reader = ListReader(options, folder)
        assert tuple(reader.cameras()) == each.cameras
        assert tuple(reader.places()) == each.places


def test_the_configuration_is_one_that_the_broker_accepts(
    configuration: Settings, world: DemoWorld, folder: Path
) -> None:
    assert configuration.broker.public_url == "http://127.0.0.1:9000"
    assert configuration.broker.data == folder.resolve()
    assert [agency.id for agency in configuration.agency] == ["sncf", "ratp", "police"]
    assert [each.id for each in configuration.network] == [each.id for each in world.networks]
    assert {(each.owner, *each.partners) for each in configuration.agreement} == {
        ("sncf", "police"),
        ("ratp", "police"),
        ("police", "sncf"),
        ("police", "ratp"),
    }
    assert {each.approval for each in configuration.agreement} == {"manual"}


def test_recorded_networks_have_the_options_and_folders_of_their_adapter(
    configuration: Settings, world: DemoWorld, folder: Path
) -> None:
    for each in world.recorded_networks:
        (settings,) = [one for one in configuration.network if one.id == each.id]
        if each in world.device_networks:
            device = OnvifOptions.model_validate(settings.options)
            assert (device.url, device.rtsp_port) == (DEVICES[each.id].url, DEVICES[each.id].rtsp_port)
            credentials = device.credentials(folder)
            assert credentials is not None
            assert (credentials.username, credentials.password) == ("entrevue", "kept")
            continue
        options = FolderOptions.model_validate(settings.options)
        assert locate(options, folder) == (
            (folder / each.recordings).resolve(),
            (folder / each.holds).resolve(),
        )
        assert timedelta(days=options.retention_days or 0) == each.retention


def test_two_networks_have_footage_and_the_third_locations_only(world: DemoWorld) -> None:
    assert [each.id for each in world.recorded_networks] == ["sncf-gares", "ratp-metro"]
    assert [len(each.films) for each in world.recorded_networks] == [5, 4]
    assert {each.id: each.adapter for each in world.networks} == {
        "sncf-gares": "folder",
        "ratp-metro": "onvif",
        "police-voirie": "camera_list",
    }


def test_only_cameras_with_footage_are_said_to_work_on_recorded_networks(world: DemoWorld) -> None:
    for each in world.recorded_networks:
        filmed = {film.native_id: film.name for film in each.films}
        working = {
            camera.native_id: camera.name for camera in each.cameras if camera.status is CameraStatus.UP
        }
        assert filmed == working


def test_the_world_has_the_cameras_that_make_rules_visible(world: DemoWorld) -> None:
    cameras = [camera for each in world.networks for camera in each.cameras]
    assert sum("reserved" in camera.tags for camera in cameras) == 1
    underground = [camera for camera in cameras if camera.position is None]
    assert len(underground) >= 6
    assert all(camera.place and camera.level for camera in underground)
    assert any(view.fov_deg == 360 for camera in cameras for view in camera.views)
    turning = [camera for camera in cameras if camera.kind is CameraKind.PTZ]
    assert turning
    assert all(view.heading_deg is None for camera in turning for view in camera.views)
    assert all(10 <= len(each.cameras) <= 14 for each in world.networks)


def test_cameras_stand_within_300_m_of_their_place(world: DemoWorld) -> None:
    for each in world.networks:
        places = {place.native_id: place.position for place in each.places}
        for camera in each.cameras:
            if camera.position is not None and camera.place is not None:
                place = places[camera.place]
                north_m = (camera.position.lat - place.lat) * 111_200
                east_m = (camera.position.lon - place.lon) * 73_100
                limit_m = 450 if each.id == "police-voirie" else 300
                assert north_m**2 + east_m**2 < limit_m**2, camera.native_id


def test_agreements_run_through_this_year_and_the_next() -> None:
    expected = Interval(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2028, 1, 1, tzinfo=UTC))
    assert {agreement.valid for agreement in demo_world(NOW).agreements} == {expected}


def test_writing_again_changes_nothing(world: DemoWorld, folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    write_world(folder, demo_world(NOW), "http://127.0.0.1:9000", DEVICES)
    assert demo_world(NOW) == world
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "url", ['http://host/"quoted"', "http://host/\\back", "http://host/\x7f\t", "http://hôte/"]
)
def test_any_text_survives_the_configuration(tmp_path: Path, url: str) -> None:
    write_world(tmp_path, demo_world(NOW), url, DEVICES)
    read = tomllib.loads((tmp_path / CONFIGURATION).read_text(encoding="utf-8"))
    assert read["broker"]["public_url"] == url


def test_a_camera_with_two_views_is_refused_by_the_list() -> None:
    camera = CameraRecord(native_id="a", name="A", views=(View(heading_deg=0), View(heading_deg=180)))
    with pytest.raises(ValueError, match="a has 2 views"):
        cameras_csv([camera])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"places": ()}, "unknown places"),
        ({"cameras": ()}, "does not list"),
        ({"retention": None}, "how long it is kept"),
    ],
)
def test_a_network_that_contradicts_itself_is_refused(change: dict[str, object], complaint: str) -> None:
    whole = network(demo_world(NOW), "sncf-gares")
    fields = {name: getattr(whole, name) for name in DemoNetwork.model_fields}
    with pytest.raises(ValidationError, match=complaint):
        DemoNetwork.model_validate(fields | change)


def test_history_and_live_recorder_film_the_same_cameras_into_the_same_folders(tmp_path: Path) -> None:
    world = demo_world(NOW)
    interval = Interval(start=NOW, end=NOW + timedelta(minutes=3))
    planned = plan_world(tmp_path, world, interval)
    begins = [file.interval.start for file in planned]
    assert begins == sorted(begins, reverse=True)
    order = order_for_world(tmp_path, world, NOW)
    live = {task.recordings / camera.native_id for task in order.tasks for camera in task.cameras}
    assert {file.path.parent for file in planned} == live
    assert {task.retention for task in order.tasks} == {each.retention for each in world.recorded_networks}
    assert RecordingOrder.model_validate_json(order.model_dump_json()) == order
