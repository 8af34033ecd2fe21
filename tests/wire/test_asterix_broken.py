"""Broken ASTERIX: what can be kept is kept, and every byte is decoded or counted as lost."""

import numpy as np
import pytest
from wire_bytes import block, cat048, shared, whole

from skyaccord.wire import read_recording
from skyaccord.wire.formats.asterix import read_asterix
from skyaccord.wire.losses import Loss, Losses, tally

PLOT = "a0010220"
GOOD = block(48, PLOT)  # 7 bytes


def read(data: bytes):
    return read_asterix(*whole(data))


def records(reading) -> dict[int, int]:
    return {category: len(columns) for category, columns in reading.columns.items() if len(columns)}


@pytest.mark.parametrize(
    ("data", "found", "losses"),
    [
        # a broken record loses the rest of its block, and the next block is read
        (block(48, PLOT, "a00102") + GOOD, {48: 2}, {"truncated": Loss(1, 3, 7)}),
        (block(48, PLOT, "f00102") + GOOD, {48: 2}, {"truncated": Loss(1, 3, 7)}),
        (block(48, PLOT, "00", PLOT) + GOOD, {48: 2}, {"bad_fspec": Loss(1, 5, 7)}),  # empty FSPEC
        (block(48, PLOT, "010100") + GOOD, {48: 2}, {"bad_fspec": Loss(1, 3, 7)}),  # the same in three bytes
        (block(48, PLOT, "ffffff") + GOOD, {48: 2}, {"bad_fspec": Loss(1, 3, 7)}),  # FSPEC without an end
        (block(48, "0101010180", "0102"), {}, {"bad_fspec": Loss(1, 7, 3)}),  # FRN 29 of 28
        (block(62, "40 00"), {}, {"bad_fspec": Loss(1, 2, 3)}),  # a spare FRN
        (block(34, "04 20 00") + GOOD, {48: 1}, {"bad_item": Loss(1, 3, 3)}),  # I034/050 has no such subfield
        (block(62, "0110 0101010108 00"), {}, {"bad_item": Loss(1, 8, 3)}),  # I062/380 has 28 subfields
        (block(48, "01010102 00 1111"), {}, {"bad_item": Loss(1, 7, 3)}),  # SP with a length of zero
        (block(48, "01010102"), {}, {"truncated": Loss(1, 4, 3)}),  # SP without its length
        (block(48, "010101 02 05 1111"), {}, {"truncated": Loss(1, 7, 3)}),
        (block(48, "0120 ff 00"), {}, {"truncated": Loss(1, 4, 3)}),  # 255 registers that are not there
        (block(48, "20 0101010101"), {}, {"truncated": Loss(1, 6, 3)}),  # I048/020 without an end
        # blocks
        (block(48), {}, {}),  # nothing in it
        (GOOD + b"\x30\x00\x00" + GOOD, {48: 1}, {"bad_length": Loss(1, 10, 7)}),  # LEN 0
        (GOOD + b"\x30\x00\x02" + GOOD, {48: 1}, {"bad_length": Loss(1, 10, 7)}),
        (GOOD + b"\x30\x00\x40" + GOOD, {48: 1}, {"truncated": Loss(1, 10, 7)}),
        (GOOD + b"\x30", {48: 1}, {"trailer": Loss(1, 1, 7)}),
        (GOOD + b"\x00" * 8, {48: 1}, {"trailer": Loss(1, 8, 7)}),
        (GOOD + bytes.fromhex("11d28f0a00000001"), {48: 1}, {"trailer": Loss(1, 8, 7)}),
        (b"\x00" * 8 + GOOD, {}, {"bad_length": Loss(1, 15, 0)}),
        (block(8, PLOT) + GOOD + block(11, "00"), {48: 1}, {"unknown_category": Loss(2, 11, 0)}),
        (block(19, "0110 00"), {}, {"bad_fspec": Loss(1, 3, 3)}),  # a spare FRN
        (block(10, "01010108 00"), {}, {"bad_fspec": Loss(1, 5, 3)}),
        (block(20, "010108 10 0000"), {}, {"bad_item": Loss(1, 6, 3)}),  # I020/500 has three subfields
    ],
)
def test_what_is_lost_and_what_is_kept(data, found, losses):
    reading = read(data)
    assert records(reading) == found
    assert reading.losses.by_reason == losses
    assert reading.size + reading.losses.size == len(data)


