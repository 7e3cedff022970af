"""Text is looked for word by word."""

from broker.catalog.questions import Question
from tests.broker.catalog.catalogs import catalog_camera
from tests.broker.catalog.index.indexes import ask, index_of
from tests.world import NOW

POINT = (48.8809, 2.3553)


def test_every_word_is_looked_for_in_name_id_and_place() -> None:
    index = index_of(
        [catalog_camera("a", *POINT, name="Quai Est"), catalog_camera("b", *POINT, name="Quai Ouest")]
    )

    def found(text: str) -> list[str]:
        hits = ask(index, Question(area=None, as_of=NOW, limit=9, text=text)).hits
        return [hit.camera_id.partition(":")[2] for hit in hits]

    assert [
        found(text) for text in ("quai", "quai est", "QUAI ouest", "est cctv:b", "quai nord", "nord quai")
    ] == [
        ["a", "b"],
        ["a", "b"],
        ["b"],
        ["b"],
        [],
        [],
    ]
