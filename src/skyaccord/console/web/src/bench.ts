// ?bench=10000: so many invented tracks, drawn again and again without a server; the figure is shown and kept in window.skyaccord.

import type { Frame } from "./columns";
import type { Night } from "./night";

export function invent(night: Night, n: number): void {
  const f8 = (of: (k: number) => number): Float64Array => Float64Array.from({ length: n }, (_, k) => of(k));
  const f4 = (of: (k: number) => number): Float32Array => Float32Array.from({ length: n }, (_, k) => of(k));
  const u1 = (of: (k: number) => number): Uint8Array => Uint8Array.from({ length: n }, (_, k) => of(k));
  const spread = (k: number, by: number): number => (k * by) % 1;
  const callsign = new Uint8Array(8 * n);
  for (let k = 0; k < n; k++) callsign.set(new TextEncoder().encode(`B${String(k).padStart(5, "0")}`), 8 * k);
  const frame: Frame = {
    time: 0,
    party: "AA",
    n,
    m: 0,
    entries: 0,
    clauses: ["c"],
    tracks: {
      lat: f8((k) => 35 + 7 * spread(k, 0.6180339887)),
      lon: f8((k) => 64 + 13 * spread(k, 0.7548776662)),
      number: Int32Array.from({ length: n }, (_, k) => k + 1),
      height: f4((k) => 1000 + (k % 100) * 100),
      ve: f4((k) => 240 * Math.cos(k)),
      vn: f4((k) => 240 * Math.sin(k)),
      vu: f4((k) => (k % 5) * 3 - 6),
      held: f4(() => 0),
      age: f4((k) => k % 10),
      sigma: f4(() => 90),
      pressure_alt: f4((k) => 1000 + (k % 100) * 100),
      sources: new Uint32Array(n).fill(1),
      address: new Uint32Array(n),
      own_number: Int32Array.from({ length: n }, (_, k) => (k % 6 ? k : -1)),
      shared_number: new Int32Array(n),
      callsign,
      mode_a: new Uint16Array(n),
      clause: new Uint16Array(n).fill(0xffff),
      identity: u1((k) => k % 7),
      air_class: u1((k) => k % 5),
      status: u1((k) => (k % 11 ? 1 : 2)),
      conflict: u1((k) => Number(k % 200 === 0)),
      shared_by: u1((k) => (k % 6 ? 255 : 1)),
    },
    spots: { lat: new Float32Array(0), lon: new Float32Array(0), age: new Float32Array(0), kind: new Uint8Array(0) },
  };
  night.parties = ["AA", "BB"];
  night.view = "AA";
  night.frame = frame;
  night.clock = { start_s: 0, end_s: 1e6, now_s: 0, speed: 1, paused: false, can_seek: false, can_decide: false, finished: false };
  night.tell("frame");
  const began = performance.now();
  setInterval(() => {
    Object.assign(night.clock!, { now_s: (performance.now() - began) / 1000 });
    night.tell("clock");
  }, 50);
}
