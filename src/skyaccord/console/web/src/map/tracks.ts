// The picture itself: symbols, speed vectors and labels of all tracks, moved on by their velocity between frames.

import { callsignOf, type Frame, NO_PARTY } from "../columns";
import type { Projection, View } from "../projection";
import { COASTED, flightLevel, knots, TENTATIVE } from "../words";
import { darker, DIM, IDENTITY_COLOURS, partyColour, RED, TEXT } from "./colours";
import { Labels, type Placed, type Wanted } from "./labels";
import { FONT, type Sheet } from "./sheet";
import { type Symbols, sizeFor } from "./symbols";

const LABELS_MAX = 260;
const RELABEL_MS = 300;
const LINE = 12;
const VECTOR_COLOURS = IDENTITY_COLOURS.map((colour) => darker(colour, 0.62, 6));

export class Tracks {
  frame: Frame | null = null;
  xs = new Float64Array(0); // map metres where the state holds
  ys = new Float64Array(0);
  vx = new Float64Array(0); // map metres a second of the night
  vy = new Float64Array(0);
  at = new Float64Array(0); // when the state holds
  sx = new Float64Array(0); // on the screen, at the last drawing
  sy = new Float64Array(0);
  vector_s = 120;
  showLabels = true;
  private labels = new Labels();
  private placed = new Map<number, Placed>();
  private placed_ms = -Infinity;
  private widths = new Map<string, number>();

  set(frame: Frame | null, projection: Projection): void {
    this.frame = frame;
    const n = frame?.n ?? 0;
    for (const name of ["xs", "ys", "vx", "vy", "at", "sx", "sy"] as const) this[name] = new Float64Array(n);
    if (!frame) return;
    const { lat, lon, ve, vn, held } = frame.tracks;
    for (let k = 0; k < n; k++) {
      const [x, y] = projection.forward(lat[k]!, lon[k]!);
      const { stretch, turn } = projection.local(lat[k]!, lon[k]!);
      const cos = Math.cos(turn) * stretch;
      const sin = Math.sin(turn) * stretch;
      this.xs[k] = x;
      this.ys[k] = y;
      this.vx[k] = ve[k]! * cos + vn[k]! * sin;
      this.vy[k] = vn[k]! * cos - ve[k]! * sin;
      this.at[k] = frame.time - held[k]!;
    }
  }

  /** Where everything is on the screen at a moment. */
  move(view: View, time_s: number): void {
    for (let k = 0; k < this.xs.length; k++) {
      const dt = time_s - this.at[k]!;
      this.sx[k] = view.x(this.xs[k]! + this.vx[k]! * dt);
      this.sy[k] = view.y(this.ys[k]! + this.vy[k]! * dt);
    }
  }

  draw(sheet: Sheet, view: View, symbols: Symbols, parties: string[], mustLabel: Set<number>, wall_ms: number, taken: [number, number, number, number][]): void {
    const c = sheet.clear();
    const frame = this.frame;
    if (!frame) return;
    const visible = this.visible(view);
    this.drawVectors(c, view, frame, visible);
    this.drawRings(c, frame, visible);
    const size = sizeFor(visible.length);
    const { identity, air_class, status } = frame.tracks;
    for (const k of visible) {
      c.globalAlpha = status[k] === TENTATIVE ? 0.55 : 1;
      symbols.draw(c, identity[k]!, air_class[k]!, status[k]!, this.sx[k]!, this.sy[k]!, size);
    }
    c.globalAlpha = 1;
    this.drawConflicts(c, frame, visible);
    if (!this.showLabels) return;
    if (wall_ms - this.placed_ms > RELABEL_MS) {
      this.placed_ms = wall_ms;
      this.placeLabels(c, view, frame, visible, parties, mustLabel, taken);
    }
    this.drawLabels(c, frame, visible, parties);
  }

  /** Labels are to be placed anew at the next drawing. */
  relabel(): void {
    this.placed_ms = -Infinity;
  }

  private visible(view: View): number[] {
    const rows: number[] = [];
    for (let k = 0; k < this.sx.length; k++) {
      const x = this.sx[k]!;
      const y = this.sy[k]!;
      if (x > -30 && x < view.width + 30 && y > -30 && y < view.height + 30) rows.push(k);
    }
    return rows;
  }

  /** A line to where the track will be; one path for each identity. */
  private drawVectors(c: CanvasRenderingContext2D, view: View, frame: Frame, visible: number[]): void {
    const { identity, status } = frame.tracks;
    const many = visible.length > 500; // thin and opaque lines are drawn ten times faster without a GPU
    c.lineWidth = many ? 1 : 1.2;
    for (const coasted of [false, true]) {
      c.setLineDash(coasted ? [3, 3] : []);
      for (let who = 0; who < IDENTITY_COLOURS.length; who++) {
        c.beginPath();
        for (const k of visible) {
          if (identity[k] !== who || (status[k] === COASTED) !== coasted) continue;
          c.moveTo(this.sx[k]!, this.sy[k]!);
          c.lineTo(this.sx[k]! + this.vx[k]! * this.vector_s * view.scale, this.sy[k]! - this.vy[k]! * this.vector_s * view.scale);
        }
        c.strokeStyle = many ? VECTOR_COLOURS[who]! : IDENTITY_COLOURS[who]! + "a8";
        c.stroke();
      }
    }
    c.setLineDash([]);
  }

