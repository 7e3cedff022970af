"""Builds the service of retention."""

from broker.audit.erasure.service import Erasure
from broker.clock import Clock
from broker.ledger.engine import Ledger
from broker.requests.retaining import EraseEvidence
from broker.retention.service import Retention
from broker.retention.snapshots import EraseSnapshots
from broker.settings.sections import BrokerSettings
from broker.vault.store import Vault


def build_retention(
    ledger: Ledger, vault: Vault, clock: Clock, people: Erasure, limits: BrokerSettings
) -> Retention:
    evidence = EraseEvidence(ledger, vault, clock)
    snapshots = EraseSnapshots(ledger, vault, clock, limits.snapshot_days)
    return Retention(evidence, snapshots, people, ledger, clock)
