// Where things are on the screen: an oblique stereographic map about the scene's middle (angles and circles stay true,
// so that a radar's ring is a ring), and a view that pans and zooms it. The sphere is enough for a display.

export const RADIUS_M = 6_371_008.8;
const RAD = Math.PI / 180;

export class Projection {
  private readonly sin: number;
  private readonly cos: number;

  constructor(
    readonly lat: number,
    readonly lon: number,
  ) {
    this.sin = Math.sin(lat * RAD);
    this.cos = Math.cos(lat * RAD);
  }

  /** Degrees to metres east and north of the middle; NaN on the far side, where this map has no place. */
  forward(lat: number, lon: number): [x: number, y: number] {
    const sin = Math.sin(lat * RAD);
    const cos = Math.cos(lat * RAD);
    const dl = (lon - this.lon) * RAD;
    const cosDl = Math.cos(dl);
    const cosC = this.sin * sin + this.cos * cos * cosDl;
    if (cosC < -0.2) return [NaN, NaN];
    const k = (2 * RADIUS_M) / (1 + cosC);
    return [k * cos * Math.sin(dl), k * (this.cos * sin - this.sin * cos * cosDl)];
  }

  /** Metres back to degrees. */
  inverse(x: number, y: number): [lat: number, lon: number] {
    const rho = Math.hypot(x, y);
    if (rho === 0) return [this.lat, this.lon];
    const c = 2 * Math.atan(rho / (2 * RADIUS_M));
    const sinC = Math.sin(c);
    const cosC = Math.cos(c);
    const lat = Math.asin(cosC * this.sin + (y * sinC * this.cos) / rho);
    const lon = Math.atan2(x * sinC, rho * this.cos * cosC - y * this.sin * sinC);
    return [lat / RAD, ((((this.lon + lon / RAD + 180) % 360) + 360) % 360) - 180];
  }

  /** Metres on the map for a metre on the ground, and the map's direction of north (radians, clockwise from up), at a place. */
  local(lat: number, lon: number): { stretch: number; turn: number } {
    const step = 0.001;
    const [x0, y0] = this.forward(lat, lon);
    const [x1, y1] = this.forward(lat + step, lon);
    const ground = step * RAD * RADIUS_M;
    return { stretch: Math.hypot(x1 - x0, y1 - y0) / ground, turn: Math.atan2(x1 - x0, y1 - y0) };
  }
}

export interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

const SCALE_MIN = 4e-5; // pixels a metre: 25 km a pixel
const SCALE_MAX = 0.5;

/** A window on the projected map: its middle in map metres, and pixels a metre. */
export class View {
  cx = 0;
  cy = 0;
  scale = 1e-3;
  width = 1;
  height = 1;
  /** Pixels at each side that panels cover; fitting keeps out of them. */
  inset = { left: 0, right: 0, top: 0, bottom: 0 };

  x(mapX: number): number {
    return (mapX - this.cx) * this.scale + this.width / 2;
  }

  y(mapY: number): number {
    return (this.cy - mapY) * this.scale + this.height / 2;
  }

  mapX(x: number): number {
    return (x - this.width / 2) / this.scale + this.cx;
  }

  mapY(y: number): number {
    return this.cy - (y - this.height / 2) / this.scale;
  }

  pan(dx: number, dy: number): void {
    this.cx -= dx / this.scale;
    this.cy += dy / this.scale;
  }

  /** Zoom by a factor about a place on the screen, which stays where it is. */
  zoom(factor: number, x = this.width / 2, y = this.height / 2): void {
    const mx = this.mapX(x);
    const my = this.mapY(y);
    this.scale = Math.min(SCALE_MAX, Math.max(SCALE_MIN, this.scale * factor));
    this.cx = mx - (x - this.width / 2) / this.scale;
    this.cy = my + (y - this.height / 2) / this.scale;
  }

  /** See the whole box, clear of the panels. */
  fit(box: Box): void {
    const { left, right, top, bottom } = this.inset;
    const wide = Math.max(50, this.width - left - right);
    const high = Math.max(50, this.height - top - bottom);
    const scale = Math.min(wide / Math.max(1, box.x1 - box.x0), high / Math.max(1, box.y1 - box.y0));
    this.scale = Math.min(SCALE_MAX, Math.max(SCALE_MIN, scale));
    this.cx = (box.x0 + box.x1) / 2 - (left - right) / 2 / this.scale;
    this.cy = (box.y0 + box.y1) / 2 + (top - bottom) / 2 / this.scale;
  }
}

/** The roundest length (1, 2 or 5 times a power of ten metres) no longer than `most`. */
export function roundLength(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  return (most >= 5 * power ? 5 : most >= 2 * power ? 2 : 1) * power;
}