  /** A thin ring in the giver's colour around what only others see. */
  private drawRings(c: CanvasRenderingContext2D, frame: Frame, visible: number[]): void {
    const { own_number, shared_by } = frame.tracks;
    const radius = visible.length > 2000 ? 8.5 : 16.5;
    const given = visible.filter((k) => own_number[k]! < 0 && shared_by[k] !== NO_PARTY);
    c.lineWidth = 1.1;
    for (const giver of new Set(given.map((k) => shared_by[k]!))) {
      c.beginPath();
      for (const k of given) {
        if (shared_by[k] !== giver) continue;
        c.moveTo(this.sx[k]! + radius, this.sy[k]!);
        c.arc(this.sx[k]!, this.sy[k]!, radius, 0, 2 * Math.PI);
      }
      c.strokeStyle = partyColour(giver) + "cc";
      c.stroke();
    }
  }

  private drawConflicts(c: CanvasRenderingContext2D, frame: Frame, visible: number[]): void {
    c.font = `800 10px ${FONT}`;
    c.textAlign = "center";
    c.textBaseline = "middle";
    for (const k of visible) {
      if (!frame.tracks.conflict[k]) continue;
      const x = this.sx[k]! + 11;
      const y = this.sy[k]! - 11;
      c.fillStyle = RED;
      c.beginPath();
      c.arc(x, y, 6, 0, 2 * Math.PI);
      c.fill();
      c.fillStyle = "#14090a";
      c.fillText("≠", x, y + 0.5);
    }
  }

  private placeLabels(
    c: CanvasRenderingContext2D,
    view: View,
    frame: Frame,
    visible: number[],
    parties: string[],
    must: Set<number>,
    taken: [number, number, number, number][],
  ): void {
    const { number, identity, status } = frame.tracks;
    const wanted: Wanted[] = visible.map((k) => {
      const lines = this.lines(frame, k, parties);
      const name = number[k]!;
      return {
        number: name,
        x: this.sx[k]!,
        y: this.sy[k]!,
        width: Math.max(...lines.map((line) => this.width(c, line))) + 2,
        height: lines.length * LINE,
        rank: must.has(name) ? 0 : identity[k]! >= 5 ? 1 : status[k] === TENTATIVE ? 4 : identity[k]! <= 1 ? 2 : 3,
        must: must.has(name),
      };
    });
    const most = wanted.length > LABELS_MAX ? wanted.toSorted((a, b) => a.rank - b.rank).slice(0, LABELS_MAX) : wanted;
    this.placed = this.labels.place(most, taken, view);
  }

  /** What a label says: who, and how high and fast; the giver's letters stand first where only others see it. */
  private lines(frame: Frame, k: number, parties: string[]): [string, string] {
    const t = frame.tracks;
    const giver = t.own_number[k]! < 0 && t.shared_by[k] !== NO_PARTY ? `${parties[t.shared_by[k]!] ?? "?"}▸ ` : "";
    const height = t.pressure_alt[k]!;
    const level = Number.isNaN(height) ? `${Math.round(t.height[k]! / 100) / 10}km` : flightLevel(height).slice(2);
    const climb = t.vu[k]! > 2.5 ? "↑" : t.vu[k]! < -2.5 ? "↓" : " ";
    return [giver + (callsignOf(t, k) || `#${t.number[k]!}`), `${level}${climb} ${knots(Math.hypot(t.ve[k]!, t.vn[k]!))}`];
  }

  private width(c: CanvasRenderingContext2D, text: string): number {
    let width = this.widths.get(text);
    if (width === undefined) {
      if (this.widths.size > 20_000) this.widths.clear();
      c.font = `600 10.5px ${FONT}`;
      this.widths.set(text, (width = c.measureText(text).width));
    }
    return width;
  }

  private drawLabels(c: CanvasRenderingContext2D, frame: Frame, visible: number[], parties: string[]): void {
    const { number, identity, own_number, shared_by } = frame.tracks;
    c.textAlign = "left";
    c.textBaseline = "top";
    c.lineJoin = "round";
    for (const k of visible) {
      const at = this.placed.get(number[k]!);
      if (!at) continue;
      const [who, how] = this.lines(frame, k, parties);
      const x = Math.round(this.sx[k]! + at.dx);
      const y = Math.round(this.sy[k]! + at.dy);
      const foreign = own_number[k]! < 0 && shared_by[k] !== NO_PARTY;
      this.leader(c, k, at, this.width(c, who));
      c.font = `600 10.5px ${FONT}`;
      c.strokeStyle = "rgba(8, 12, 17, 0.9)";
      c.lineWidth = 3;
      c.strokeText(who, x, y);
      c.fillStyle = foreign ? partyColour(shared_by[k]!) : identity[k]! >= 5 ? IDENTITY_COLOURS[identity[k]!]! : TEXT;
      c.fillText(who, x, y);
      c.font = `500 10px ${FONT}`;
      c.strokeText(how, x, y + LINE);
      c.fillStyle = DIM;
      c.fillText(how, x, y + LINE);
    }
  }

  /** A hair from symbol to label where it stands apart. */
  private leader(c: CanvasRenderingContext2D, k: number, { dx, dy }: Placed, width: number): void {
    if (Math.abs(dx) <= 16 || (dx < 0 && dx + width > -20)) return;
    c.strokeStyle = "rgba(143, 161, 177, 0.5)";
    c.lineWidth = 1;
    c.beginPath();
    const toX = dx > 0 ? dx - 2 : dx + width + 3;
    c.moveTo(this.sx[k]! + Math.sign(toX) * 11, this.sy[k]! + Math.sign(dy + LINE) * 6);
    c.lineTo(this.sx[k]! + toX, this.sy[k]! + dy + LINE);
    c.stroke();
  }
}
