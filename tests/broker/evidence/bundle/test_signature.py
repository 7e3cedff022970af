"""The CMS signature: what other tools make is read, and no byte of it can change unseen."""

import subprocess
from pathlib import Path

import pytest
from asn1crypto import cms
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.evidence.bundle.certificates import SigningIdentity, fingerprint, open_identity
from broker.evidence.bundle.errors import DamagedSignature
from broker.evidence.bundle.signature import open_signature, sign_manifest
from tests.broker.evidence.bundle.sealed import NOW
from tests.requirements import executable

MANIFEST = b'{"format": "test"}'


@pytest.fixture(scope="module")
def rail(tmp_path_factory: pytest.TempPathFactory) -> SigningIdentity:
    return open_identity(tmp_path_factory.mktemp("keys"), "rail", "Rail", NOW)


@pytest.fixture(scope="module")
def signature(rail: SigningIdentity) -> bytes:
    return sign_manifest(MANIFEST, [rail], NOW)


def declared(*identities: SigningIdentity) -> frozenset[str]:
    return frozenset(fingerprint(each) for one in identities for each in (one.certificate, *one.issuers))


def test_the_signing_time_is_the_clock_that_was_given(rail: SigningIdentity) -> None:
    opened = open_signature(sign_manifest(MANIFEST, [rail], NOW), MANIFEST, declared(rail))
    assert [(seal.signed_at, seal.fault) for seal in opened.seals] == [(NOW, None)]
    assert opened.issuers == rail.issuers


def test_a_time_after_2049_is_written_as_rfc_5652_asks(rail: SigningIdentity) -> None:
    late = NOW.replace(year=2051)
    opened = open_signature(sign_manifest(MANIFEST, [rail], late), MANIFEST, declared(rail))
    assert [(seal.signed_at, seal.fault) for seal in opened.seals] == [(late, None)]


def test_other_bytes_are_a_fault_of_the_seal(rail: SigningIdentity) -> None:
    opened = open_signature(sign_manifest(MANIFEST, [rail], NOW), MANIFEST + b" ", declared(rail))
    assert "other bytes" in str(opened.seals[0].fault)


def test_a_certificate_that_the_manifest_does_not_declare_is_refused(rail: SigningIdentity) -> None:
    with pytest.raises(DamagedSignature, match="declares"):
        open_signature(sign_manifest(MANIFEST, [rail], NOW), MANIFEST, frozenset())


def test_attributes_that_nobody_signed_are_refused(rail: SigningIdentity) -> None:
    info = cms.ContentInfo.load(sign_manifest(MANIFEST, [rail], NOW))
    signer = info["content"]["signer_infos"][0]
    signer["unsigned_attrs"] = cms.CMSAttributes([{"type": "message_digest", "values": [b"x"]}])
    with pytest.raises(DamagedSignature, match="nobody signed"):
        open_signature(info.dump(force=True), MANIFEST, declared(rail))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_byte_of_a_signature_changes_unseen(
    rail: SigningIdentity, signature: bytes, data: st.DataObject
) -> None:
    raw = bytearray(signature)
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        opened = open_signature(bytes(raw), MANIFEST, declared(rail))
    except DamagedSignature:
        return
    assert [seal for seal in opened.seals if seal.fault] or not opened.seals


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_by_name(content: bytes) -> None:
    with pytest.raises(DamagedSignature):
        open_signature(content, MANIFEST, frozenset())


@pytest.mark.parametrize(
    ("key", "signing"),
    [
        (["rsa:2048"], []),
        (["rsa:2048"], ["-keyopt", "rsa_padding_mode:pss"]),
        (["rsa:2048"], ["-keyopt", "rsa_padding_mode:pss", "-md", "sha512"]),
        (["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["-md", "sha384"]),
        (["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], ["-cades"]),
    ],
    ids=["rsa", "rsa-pss", "rsa-pss-sha512", "p384", "cades"],
)
def test_signatures_that_openssl_makes_are_read(tmp_path: Path, key: list[str], signing: list[str]) -> None:
    openssl = str(executable("openssl", "openssl"))
    made, certificate, manifest, signature = (tmp_path / name for name in ("key", "crt", "manifest", "cms"))
    manifest.write_bytes(MANIFEST)
    subject = ["-subj", "/O=Own CA", "-nodes", "-keyout", str(made), "-out", str(certificate)]
    subprocess.run([openssl, "req", "-x509", "-newkey", *key, *subject], check=True, capture_output=True)
    signer = ["-signer", str(certificate), "-inkey", str(made), *signing]
    source = ["-binary", "-outform", "DER", "-in", str(manifest), "-out", str(signature)]
    subprocess.run([openssl, "cms", "-sign", *source, *signer], check=True, capture_output=True)
    known = frozenset([fingerprint(x509.load_pem_x509_certificate(certificate.read_bytes()))])
    assert [seal.fault for seal in open_signature(signature.read_bytes(), MANIFEST, known).seals] == [None]
    changed = open_signature(signature.read_bytes(), MANIFEST + b" ", known)
    assert [seal.fault is None for seal in changed.seals] == [False]
