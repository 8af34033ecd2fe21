"""Giving rows away and taking them back."""

from __future__ import annotations

from skyaccord.columns import F8, I4
from skyaccord.tracks.kernels.bank import LONG_AGO, NEVER, NONE, Store
from skyaccord.tracks.kernels.compiled import inlined, lean


@lean
def room_left(store: Store) -> int:
    """Rows that are not in use and may be given away."""
    counts = store.counts[0]
    return int(len(store.bank) - counts.top + counts.spare)


@lean
def spare(store: Store) -> int:
    """A row that was not in use and now is; there must be one."""
    counts = store.counts[0]
    if counts.spare > 0:
        counts.spare -= 1
        t = store.free[counts.spare]
    else:
        t = counts.top
        counts.top += 1
    store.pins[t].live = 1
    touch(store, t)
    return int(t)


@lean
def copy_row(store: Store, t: int) -> int:
    """A row with all that row t has."""
    twin = spare(store)
    store.bank[twin] = store.bank[t]
    return int(twin)


@lean
def rouse(wake_s: F8, time_s: float, awake: I4) -> int:
    """Rows that something may befall by a time, into `awake`: how many. All are asked, without a branch."""
    many = 0
    for t in range(len(awake)):
        awake[many] = t
        many += wake_s[t] <= time_s
    return many


@inlined
def touch(store: Store, t: int) -> None:
    """Say that a row has changed: where it is and what is due must be seen anew."""
    store.pins[t].until_s = store.wake_s[t] = LONG_AGO


@lean
def next_number(store: Store) -> int:
    """A number for a track that was never given before."""
    counts = store.counts[0]
    counts.next_number += 1
    return int(counts.next_number - 1)


@lean
def note_end(store: Store, number: int, time_s: float) -> None:
    """Put a believed track on the list of the ended; there is room for all that may end in a slice."""
    counts = store.counts[0]
    store.gone[counts.ended], store.gone_s[counts.ended] = number, time_s
    counts.ended += 1


@lean
def retire(store: Store, t: int) -> None:
    """Take a row out of use; it is given away again only after the slice, for the grid still has it."""
    counts, row = store.counts[0], store.bank[t]
    row.number, row.lead, row.nest, store.pins[t].live, store.wake_s[t] = 0, 1, NONE, 0, NEVER
    store.free[len(store.free) - 1 - counts.retired] = t
    counts.retired += 1


@lean
def give_back(store: Store) -> None:
    """Rows retired in a slice may be used again."""
    counts, free = store.counts[0], store.free
    for i in range(counts.retired):
        free[counts.spare] = free[len(free) - 1 - i]
        counts.spare += 1
    counts.retired = 0


@lean
def spare_nest(store: Store) -> int:
    """A nest that is not in use, or NONE."""
    counts, nests = store.counts[0], store.nests
    for i in range(len(nests)):
        at = (counts.next_nest + i) % len(nests)
        if nests[at].tracks == 0:
            counts.next_nest = at + 1
            return int(at)
    return NONE
