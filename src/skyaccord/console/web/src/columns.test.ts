import { describe, expect, it } from "vitest";
import { callsignOf, decodeFrame, rowOf } from "./columns";

// A message put together by hand, byte by byte, as docs/console.md says.
function message(): ArrayBuffer {
  const columns = [["lat", "<f8", 0, 1], ["number", "<i4", 16, 1], ["callsign", "|S8", 24, 1], ["status", "|u1", 40, 1]];
  const spots = [["age", "<f4", 48, 1]];
  const build = (start: number): Uint8Array => {
    const shift = (c: (string | number)[]) => [c[0], c[1], (c[2] as number) + start, c[3]];
    const head = { time: 12.5, party: "TJ", n: 2, m: 1, entries: 3, clauses: ["a"], columns: columns.map(shift), spot_columns: spots.map(shift) };
    const text = JSON.stringify(head);
    return new TextEncoder().encode(text.padEnd(Math.ceil((text.length + 8) / 8) * 8 - 8));
  };
  const start = 8 + build(1000).length;
  const header = build(start);
  const bytes = new Uint8Array(start + 56);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("SKY1"));
  view.setUint32(4, header.length, true);
  bytes.set(header, 8);
  view.setFloat64(start, 38.5, true);
  view.setFloat64(start + 8, -1.25, true);
  view.setInt32(start + 16, 7, true);
  view.setInt32(start + 20, -9, true);
  bytes.set(new TextEncoder().encode("ABC12"), start + 24);
  bytes.set([1, 2], start + 40);
  view.setFloat32(start + 48, 4.5, true);
  return bytes.buffer;
}

describe("a frame", () => {
  it("is read in place, column by column", () => {
    const frame = decodeFrame(message());
    expect(frame.time).toBe(12.5);
    expect(frame.party).toBe("TJ");
    expect(Array.from(frame.tracks.lat)).toEqual([38.5, -1.25]);
    expect(Array.from(frame.tracks.number)).toEqual([7, -9]);
    expect(Array.from(frame.tracks.status)).toEqual([1, 2]);
    expect(Array.from(frame.spots.age)).toEqual([4.5]);
    expect(callsignOf(frame.tracks, 0)).toBe("ABC12");
    expect(callsignOf(frame.tracks, 1)).toBe("");
    expect(rowOf(frame, -9)).toBe(1);
    expect(rowOf(frame, 8)).toBe(-1);
    expect(frame.tracks.lat.buffer).toBe(frame.tracks.number.buffer);
  });

  it("is refused with a reason when it is something else", () => {
    expect(() => decodeFrame(new TextEncoder().encode("PNG12345").buffer as ArrayBuffer)).toThrow(/SKY1/);
    expect(() => decodeFrame(message().slice(0, 40))).toThrow(/cut short/);
  });
});
