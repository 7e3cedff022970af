"""Lists that others publish in a format of their own. Each module owns one: it names the cells, judges no value.

What none of them reads: who mapped, who lives there, telephone numbers, addresses and names of people.
"""
