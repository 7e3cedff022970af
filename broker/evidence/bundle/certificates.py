"""Each agency's signing certificate: a root that others trust, and a leaf beneath it that signs bundles.

Two levels, so that the leaf can change while the trust anchor handed out to partners and courts stays. Keys
are ECDSA P-256. The subject carries the agency's id as organizationIdentifier (X.520, 2.5.4.97), which binds
a certificate to the agency that a manifest names. Owns the files in the folder that it is given: one PEM file
per level with key and certificate together, replaced as a whole, so that a crash never leaves half a pair.
Chains are judged in `trust`, signatures made in `signature`.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pydantic import TypeAdapter, ValidationError

from broker.evidence.bundle.errors import IdentityUnusable
from broker.evidence.bundle.models import AgencyId
from broker.private_files import replace

ROOT_LIFETIME = timedelta(days=20 * 365)
SIGNING_LIFETIME = timedelta(days=2 * 365)
RENEWAL_LEAD = timedelta(days=60)
"""A signing certificate with less than this left is replaced."""

CLOCK_TOLERANCE = timedelta(minutes=5)
"""Certificates start this much early: a clock set back a little must not precede them."""

_NAME_LIMIT = 64  # bytes, X.520 upper bound of organizationName and commonName
_OTHERS_MAY_READ = 0o077


@dataclass(frozen=True)
class SigningIdentity:
    """An agency's key with its certificate. `issuers` run from the next above the leaf to the root."""

    agency: str
    certificate: x509.Certificate
    issuers: tuple[x509.Certificate, ...]
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """ECDSA over SHA-256, DER form."""
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))

    def certificates_pem(self) -> bytes:
        """Leaf first, then its issuers: what travels in the bundle."""
        return b"".join(_pem(certificate) for certificate in (self.certificate, *self.issuers))

    def trust_anchor_pem(self) -> bytes:
        """The root: what the agency hands to whoever shall trust it, by another way than the bundle."""
        return _pem(self.issuers[-1])


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the DER form, lower-case hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def agency_of(certificate: x509.Certificate) -> str | None:
    """The agency id that the subject carries; None for a certificate that carries none."""
    return _first_attribute(certificate, NameOID.ORGANIZATION_IDENTIFIER)


def holder_of(certificate: x509.Certificate) -> str:
    """Whom the certificate names, for a sentence: the organisation, else the whole subject."""
    return _first_attribute(certificate, NameOID.ORGANIZATION_NAME) or certificate.subject.rfc4514_string()


def open_identity(folder: Path, agency_id: str, agency_name: str, now: datetime) -> SigningIdentity:
    """The agency's identity in `folder/<agency_id>`, made at the first call and renewed before it expires.

    Safe against other processes that do the same at once: they wait and get the same identity. A changed
    `agency_name` enters with the next renewal. `IdentityUnusable` where files are damaged or others may read.
    """
    try:
        TypeAdapter(AgencyId).validate_python(agency_id)
    except ValidationError as error:
        raise IdentityUnusable(
            f"{agency_id!r} cannot be an agency id: letters, digits and ._- only"
        ) from error
    if not agency_name.strip():
        raise IdentityUnusable(f"agency {agency_id} needs a name for its certificate")
    own = folder / agency_id
    try:
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(own / "lock"):
            return _load_or_make(own, agency_id, agency_name, now)
    except OSError as error:
        raise IdentityUnusable(f"the signing identity in {own} cannot be opened: {error.strerror}") from error


@dataclass(frozen=True)
class _Pair:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


def _load_or_make(own: Path, agency_id: str, agency_name: str, now: datetime) -> SigningIdentity:
    root = _load(own / "root.pem")
    if root is None or _expires_within(root, SIGNING_LIFETIME, now):
        root = _make(agency_id, agency_name, now, issuer=None)
        _store(own / "root.pem", root)
    leaf = _load(own / "signing.pem")
    issued_here = leaf is not None and leaf.certificate.issuer == root.certificate.subject
    if leaf is None or not issued_here or _expires_within(leaf, RENEWAL_LEAD, now):
        leaf = _make(agency_id, agency_name, now, issuer=root)
        _store(own / "signing.pem", leaf)
    return SigningIdentity(agency_id, leaf.certificate, (root.certificate,), leaf.key)


def _expires_within(pair: _Pair, left: timedelta, now: datetime) -> bool:
    return pair.certificate.not_valid_after_utc - now < left


def _make(agency_id: str, agency_name: str, now: datetime, issuer: _Pair | None) -> _Pair:
    """A root where `issuer` is None, else a leaf beneath it. Fields follow RFC 5280 and RFC 8551 (S/MIME),
    so that `openssl cms -verify` accepts the leaf with its usual purpose."""
    key = ec.generate_private_key(ec.SECP256R1())
    is_root = issuer is None
    serial = x509.random_serial_number()
    role = "Entrevue evidence CA" if is_root else "Entrevue evidence"
    # The root's name carries its serial: after a renewal, leaf and root are still matched without doubt.
    suffix = f" {role} {serial % 2**32:08x}" if is_root else f" {role}"
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _shorten(agency_name, _NAME_LIMIT)),
            x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, agency_id),
            x509.NameAttribute(
                NameOID.COMMON_NAME, _shorten(agency_name, _NAME_LIMIT - len(suffix)) + suffix
            ),
        ]
    )
    starts = now.replace(microsecond=0) - CLOCK_TOLERANCE
    lifetime = ROOT_LIFETIME if is_root else SIGNING_LIFETIME
    public_key = key.public_key()
    signing_key = key if issuer is None else issuer.key
    certificate = (
        x509.CertificateBuilder(
            issuer_name=subject if issuer is None else issuer.certificate.subject,
            subject_name=subject,
            public_key=public_key,
            serial_number=serial,
            not_valid_before=starts,
            not_valid_after=starts + lifetime,
        )
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=0 if is_root else None), critical=True)
        .add_extension(_key_usage(is_root), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False
        )
    )
    if not is_root:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        certificate = certificate.add_extension(usage, critical=False)
    return _Pair(key, certificate.sign(signing_key, hashes.SHA256()))


def _shorten(name: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, never half a character."""
    return name.encode()[:limit].decode(errors="ignore")


def _key_usage(is_root: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_root,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_root,
        crl_sign=is_root,
        encipher_only=False,
        decipher_only=False,
    )


def _load(path: Path) -> _Pair | None:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS_MAY_READ:
                raise IdentityUnusable(f"others may read the key in {path}: replace it, or chmod 600 {path}")
            content = file.read()
    except FileNotFoundError:
        return None
    try:
        key = serialization.load_pem_private_key(content, password=None)
        certificate = x509.load_pem_x509_certificate(content)
    except ValueError as error:
        raise IdentityUnusable(f"{path} is damaged: restore it from a backup, or remove it") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise IdentityUnusable(f"key and certificate in {path} do not belong together")
    return _Pair(key, certificate)


def _store(path: Path, pair: _Pair) -> None:
    content = pair.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + _pem(pair.certificate)
    replace(path, content)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _first_attribute(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str | None:
    found = certificate.subject.get_attributes_for_oid(oid)
    return str(found[0].value) if found else None


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
