// One binary message -> columns: typed arrays that look straight into the message, no object a track.
// The layout is the one of console/frames.py; docs/console.md tells it.

export const NO_CLAUSE = 0xffff;
export const NO_PARTY = 255;
export const NO_MODE_A = 0xffff;
export const NO_ADDRESS = 0xffffffff;
const MAGIC = 0x31594b53; // "SKY1", little-endian

export interface TrackColumns {
  lat: Float64Array;
  lon: Float64Array;
  number: Int32Array;
  height: Float32Array;
  ve: Float32Array;
  vn: Float32Array;
  vu: Float32Array;
  held: Float32Array;
  age: Float32Array;
  sigma: Float32Array;
  pressure_alt: Float32Array;
  sources: Uint32Array;
  address: Uint32Array;
  own_number: Int32Array;
  shared_number: Int32Array;
  callsign: Uint8Array; // 8 bytes a row
  mode_a: Uint16Array;
  clause: Uint16Array;
  identity: Uint8Array;
  air_class: Uint8Array;
  status: Uint8Array;
  conflict: Uint8Array;
  shared_by: Uint8Array;
}

export interface SpotColumns {
  lat: Float32Array;
  lon: Float32Array;
  age: Float32Array;
  kind: Uint8Array;
}

export interface Frame {
  time: number;
  party: string;
  n: number;
  m: number;
  entries: number;
  clauses: string[];
  tracks: TrackColumns;
  spots: SpotColumns;
}

type Column = [name: string, dtype: string, offset: number, perRow: number];

interface Header extends Omit<Frame, "tracks" | "spots"> {
  columns: Column[];
  spot_columns: Column[];
}

/** Throws with one sentence if the message is not a frame. */
export function decodeFrame(message: ArrayBuffer): Frame {
  const view = new DataView(message);
  if (message.byteLength < 8 || view.getUint32(0, true) !== MAGIC) throw new Error("not a frame: it does not begin with SKY1");
  const length = view.getUint32(4, true);
  if (8 + length > message.byteLength) throw new Error(`not a frame: its header of ${length} bytes is cut short`);
  const { columns, spot_columns, ...head } = JSON.parse(new TextDecoder().decode(new Uint8Array(message, 8, length))) as Header;
  return {
    ...head,
    tracks: table(message, columns, head.n) as unknown as TrackColumns,
    spots: table(message, spot_columns, head.m) as unknown as SpotColumns,
  };
}

function table(message: ArrayBuffer, columns: Column[], rows: number): Record<string, ArrayBufferView> {
  return Object.fromEntries(columns.map(([name, dtype, offset, perRow]) => [name, column(message, dtype, offset, rows * perRow)]));
}

function column(message: ArrayBuffer, dtype: string, offset: number, count: number): ArrayBufferView {
  switch (dtype) {
    case "<f8": return new Float64Array(message, offset, count);
    case "<f4": return new Float32Array(message, offset, count);
    case "<i4": return new Int32Array(message, offset, count);
    case "<u4": return new Uint32Array(message, offset, count);
    case "<u2": return new Uint16Array(message, offset, count);
    case "|u1": return new Uint8Array(message, offset, count);
    case "|S8": return new Uint8Array(message, offset, 8 * count);
    default: throw new Error(`a column of ${dtype} is unknown here; the page and the server differ in age`);
  }
}

/** The callsign of a row, "" where it has none. */
export function callsignOf(tracks: TrackColumns, row: number): string {
  let text = "";
  for (let k = 8 * row; k < 8 * row + 8; k++) {
    const code = tracks.callsign[k] ?? 0;
    if (code > 32 && code < 127) text += String.fromCharCode(code);
  }
  return text;
}

/** Row of a track number, -1 where it is not in the frame. */
export function rowOf(frame: Frame, number: number): number {
  return frame.tracks.number.indexOf(number);
}
