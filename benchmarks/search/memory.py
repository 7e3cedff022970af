"""What an index needs of memory, counted object by object."""

import sys

from benchmarks.search.questions import Asked


def without_display(asked: Asked) -> dict[str, object]:
    """Bytes a camera that searches need, and bytes that only what is shown needs."""
    table, count = asked.index.table, len(asked.world.columns)
    displays = [table.display(slot) for slot in range(table.size)]
    shown = sum(map(sys.getsizeof, displays))
    columns = (
        table.facts,
        table.points_m,
        *(
            array
            for parts in (table.views, table.spans, table.texts)
            for array in (parts.begins, parts.counts, parts.parts)
        ),
    )
    searched = sum(column.nbytes for column in columns) + sum(map(sys.getsizeof, table.ids))
    return {
        "case": f"memory a camera, by what it is for {asked.world.name}",
        "ours": round(searched / count),
        "unit": "bytes",
        "shown only": round(shown / count),
        "peers": {},
        "absent": [],
    }
