"""The detached CMS signature (RFC 5652) over the manifest's exact bytes: one SignerInfo per owning agency.

Structures come from asn1crypto and every cryptographic operation from `cryptography`. The PKCS #7 builder
of `cryptography` is not used for writing: it reads the wall clock and cannot bind the signer's certificate
into what is signed (RFC 5035, signing-certificate-v2). `openssl cms -verify` reads the result. Whether a
certificate deserves trust is decided in `trust`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import algos, cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from broker.evidence.bundle.certificates import SigningIdentity, holder_of
from broker.evidence.bundle.errors import DamagedSignature

SIGNATURE_LIMIT = 4 * 2**20
"""Bytes; a larger signature is not read."""

_HASHES: dict[str, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}

# asn1crypto parses lazily: any access to a damaged structure may raise one of these.
_MALFORMED = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True)
class Seal:
    """One agency's signature. `fault` is None where it holds; `signed_at` is the signer's own claim."""

    certificate: x509.Certificate
    signed_at: datetime | None
    fault: str | None


@dataclass(frozen=True)
class OpenedSignature:
    """What the CMS structure holds: one seal per signer, and the certificates above theirs."""

    seals: tuple[Seal, ...]
    issuers: tuple[x509.Certificate, ...]


def sign_manifest(manifest: bytes, identities: Sequence[SigningIdentity], signed_at: datetime) -> bytes:
    """DER of the detached signature of all identities over the manifest's exact bytes."""
    certificates: dict[bytes, asn1_x509.Certificate] = {}
    for identity in identities:
        for certificate in (identity.certificate, *identity.issuers):
            der = certificate.public_bytes(serialization.Encoding.DER)
            certificates[der] = asn1_x509.Certificate.load(der)
    signed_data = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {"content_type": "data"},
            "certificates": [cms.CertificateChoices("certificate", each) for each in certificates.values()],
            "signer_infos": [_signer_info(manifest, identity, signed_at) for identity in identities],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed_data}).dump())


def _signer_info(manifest: bytes, identity: SigningIdentity, signed_at: datetime) -> cms.SignerInfo:
    der = identity.certificate.public_bytes(serialization.Encoding.DER)
    certificate = asn1_x509.Certificate.load(der)
    at = signed_at.astimezone(UTC).replace(microsecond=0)
    time_form = "utc_time" if at.year < 2050 else "generalized_time"  # RFC 5652, 11.3
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": ["data"]},
            {"type": "message_digest", "values": [hashlib.sha256(manifest).digest()]},
            {"type": "signing_time", "values": [cms.Time(time_form, at)]},
            {
                "type": "signing_certificate_v2",
                "values": [
                    tsp.SigningCertificateV2({"certs": [{"cert_hash": hashlib.sha256(der).digest()}]}),
                ],
            },
        ]
    )
    return cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                "issuer_and_serial_number",
                {"issuer": certificate.issuer, "serial_number": certificate.serial_number},
            ),
            "digest_algorithm": {"algorithm": "sha256"},
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": identity.sign(attributes.dump()),
        }
    )


def open_signature(raw: bytes, manifest: bytes, declared: frozenset[str]) -> OpenedSignature:
    """Parses a detached signature and checks each signer against the manifest's bytes.

    `declared` are the fingerprints of exactly the certificates that it must carry. `DamagedSignature` where
    it cannot be understood as a whole; what is wrong with one signer alone stands in its `Seal.fault`.
    """
    try:
        return _open(raw, manifest, declared)
    except _MALFORMED as error:
        raise DamagedSignature(f"its structure is damaged ({error.__class__.__name__})") from error


def _open(raw: bytes, manifest: bytes, declared: frozenset[str]) -> OpenedSignature:
    content_info = cms.ContentInfo.load(raw, strict=True)
    if content_info["content_type"].native != "signed_data":
        raise DamagedSignature("it is not a CMS SignedData structure")
    signed_data = content_info["content"]
    enclosed = signed_data["encap_content_info"]
    if enclosed["content_type"].native != "data" or enclosed["content"].native is not None:
        raise DamagedSignature("it is not a detached signature over plain data")
    if signed_data["version"].native != "v1" or signed_data["crls"].native:
        raise DamagedSignature("it has a version or a part that bundles do not use")
    ders = [choice.chosen.dump() for choice in signed_data["certificates"]]
    if frozenset(hashlib.sha256(der).hexdigest() for der in ders) != declared or len(ders) != len(declared):
        raise DamagedSignature("the certificates in it are not those that the manifest declares")
    infos = list(signed_data["signer_infos"])
    announced = sorted(_digest_name(each) for each in signed_data["digest_algorithms"])
    if announced != sorted({_digest_name(info["digest_algorithm"]) for info in infos}):
        raise DamagedSignature("the digest algorithms announced and used differ")
    by_identifier = {
        _identifier(asn1_x509.Certificate.load(der)): x509.load_der_x509_certificate(der) for der in ders
    }
    seals = tuple(_check(info, manifest, by_identifier) for info in infos)
    signing = [seal.certificate for seal in seals]
    return OpenedSignature(seals, tuple(each for each in by_identifier.values() if each not in signing))


