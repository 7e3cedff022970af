"""The OpenAPI document against the broker that serves it: no 5xx and nothing undeclared comes back."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from broker.api import create_api
from broker.http.services import Services
from tests.broker.http.served import Served, serve

EXAMPLES = 10
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
DOCUMENT = create_api(cast(Services, None)).openapi()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = {operation.ok().label: operation.ok() for operation in SCHEMA.get_all_operations()}


@pytest.fixture(scope="module")
def served(valkey_socket: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("served"), valkey_socket) as running:
        yield running


@pytest.mark.parametrize("label", OPERATIONS)
def test_whatever_is_sent_the_answer_is_a_declared_one(label: str, served: Served) -> None:
    headers = {"Authorization": f"Bearer {served.token}", "Entrevue-Purpose": "judicial_inquiry"}
    parts = {"request_id": served.request_id, "camera_id": "rail-cctv:r1", "item": 1, "part": 1}

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=OPERATIONS[label].as_strategy())
    def send(case: schemathesis.Case) -> None:
        if label == "GET /v1/events":
            case.query = {**(case.query or {}), "follow": "false"}  # else it never ends
        for there in (False, True):
            if there:
                known = {name: parts[name] for name in case.path_parameters or () if name in parts}
                if not known:
                    return
                case.path_parameters.update(known)
            case.call_and_validate(base_url=served.url, headers=headers, checks=CHECKS)

    send()
