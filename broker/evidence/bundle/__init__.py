"""The bundle: clips, manifest, signatures and report in one file, and the proof that nothing in it changed.

Owns the format from certificate to verdict. It cuts no video, keeps no state of requests, reads no ledger and
no settings: what it seals comes in as `models.RequestFacts`, what it finds goes out as `verify.Verification`.
"""