def _identifier(certificate: asn1_x509.Certificate) -> tuple[bytes, int]:
    return bytes(certificate.issuer.dump()), int(certificate.serial_number)


def _digest_name(algorithm: algos.DigestAlgorithm) -> str:
    """Name of a digest that is accepted; its parameters are absent or NULL (RFC 5754, 2)."""
    name = str(algorithm["algorithm"].native)
    if name not in _HASHES:
        raise DamagedSignature(f"the digest algorithm {name} is not accepted")
    _refuse_parameters(algorithm)
    return name


def _refuse_parameters(algorithm: algos.DigestAlgorithm | algos.SignedDigestAlgorithm) -> None:
    parameters = algorithm["parameters"]
    if parameters.dump() not in (b"", b"\x05\x00"):
        raise DamagedSignature("an algorithm carries parameters that it cannot have")


def _check(
    info: cms.SignerInfo, manifest: bytes, certificates: dict[tuple[bytes, int], x509.Certificate]
) -> Seal:
    sid = info["sid"]
    if sid.name != "issuer_and_serial_number" or info["version"].native != "v1":
        raise DamagedSignature("a signer is not named by issuer and serial number")
    issuer_and_serial = sid.chosen
    identifier = (
        bytes(issuer_and_serial["issuer"].dump()),
        int(issuer_and_serial["serial_number"].native),
    )
    certificate = certificates.get(identifier)
    if certificate is None:
        raise DamagedSignature("a signer's certificate is not in it")
    if info["unsigned_attrs"].native:
        raise DamagedSignature("it carries attributes that nobody signed")
    signed = info["signed_attrs"]
    values = {attribute["type"].native: attribute["values"] for attribute in signed}
    if len(values) != len(signed) or any(len(each) != 1 for each in values.values()):
        raise DamagedSignature("a signed attribute is repeated")
    signed_at: datetime | None = values["signing_time"][0].native if "signing_time" in values else None
    return Seal(certificate, signed_at, _fault(info, values, manifest, certificate))


def _fault(
    info: cms.SignerInfo,
    values: dict[str, cms.SetOfAny],
    manifest: bytes,
    certificate: x509.Certificate,
) -> str | None:
    digest = _digest_name(info["digest_algorithm"])
    who = holder_of(certificate)
    if "content_type" not in values or values["content_type"][0].native != "data":
        return f"the signature of {who} does not say what it signs"
    if not _binds(values, certificate):
        return f"the signature of {who} was made with another certificate than the one beside it"
    attributes = info["signed_attrs"].untag().dump()  # RFC 5652, 5.4: signed as SET OF, not as [0]
    try:
        _verify(info, digest, certificate, attributes)
    except (InvalidSignature, UnsupportedAlgorithm):
        return f"the signature of {who} is not one that the key of its certificate made"
    if (
        "message_digest" not in values
        or values["message_digest"][0].native != hashlib.new(digest, manifest).digest()
    ):
        return f"{who} signed other bytes than this manifest: manifest or signature was changed or exchanged"
    return None


def _binds(values: dict[str, cms.SetOfAny], certificate: x509.Certificate) -> bool:
    """Whether signing-certificate-v2 names this certificate; signatures without it are accepted."""
    if "signing_certificate_v2" not in values:
        return True
    first = values["signing_certificate_v2"][0]["certs"][0]
    algorithm = _HASHES.get(first["hash_algorithm"]["algorithm"].native)
    return algorithm is not None and first["cert_hash"].native == certificate.fingerprint(algorithm)


def _verify(info: cms.SignerInfo, digest: str, certificate: x509.Certificate, signed: bytes) -> None:
    """InvalidSignature unless the certificate's key made it: ECDSA, RSA PKCS #1 v1.5 or RSA-PSS."""
    key = certificate.public_key()
    algorithm = info["signature_algorithm"]
    scheme = algorithm.signature_algo
    signature = info["signature"].native
    if isinstance(key, ec.EllipticCurvePublicKey) and scheme == "ecdsa":
        _refuse_parameters(algorithm)
        key.verify(signature, signed, ec.ECDSA(_HASHES[algorithm.hash_algo]))
    elif isinstance(key, rsa.RSAPublicKey) and scheme == "rsassa_pkcs1v15":
        _refuse_parameters(algorithm)
        key.verify(signature, signed, padding.PKCS1v15(), _HASHES[digest])
    elif isinstance(key, rsa.RSAPublicKey) and scheme == "rsassa_pss":
        hashed = _HASHES[algorithm.hash_algo]
        mask = padding.MGF1(
            _HASHES[algorithm["parameters"]["mask_gen_algorithm"]["parameters"]["algorithm"].native]
        )
        key.verify(
            signature, signed, padding.PSS(mask, int(algorithm["parameters"]["salt_length"].native)), hashed
        )
    else:
        raise InvalidSignature
