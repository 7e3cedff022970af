"""An agency's identity is made once, kept private, renewed in time, and refuses to be guessed at."""

import stat
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from broker.evidence.bundle.certificates import (
    RENEWAL_LEAD,
    ROOT_LIFETIME,
    SIGNING_LIFETIME,
    agency_of,
    fingerprint,
    open_identity,
)
from broker.evidence.bundle.errors import IdentityUnusable
from broker.evidence.bundle.trust import fault_of, voucher_of
from tests.broker.evidence.bundle.sealed import NOW


def _open_and_print(folder: str) -> str:
    return fingerprint(open_identity(Path(folder), "rail", "Rail", NOW).certificate)


def test_opening_again_gives_the_same_identity(tmp_path: Path) -> None:
    first, second = (open_identity(tmp_path, "rail", "Rail", NOW) for _ in range(2))
    assert first.certificate == second.certificate
    assert first.issuers == second.issuers


def test_processes_that_open_at_once_get_the_same_identity(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        assert len(set(pool.map(_open_and_print, [str(tmp_path)] * 8))) == 1


def test_keys_are_private_to_their_owner(tmp_path: Path) -> None:
    folder = tmp_path / "identities"
    open_identity(folder, "rail", "Rail", NOW)
    assert stat.S_IMODE((folder / "rail").stat().st_mode) == 0o700
    files = sorted((folder / "rail").glob("*.pem"))
    assert [file.name for file in files] == ["root.pem", "signing.pem"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    open_identity(tmp_path, "rail", "Rail", NOW)
    (tmp_path / "rail/signing.pem").chmod(0o644)
    with pytest.raises(IdentityUnusable, match="chmod 600"):
        open_identity(tmp_path, "rail", "Rail", NOW)


def test_a_damaged_key_is_never_replaced_silently(tmp_path: Path) -> None:
    open_identity(tmp_path, "rail", "Rail", NOW)
    (tmp_path / "rail/root.pem").write_bytes(b"torn")
    with pytest.raises(IdentityUnusable, match="damaged"):
        open_identity(tmp_path, "rail", "Rail", NOW)


def test_the_leaf_is_renewed_before_it_expires_under_the_same_root(tmp_path: Path) -> None:
    first = open_identity(tmp_path, "rail", "Rail", NOW)
    in_time = open_identity(
        tmp_path, "rail", "Rail", NOW + SIGNING_LIFETIME - RENEWAL_LEAD - timedelta(days=1)
    )
    renewed = open_identity(
        tmp_path, "rail", "Rail", NOW + SIGNING_LIFETIME - RENEWAL_LEAD + timedelta(days=1)
    )
    assert in_time.certificate == first.certificate
    assert renewed.certificate != first.certificate
    assert renewed.issuers == first.issuers


def test_a_root_is_renewed_before_a_leaf_would_outlive_it(tmp_path: Path) -> None:
    first = open_identity(tmp_path, "rail", "Rail", NOW)
    late = NOW + ROOT_LIFETIME - SIGNING_LIFETIME + timedelta(days=1)
    renewed = open_identity(tmp_path, "rail", "Rail", late)
    assert renewed.issuers != first.issuers
    assert fault_of(renewed.certificate, renewed.issuers, late) is None


def test_the_certificate_says_what_it_is_for(tmp_path: Path) -> None:
    identity = open_identity(tmp_path, "rail", "Société des réseaux " * 10, NOW)
    leaf, root = identity.certificate, identity.issuers[-1]
    assert agency_of(leaf) == agency_of(root) == "rail"
    assert leaf.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.EMAIL_PROTECTION]
    for certificate in (leaf, root):
        present = {extension.oid for extension in certificate.extensions}
        assert {ExtensionOID.SUBJECT_KEY_IDENTIFIER, ExtensionOID.AUTHORITY_KEY_IDENTIFIER} <= present
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


@pytest.mark.parametrize("agency_id", ["", "../rail", "a/b", ".hidden", "x" * 65])
def test_an_agency_id_that_is_no_file_name_is_refused(tmp_path: Path, agency_id: str) -> None:
    with pytest.raises(IdentityUnusable, match="agency id"):
        open_identity(tmp_path, agency_id, "Rail", NOW)
    assert list(tmp_path.iterdir()) == []


def test_a_root_vouches_only_for_its_own_agency_and_its_own_time(tmp_path: Path) -> None:
    rail = open_identity(tmp_path, "rail", "Rail", NOW)
    metro = open_identity(tmp_path, "metro", "Métro", NOW)
    assert voucher_of(rail.certificate, [], rail.issuers, NOW) == rail.issuers[0]
    assert voucher_of(rail.certificate, [], metro.issuers, NOW) is None
    late = NOW + SIGNING_LIFETIME + timedelta(days=1)
    assert voucher_of(rail.certificate, [], rail.issuers, late) is None
    assert "not valid" in str(fault_of(rail.certificate, rail.issuers, late))
    assert "does not fit" in str(fault_of(rail.certificate, metro.issuers, NOW))


def test_a_root_cannot_pass_as_a_signing_certificate(tmp_path: Path) -> None:
    rail = open_identity(tmp_path, "rail", "Rail", NOW)
    assert fault_of(rail.issuers[0], rail.issuers, NOW) is not None


def test_the_key_never_shows_in_a_repr(tmp_path: Path) -> None:
    assert "key" not in repr(open_identity(tmp_path, "rail", "Rail", NOW))
