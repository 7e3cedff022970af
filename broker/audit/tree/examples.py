"""What `/openapi.json` shows of the log's tree."""

from typing import Final

from pydantic.config import JsonDict

ONE: Final = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
TWO: Final = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
BODY: Final = "cameras.example/log\n5000\nrrbM/idLcKFPsGenVleCZNsPqbUa/loBWRWPMp4G53c=\n"
NOTE: Final = f"{BODY}\n— cameras.example/log Yk0yZ6m1vXo…\n"
COSIGNED: Final = f"{NOTE}— witness.metro.example 8Yq2xwAAAABp…\n"
INCLUSION: Final[JsonDict] = {"index": 4710, "size": 5000, "leaf_hash": ONE, "hashes": [TWO, ONE]}
CONSISTENCY: Final[JsonDict] = {"from": 4096, "to": 5000, "hashes": [TWO]}
COSIGNING: Final[JsonDict] = {"note": COSIGNED}
TAKEN: Final[JsonDict] = {"taken": 1}
