"""Where a vault is can be read exactly, and what cannot be read is not repeated."""

from pathlib import Path

import pytest

from broker.errors import SetupProblem
from broker.vault.address import Bucket, parsed

SECRET = "9f/8+7&6=5"


def test_a_bucket_with_everything() -> None:
    place = parsed(
        "s3://clips/of/room?endpoint=https://s3.example:9000&region=eu-west-3"
        "&access_key_id=AK&secret_access_key=9f/8%2B7%266%3D5"
    )
    assert place == Bucket("clips", "of/room", "https://s3.example:9000", "eu-west-3", "AK", SECRET)
    assert SECRET not in repr(place)
    assert str(place) == "s3://clips/of/room at https://s3.example:9000"


def test_a_bucket_with_the_least_and_a_folder() -> None:
    assert parsed("s3://clips") == Bucket("clips", "", None, "us-east-1")
    assert parsed("file:///srv/the%20vault") == Path("/srv/the vault")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "clips",
        "http://host/clips",
        "s3:///clips",
        "s3://AK:9f/8+7&6=5@host/clips",
        "file://host/srv",
        "file:///srv?x=9f/8+7&6=5",
        "s3://clips?secret_access_key=9f",
        "s3://clips?acces_key_id=AK&secret_access_key=9f",
        "s3://clips?endpoint=host:9000",
        "s3://clips?endpoint",
        "s3://[clips",
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(address: str) -> None:
    with pytest.raises(SetupProblem) as refused:
        parsed(address)
    assert "9f" not in str(refused.value)
