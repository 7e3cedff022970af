"""What an index needs of memory, counted object by object."""

import sys

from benchmarks.search.questions import Asked


def without_display(asked: Asked) -> dict[str, object]:
    """Bytes a camera that searches need, and bytes that only what is shown needs."""
    table, count = asked.index.table, len(asked.world.columns)
    displays = [table.display(slot) for slot in range(table.size)]
    shown = sum(sys.getsizeof(display) + sum(map(sys.getsizeof, display)) for display in displays)
    columns = (
        table.facts,
        table.points_m,
        *(
            array
            for parts in (table.views, table.spans)
            for array in (parts.begins, parts.counts, parts.parts)
        ),
    )
    searched = sum(column.nbytes for column in columns)
    searched += sum(map(sys.getsizeof, table.ids)) + sum(map(sys.getsizeof, table.texts))
    return {
        "case": f"memory a camera, by what it is for {asked.world.name}",
        "ours": round(searched / count),
        "unit": "bytes",
        "shown only": round(shown / count),
        "peers": {},
        "absent": [],
    }