def test_a_flight_plan_item_alone_is_a_record():
    # I062/390 with the runway alone behind FSPEC bytes and a primary subfield that begin empty: short, odd, and legal
    reading = read(bytes.fromhex("3e000b010102014032d006"))
    assert records(reading) == {62: 1}
    assert reading.losses.size == 0
    assert np.isnan(reading.columns[62].time_s).all()


def test_trailers_in_every_datagram_lose_nothing_else():
    data = (GOOD + b"\xff" * 8) * 5
    buffer = np.frombuffer(data, np.uint8)
    reading = read_asterix(buffer, np.arange(5) * 15, np.full(5, 15, np.int32))
    assert records(reading) == {48: 5}
    assert reading.losses.by_reason == {"trailer": Loss(5, 40, 7)}


def test_an_old_edition_is_counted_not_believed():
    """CAT062 of an edition before 1.0, whose profile is another: most of it cannot be walked."""
    recording = read_recording(shared("croatiacontrol/asterix.pcap"), "x")
    d = recording.datagrams
    reading = read_asterix(recording.buffer, d.offset, d.length)
    assert reading.size + reading.losses.size == d.length.sum()
    assert reading.losses.by_reason["truncated"].count > 50


def test_losses_add_up():
    both = Losses({"trailer": Loss(1, 8, 7)}) + Losses({"trailer": Loss(2, 3, 1), "bad_item": Loss(1, 1, 0)})
    assert both == Losses({"trailer": Loss(3, 11, 7), "bad_item": Loss(1, 1, 0)})
    assert both.size == 12
    assert tally(np.zeros((6, 3), np.int64)) == Losses()


@pytest.mark.parametrize(
    "name",
    [
        "croatiacontrol/cat062cat065.raw",
        "jasterix/cat048ed1.15.bin",
        "jasterix/cat062ed1.12.bin",
        "jasterix/cat010ed0.31.bin",
        "jasterix/cat019ed1.3.bin",
        "jasterix/cat020ed1.5.bin",
    ],
)
def test_mutants_of_real_blocks(name):
    mutate(shared(name) + cat048() + GOOD, seed=1, mutants=1500)


def test_mutants_of_hand_written_blocks():
    mutate(cat048() * 3 + block(34, "e8190e01000080" + "0200") + block(21, "8110 0102 abcdef") + GOOD, 2, 3000)


def test_mutants_of_surface_blocks():
    surface = block(10, "e2 0007 01 60 fffd 0004", "d10104 0007 03 000180 70")
    system = block(19, "81c0 006b 10000000 f0000000 0028") + block(20, "8980 006b 000006 000008 4f80", "c0 006b 41b0")
    mutate(surface + system + GOOD, seed=3, mutants=3000)


def mutate(data: bytes, seed: int, mutants: int) -> None:
    """Change, cut, double and swap bytes: never a crash, never a byte unaccounted for, offsets within the buffer."""
    rng = np.random.default_rng(seed)
    for _ in range(mutants):
        mutant = bytearray(data)
        for place in rng.integers(0, len(data), rng.integers(1, 8)):
            mutant[place] = rng.choice((rng.integers(256), 0, 0xFF, mutant[place] ^ (1 << rng.integers(8))))
        start, stop = np.sort(rng.integers(0, len(data), 2))
        mutant = mutant[: len(data) - start] if rng.random() < 0.3 else mutant
        mutant = mutant[:start] + mutant[stop:] if rng.random() < 0.1 else mutant
        reading = read(bytes(mutant))
        assert reading.size + reading.losses.size == len(mutant)
        for columns in (*reading.columns.values(), *reading.statuses.values()):
            assert (columns.offset >= 3).all()
            assert (columns.offset < len(mutant)).all()
