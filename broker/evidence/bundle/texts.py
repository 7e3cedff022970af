"""Every word of the report, per language. A new language is a new row of `TEXTS` and a VERIFY template."""

from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "fr"]


@dataclass(frozen=True)
class Texts:
    """`words` translates the manifest's fixed values; a value without a word is shown as it stands."""

    title: str
    request: str
    case: str
    purpose: str
    basis: str
    reason: str
    documents: str
    requester: str
    submitted: str
    sealed: str
    owners: str
    software: str
    item: str
    camera: str
    network: str
    owner: str
    place: str
    position: str
    state: str
    requested: str
    held: str
    held_until: str
    decision: str
    decided_by: str
    decided_by_agreement: str
    nobody: str
    agreement: str
    granted: str
    available: str
    delivered: str
    gaps: str
    nothing: str
    clock: str
    clock_unknown: str
    clock_known: str
    clips: str
    clip: str
    shown: str
    frames: str
    picture: str
    hidden: str
    hidden_packets: str
    size: str
    no_clips: str
    log: str
    log_how: str
    log_key: str
    witness_keys: str
    signatures: str
    check: str
    check_how: str
    check_limit: str
    times: str
    words: tuple[tuple[str, str], ...] = ()

    def word(self, value: str) -> str:
        return dict(self.words).get(value, value)


TEXTS: dict[Language, Texts] = {
    "en": Texts(
        title="Report on delivered footage",
        request="Request",
        case="Case reference",
        purpose="Purpose",
        basis="Legal basis",
        reason="Reason",
        documents="Documents",
        requester="Requested by",
        submitted="Submitted",
        sealed="Sealed",
        owners="Owners of the cameras",
        software="Software",
        item="Item",
        camera="Camera",
        network="Network",
        owner="Owner",
        place="Place, level",
        position="Position (WGS 84)",
        state="Outcome",
        requested="Requested",
        held="Kept from being overwritten",
        held_until="until",
        decision="Decision",
        decided_by="Decided by",
        decided_by_agreement="the agreement, without a person deciding",
        nobody="nobody",
        agreement="Agreement",
        granted="Granted",
        available="Available at the recorder",
        delivered="Delivered",
        gaps="Missing (gaps)",
        nothing="nothing",
        clock="Recorder's clock",
        clock_unknown="Its difference from UTC is not known and was treated as 0: all times of this item are "
        "the recorder's own.",
        clock_known="Recorder's clock minus UTC: {ms} ms. All times of this item are corrected for it.",
        clips="Clips",
        clip="Clip",
        shown="Shows",
        frames="frames",
        picture="Picture",
        hidden="Hidden before and after",
        hidden_packets="{head} and {tail} packets",
        size="Size",
        no_clips="No clip was delivered for this item.",
        log="Entries of the log",
        log_how="What was done about this request, as the broker’s log has it. The folder log/ holds each entry and "
        "proves that it is in the tree that the log, and witnesses of the agencies, signed.",
        log_key="Key of the log",
        witness_keys="Witnesses known at sealing",
        signatures="Signed by",
        check="How to check",
        check_how="VERIFY.txt in this bundle shows how to check signature and checksums with public tools. "
        "Anyone with Entrevue runs: entrevue verify FILE --trust CERTIFICATE",
        check_limit="The signatures prove that nothing changed since sealing and who sealed it. They do not "
        "prove what happened before the footage left its recorder.",
        times="All times are UTC. An interval contains its start and not its end.",
    ),
    "fr": Texts(
        title="Rapport sur les images remises",
        request="Demande",
        case="Référence du dossier",
        purpose="Finalité",
        basis="Fondement légal",
        reason="Motif",
        documents="Pièces jointes",
        requester="Demandé par",
        submitted="Déposée",
        sealed="Scellée",
        owners="Propriétaires des caméras",
        software="Logiciel",
        item="Élément",
        camera="Caméra",
        network="Réseau",
        owner="Propriétaire",
        place="Lieu, niveau",
        position="Position (WGS 84)",
        state="Issue",
        requested="Demandé",
        held="Conservé avant écrasement",
        held_until="jusqu’au",
        decision="Décision",
        decided_by="Décidé par",
        decided_by_agreement="la convention, sans décision individuelle",
        nobody="personne",
        agreement="Convention",
        granted="Accordé",
        available="Disponible sur l’enregistreur",
        delivered="Remis",
        gaps="Manquant (interruptions)",
        nothing="rien",
        clock="Horloge de l’enregistreur",
        clock_unknown="Son écart avec l’heure UTC n’est pas connu et a été pris pour nul : toutes les heures "
        "de cet élément sont celles de l’enregistreur.",
        clock_known="Horloge de l’enregistreur moins UTC : {ms} ms. Toutes les heures de cet élément en sont "
        "corrigées.",
        clips="Extraits",
        clip="Extrait",
        shown="Montre",
        frames="images",
        picture="Image",
        hidden="Masqué avant et après",
        hidden_packets="{head} et {tail} paquets",
        size="Taille",
        no_clips="Aucun extrait n’a été remis pour cet élément.",
        log="Entrées du journal",
        log_how="Ce qui a été fait de cette demande, selon le journal. Le dossier log/ contient chaque entrée et "
        "prouve qu’elle est dans l’arbre que le journal, et des témoins des organismes, ont signé.",
        log_key="Clé du journal",
        witness_keys="Témoins connus au scellement",
        signatures="Signé par",
        check="Comment vérifier",
        check_how="VERIFY.txt, dans ce dossier, montre comment vérifier signature et empreintes avec des "
        "outils publics. Avec Entrevue : entrevue verify FICHIER --trust CERTIFICAT",
        check_limit="Les signatures prouvent que rien n’a changé depuis le scellement et qui a scellé. Elles "
        "ne prouvent pas ce qui s’est passé avant que les images ne quittent l’enregistreur.",
        times="Toutes les heures sont UTC. Un intervalle comprend son début et non sa fin.",
        words=(
            ("completed", "remis"),
            ("denied", "refusé"),
            ("unavailable", "indisponible"),
            ("cancelled", "annulé"),
            ("expired", "expiré"),
            ("approved", "accordé"),
            ("none", "aucune"),
            ("held", "conservé"),
            ("partial", "conservé en partie"),
            ("failed", "échec"),
            ("released", "levé"),
            ("ordered", "ordonné"),
            ("placing", "en cours"),
            ("native", "par l’enregistreur"),
            ("copied", "par copie scellée"),
        ),
    ),
}
