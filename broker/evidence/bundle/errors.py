"""What can go wrong while sealing or verifying, grouped by who can put it right.

EvidenceError
├── CannotSeal          what was given does not fit together: a clip changed, an owner without identity
├── IdentityUnusable    an agency's key or certificate on disk cannot be used as it lies there
├── TrustUnreadable     a certificate named as trusted is not one
├── SubjectUnreadable   the file to verify does not exist or cannot be opened
└── DamagedSignature    a CMS signature that cannot be understood; `verify` turns it into a finding
"""


class EvidenceError(Exception):
    """Base of all; raised only through its named subclasses. The message is for a person."""


class CannotSeal(EvidenceError):
    pass


class IdentityUnusable(EvidenceError):
    pass


class TrustUnreadable(EvidenceError):
    pass


class SubjectUnreadable(EvidenceError):
    pass


class DamagedSignature(EvidenceError):
    pass
