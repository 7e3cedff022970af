"""Whether a certificate deserves trust: valid when it signed, made for signing, and vouched for by whom.

Paths are built and checked by `cryptography`'s X.509 verifier (RFC 5280), at the instant of signing. Nothing
is fetched: revocation cannot be seen from here, and `verify` says so.
"""

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from broker.evidence.bundle.certificates import agency_of, holder_of
from broker.evidence.bundle.errors import TrustUnreadable

_LONGEST_PATH = 4


def read_trust(pems: Sequence[bytes]) -> tuple[x509.Certificate, ...]:
    """Every certificate of the given PEM files; `TrustUnreadable` where one holds none."""
    found: list[x509.Certificate] = []
    for position, pem in enumerate(pems, start=1):
        try:
            found += x509.load_pem_x509_certificates(pem)
        except ValueError as error:
            raise TrustUnreadable(f"trusted certificate {position} is not a PEM certificate") from error
    return tuple(found)


def fault_of(leaf: x509.Certificate, issuers: Sequence[x509.Certificate], at: datetime) -> str | None:
    """Why the certificate could not sign at that instant by what lies in the bundle; None where it could."""
    if not leaf.not_valid_before_utc <= at <= leaf.not_valid_after_utc:
        return f"the certificate of {holder_of(leaf)} was not valid when it signed"
    if not issuers or _reaches(leaf, issuers, issuers, at):
        return None
    return f"the certificate of {holder_of(leaf)} does not fit the ones that should have issued it"


def voucher_of(
    leaf: x509.Certificate,
    issuers: Sequence[x509.Certificate],
    trusted: Sequence[x509.Certificate],
    at: datetime,
) -> x509.Certificate | None:
    """The trusted certificate that vouches for the leaf at that instant, None where none does.

    A trusted root that carries an agency's id vouches for that agency alone.
    """
    for anchor in trusted:
        if agency_of(anchor) not in (None, agency_of(leaf)):
            continue
        if anchor == leaf or _reaches(leaf, issuers, [anchor], at):
            return anchor
    return None


def _reaches(
    leaf: x509.Certificate,
    between: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    at: datetime,
) -> bool:
    try:
        verifier = (
            PolicyBuilder()
            .store(Store(list(anchors)))
            .time(at)
            .max_chain_depth(_LONGEST_PATH)
            .extension_policies(
                ca_policy=ExtensionPolicy.webpki_defaults_ca(),
                ee_policy=ExtensionPolicy.permit_all().require_present(
                    x509.KeyUsage, Criticality.AGNOSTIC, _may_sign
                ),
            )
            .build_client_verifier()
        )
        verifier.verify(leaf, list(between))
    except (VerificationError, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _may_sign(_policy: Policy, _certificate: x509.Certificate, usage: x509.KeyUsage) -> None:
    if not (usage.digital_signature or usage.content_commitment):
        raise ValueError("the certificate was not made for signing")
