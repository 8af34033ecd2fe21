// Where each label goes: the first free place around its track, its last one if that is still free. What finds no place is
// not written; the selected track and those under an alert always are.

import type { View } from "../projection";

export interface Wanted {
  number: number;
  x: number;
  y: number;
  width: number;
  height: number;
  rank: number; // lower comes first
  must: boolean;
}

export interface Placed {
  dx: number; // of the label's top left corner from the track
  dy: number;
}

const CELL = 48;
const GAP = 15;

export class Labels {
  private last = new Map<number, number>();

  place(wanted: Wanted[], taken: [number, number, number, number][], view: View): Map<number, Placed> {
    const grid = new Grid();
    for (const box of taken) grid.add(...box);
    const half = 12;
    for (const w of wanted) grid.add(w.x - half, w.y - half, w.x + half, w.y + half, w.number);
    const out = new Map<number, Placed>();
    const next = new Map<number, number>();
    for (const w of wanted.toSorted((a, b) => a.rank - b.rank || a.number - b.number)) {
      const spots = around(w.width, w.height);
      const before = this.last.get(w.number);
      const order = before === undefined ? spots.keys() : [before, ...spots.keys()];
      let found = -1;
      for (const k of order) {
        const { dx, dy } = spots[k]!;
        const x0 = w.x + dx;
        const y0 = w.y + dy;
        if (x0 < 0 || y0 < 0 || x0 + w.width > view.width || y0 + w.height > view.height) continue;
        if (grid.free(x0, y0, x0 + w.width, y0 + w.height, w.number)) {
          found = k;
          break;
        }
      }
      if (found < 0 && w.must) found = before ?? 0;
      if (found < 0) continue;
      const at = spots[found]!;
      grid.add(w.x + at.dx, w.y + at.dy, w.x + at.dx + w.width, w.y + at.dy + w.height);
      out.set(w.number, at);
      next.set(w.number, found);
    }
    this.last = next;
    return out;
  }
}

function around(width: number, height: number): Placed[] {
  const right = GAP;
  const left = -GAP - width;
  const above = -height - 4;
  return [
    { dx: right, dy: above },
    { dx: right, dy: 4 },
    { dx: left, dy: above },
    { dx: left, dy: 4 },
    { dx: right + 1, dy: -height / 2 },
    { dx: left - 1, dy: -height / 2 },
    { dx: -width / 2, dy: -height - GAP },
    { dx: -width / 2, dy: GAP },
    { dx: right + 12, dy: above - 14 },
    { dx: right + 12, dy: 18 },
    { dx: left - 12, dy: above - 14 },
    { dx: left - 12, dy: 18 },
  ];
}

class Grid {
  private cells = new Map<number, [number, number, number, number, number][]>();

  add(x0: number, y0: number, x1: number, y1: number, owner = -1): void {
    this.over(x0, y0, x1, y1, (key) => {
      const cell = this.cells.get(key);
      if (cell) cell.push([x0, y0, x1, y1, owner]);
      else this.cells.set(key, [[x0, y0, x1, y1, owner]]);
      return true;
    });
  }

  /** Nothing there, save what belongs to the owner itself. */
  free(x0: number, y0: number, x1: number, y1: number, owner: number): boolean {
    return this.over(x0, y0, x1, y1, (key) => {
      for (const [a0, b0, a1, b1, whose] of this.cells.get(key) ?? []) if (whose !== owner && x0 < a1 && x1 > a0 && y0 < b1 && y1 > b0) return false;
      return true;
    });
  }

  private over(x0: number, y0: number, x1: number, y1: number, visit: (key: number) => boolean): boolean {
    for (let i = Math.floor(x0 / CELL); i <= Math.floor(x1 / CELL); i++)
      for (let j = Math.floor(y0 / CELL); j <= Math.floor(y1 / CELL); j++) if (!visit(i * 4096 + j)) return false;
    return true;
  }
}
