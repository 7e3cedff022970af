"""Who sealed a manifest: reads manifest and signature, and says by whom each statement is proven.

Knows bytes, not where they came from; `verify` finds them. What no bundle can prove today is said here too.
"""

import json
from collections.abc import Sequence

from cryptography import x509
from pydantic import ValidationError

from adapters.contract.models import format_instant
from broker.evidence.bundle.certificates import agency_of, fingerprint, holder_of
from broker.evidence.bundle.errors import DamagedSignature
from broker.evidence.bundle.models import (
    FORMAT,
    MANIFEST_PATH,
    SIGNATURE_PATH,
    WITHOUT_PROOFS,
    Manifest,
    Signer,
)
from broker.evidence.bundle.signature import OpenedSignature, Seal, open_signature
from broker.evidence.bundle.trust import fault_of, voucher_of
from broker.evidence.bundle.verification import Check, Finding, failed, not_proven, proven


def read_manifest(raw: bytes) -> Manifest | Finding:
    """The manifest, or the failed finding that says why it cannot be read."""
    try:
        return Manifest.model_validate_json(raw)
    except ValidationError as error:
        stated = _stated_format(raw)
        if stated is not None and stated not in (FORMAT, WITHOUT_PROOFS):
            sentence = f"the manifest is of format {stated[:80]}; this version reads {FORMAT} and older"
        else:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "its text"
            sentence = f"the manifest is damaged at {place}: {first['msg']}"
        return failed(Check.MANIFEST, sentence, where=MANIFEST_PATH)


def _stated_format(raw: bytes) -> str | None:
    try:
        stated = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    value = stated.get("format") if isinstance(stated, dict) else None
    return value if isinstance(value, str) else None


def judge_signature(
    manifest: Manifest, raw_manifest: bytes, raw_signature: bytes, trusted: Sequence[x509.Certificate]
) -> list[Finding]:
    """Findings on the signature of each owner, its certificate, and who vouches for it."""
    declared = frozenset(
        digest
        for signer in manifest.signers
        for digest in (signer.certificate_sha256, *signer.issuers_sha256)
    )
    try:
        opened = open_signature(raw_signature, raw_manifest, declared)
    except DamagedSignature as error:
        sentence = f"the signature cannot be used: {error}"
        return [failed(Check.SIGNATURE, sentence, where=SIGNATURE_PATH)]
    findings: list[Finding] = []
    seals = {fingerprint(seal.certificate): seal for seal in opened.seals}
    expected = {signer.certificate_sha256 for signer in manifest.signers}
    if set(seals) != expected or len(opened.seals) != len(manifest.signers):
        sentence = "the signers are not exactly the owners that the manifest names"
        findings.append(failed(Check.SIGNATURE, sentence, where=SIGNATURE_PATH))
    sound: list[tuple[Signer, Seal]] = []
    for signer in manifest.signers:
        seal = seals.get(signer.certificate_sha256)
        if seal is not None:
            own = _judge_seal(manifest, signer, seal, opened)
            findings += own
            if not any(finding.result == "failed" for finding in own):
                sound.append((signer, seal))
    return findings + _judge_trust(manifest, sound, opened, trusted)


def _judge_seal(manifest: Manifest, signer: Signer, seal: Seal, opened: OpenedSignature) -> list[Finding]:
    name = manifest.agency_name(signer.agency)
    if seal.fault is not None or seal.signed_at is None:
        sentence = seal.fault or f"the signature of {name} does not say when it was made"
        return [failed(Check.SIGNATURE, sentence, where=SIGNATURE_PATH)]
    at = format_instant(seal.signed_at)
    signature = proven(
        Check.SIGNATURE,
        f"the manifest is, byte for byte, what the holder of {name}'s certificate signed at {at} (its clock)",
        by=holder_of(seal.certificate),
        where=MANIFEST_PATH,
    )
    named = agency_of(seal.certificate)
    if named != signer.agency:
        sentence = f"the certificate that signed for {name} is made out to {named or 'no agency'}"
        return [signature, failed(Check.CERTIFICATE, sentence, where=signer.certificate_path)]
    fault = fault_of(seal.certificate, opened.issuers, seal.signed_at)
    if fault is not None:
        return [signature, failed(Check.CERTIFICATE, fault, where=signer.certificate_path)]
    sentence = f"the certificate of {name} was valid when it signed, and made for signing"
    return [
        signature,
        proven(Check.CERTIFICATE, sentence, by=holder_of(seal.certificate), where=signer.certificate_path),
    ]


def _judge_trust(
    manifest: Manifest,
    sound: Sequence[tuple[Signer, Seal]],
    opened: OpenedSignature,
    trusted: Sequence[x509.Certificate],
) -> list[Finding]:
    """With trusted certificates, one sound signature must lead to them: each covers the whole manifest."""
    findings: list[Finding] = []
    vouched = False
    for signer, seal in sound:
        name = manifest.agency_name(signer.agency)
        at = seal.signed_at or manifest.sealed_at
        voucher = voucher_of(seal.certificate, opened.issuers, trusted, at)
        if voucher is not None:
            vouched = True
            sentence = f"{name} sealed it: a certificate that you trust vouches for the one that signed"
            findings.append(
                proven(Check.TRUST, sentence, by=voucher.subject.rfc4514_string(), where=SIGNATURE_PATH)
            )
        else:
            sentence = (
                f"a certificate inside the bundle signed for {name}; nobody you named vouches for it "
                f"(SHA-256 {signer.certificate_sha256})"
            )
            findings.append(not_proven(Check.TRUST, sentence, where=signer.certificate_path))
    if trusted and sound and not vouched:
        sentence = "none of the certificates that you trust vouches for a signature here"
        findings.append(failed(Check.TRUST, sentence, where=SIGNATURE_PATH))
    return findings


def limits(manifest: Manifest) -> list[Finding]:
    """What this bundle cannot prove, whatever its checks say."""
    findings = [
        not_proven(
            Check.CLOCK,
            f"the clock of camera {item.camera.id} (item {item.n}) was never compared with UTC: "
            "its difference was treated as 0",
            where=f"item {item.n}",
        )
        for item in manifest.items
        if item.clock_offset_ms is None
    ]
    return [
        *findings,
        not_proven(
            Check.TIME_STAMP,
            f"no third party attests the time of sealing, {format_instant(manifest.sealed_at)}: it is the "
            "signers' own word, as is that their certificates were not revoked",
        ),
        not_proven(
            Check.SOURCE,
            "nothing shows what happened to the footage before its recorder handed it over",
        ),
    ]
