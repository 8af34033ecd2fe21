// What has been: plots of the last scans, and the trail that each track leaves.

import type { Frame } from "../columns";
import type { Projection, View } from "../projection";
import { AMBER } from "./colours";
import type { Sheet } from "./sheet";

const EVERY_S = 4; // a trail's step
const KEEP_S = 240;
const TRACKS_MAX = 2500; // beyond this many a screen is full without trails
const PRIMARY = 1;

interface Trail {
  xs: number[];
  ys: number[];
  times: number[];
}

interface Spots {
  xs: Float64Array;
  ys: Float64Array;
  age: Float32Array;
  kind: Uint8Array;
}

const NONE: Spots = { xs: new Float64Array(0), ys: new Float64Array(0), age: new Float32Array(0), kind: new Uint8Array(0) };

export class Past {
  private trails = new Map<number, Trail>();
  private spots: Spots = NONE;
  showSpots = true;
  showTrails = true;

  forget(): void {
    this.trails.clear();
    this.spots = NONE;
  }

  add(frame: Frame, projection: Projection, xs: Float64Array, ys: Float64Array): void {
    this.addSpots(frame, projection);
    if (frame.n > TRACKS_MAX) return;
    for (let k = 0; k < frame.n; k++) {
      const number = frame.tracks.number[k]!;
      let trail = this.trails.get(number);
      if (!trail) this.trails.set(number, (trail = { xs: [], ys: [], times: [] }));
      const last = trail.times.at(-1) ?? -Infinity;
      if (frame.time - last < EVERY_S) continue;
      trail.xs.push(xs[k]!);
      trail.ys.push(ys[k]!);
      trail.times.push(frame.time);
      while (frame.time - trail.times[0]! > KEEP_S) {
        trail.xs.shift();
        trail.ys.shift();
        trail.times.shift();
      }
    }
    for (const [number, trail] of this.trails) if (frame.time - trail.times.at(-1)! > KEEP_S / 2) this.trails.delete(number);
  }

  private addSpots(frame: Frame, projection: Projection): void {
    const { lat, lon, age, kind } = frame.spots;
    const xs = new Float64Array(frame.m);
    const ys = new Float64Array(frame.m);
    for (let k = 0; k < frame.m; k++) [xs[k], ys[k]] = projection.forward(lat[k]!, lon[k]!) as [number, number];
    this.spots = { xs, ys, age, kind };
  }

  draw(sheet: Sheet, view: View, time_s: number, selected: number): void {
    const c = sheet.clear();
    if (this.showTrails) this.drawTrails(c, view, time_s, selected);
    if (this.showSpots) this.drawSpots(c, view);
  }

  private drawTrails(c: CanvasRenderingContext2D, view: View, time_s: number, selected: number): void {
    c.lineWidth = 1.3;
    c.lineCap = "round";
    c.lineJoin = "round";
    const bands: [number, number, string][] = [
      [160, KEEP_S, "rgba(150, 178, 200, 0.12)"],
      [80, 160, "rgba(150, 178, 200, 0.24)"],
      [0, 80, "rgba(150, 178, 200, 0.42)"],
    ];
    for (const [from, to, colour] of bands) {
      c.beginPath();
      for (const trail of this.trails.values()) line(c, view, trail, time_s - to, time_s - from);
      c.strokeStyle = colour;
      c.stroke();
    }
    const chosen = this.trails.get(selected);
    if (!chosen) return;
    c.beginPath();
    line(c, view, chosen, -Infinity, Infinity);
    c.strokeStyle = AMBER;
    c.stroke();
  }

  private drawSpots(c: CanvasRenderingContext2D, view: View): void {
    const { xs, ys, age, kind } = this.spots;
    for (const [from, to, alpha] of [[10, 60, 0.22], [0, 10, 0.5]] as const) {
      c.fillStyle = c.strokeStyle = `rgba(142, 196, 206, ${alpha})`;
      c.lineWidth = 1;
      c.beginPath();
      for (let k = 0; k < xs.length; k++) {
        if (age[k]! < from || age[k]! >= to) continue;
        const x = view.x(xs[k]!);
        const y = view.y(ys[k]!);
        if (!(x > 0 && x < view.width && y > 0 && y < view.height)) continue;
        if (kind[k] === PRIMARY) {
          c.moveTo(x - 2.5, y);
          c.lineTo(x + 2.5, y);
          c.moveTo(x, y - 2.5);
          c.lineTo(x, y + 2.5);
        } else {
          c.rect(x - 1, y - 1, 2, 2);
        }
      }
      c.stroke();
    }
  }
}

function line(c: CanvasRenderingContext2D, view: View, { xs, ys, times }: Trail, from: number, to: number): void {
  let pen = false;
  for (let k = 0; k < xs.length; k++) {
    if (times[k]! < from) continue;
    if (pen) c.lineTo(view.x(xs[k]!), view.y(ys[k]!));
    else c.moveTo(view.x(xs[k]!), view.y(ys[k]!));
    pen = true;
    if (times[k]! > to) break;
  }
}
