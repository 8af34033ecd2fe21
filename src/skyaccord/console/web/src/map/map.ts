// The map: its layers from the ground up, what redraws when, and the hand that moves it.

import type { Night } from "../night";
import { type Box, Projection, roundLength, View } from "../projection";
import type { Scene } from "../said";
import { placeText } from "../words";
import { Areas } from "./areas";
import { Base } from "./base";
import { Overlay } from "./overlay";
import { Past } from "./past";
import { Sheet } from "./sheet";
import { Symbols } from "./symbols";
import { Tracks } from "./tracks";

const FRAME_MS = 40; // tracks move by less than a pixel in this time
const KEY_PAN = 80;
const PICK_PX = 18;

export class AirMap {
  readonly view = new View();
  readonly symbols = new Symbols();
  readonly tracks = new Tracks();
  readonly areas = new Areas();
  readonly past = new Past();
  projection = new Projection(38.5, 70.5);
  follow = false;
  lastDraw_ms = 0;
  private readonly base = new Base();
  private readonly overlay = new Overlay();
  private readonly sheets: Record<"base" | "areas" | "past" | "tracks" | "overlay", Sheet>;
  private readonly scaleBar: HTMLElement;
  private readonly cursor: HTMLElement;
  private dirty = new Set(["base", "areas", "past", "tracks"]);
  private laid: string | null = null; // the night for which the ground was laid
  private fitted = false;
  private drawn_ms = -Infinity;
  private drawnTime = NaN;

  constructor(
    private readonly host: HTMLElement,
    private readonly night: Night,
    foot: { scaleBar: HTMLElement; cursor: HTMLElement },
  ) {
    this.scaleBar = foot.scaleBar;
    this.cursor = foot.cursor;
    this.sheets = {
      base: new Sheet(host, "base"),
      areas: new Sheet(host, "areas"),
      past: new Sheet(host, "past"),
      tracks: new Sheet(host, "tracks"),
      overlay: new Sheet(host, "overlay"),
    };
    new ResizeObserver(() => this.resize()).observe(host);
    this.resize();
    this.base.lay(this.projection);
    void this.base.load().then(() => this.touch("base"), () => undefined);
    void document.fonts.ready.then(() => this.touchAll());
    this.listenToHand();
    night.on("scene", () => night.scene && this.lay(night.scene));
    night.on("frame", () => this.take());
    night.on("jump", () => {
      this.past.forget();
      this.tracks.relabel();
    });
    night.on(["selection", "alerts"], () => this.touch("tracks", "past"));
    const loop = (wall_ms: number): void => {
      this.tick(wall_ms);
      requestAnimationFrame(loop);
    };
    requestAnimationFrame(loop);
  }

  touch(...layers: string[]): void {
    for (const layer of layers) this.dirty.add(layer);
  }

  touchAll(): void {
    this.touch("base", "areas", "past", "tracks");
    this.tracks.relabel();
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.host;
    const ratio = window.devicePixelRatio || 1;
    const before = { cx: this.view.cx, cy: this.view.cy };
    Object.assign(this.view, { width: clientWidth, height: clientHeight }, before);
    for (const sheet of Object.values(this.sheets)) sheet.resize(clientWidth, clientHeight, ratio);
    this.symbols.clear(ratio);
    this.touchAll();
  }

  /** Lay the ground for a scene; its middle is chosen once a night, so that nothing jumps when a sensor falls silent. */
  private lay(scene: Scene): void {
    if (scene.title !== this.laid) {
      this.laid = scene.title;
      this.projection = middle(scene);
      this.base.lay(this.projection);
      this.past.forget();
      this.fitted = false;
    }
    this.areas.lay(this.projection, scene);
    this.take();
    if (!this.fitted) this.fit();
    this.touchAll();
  }

  /** See all areas and sensors. */
  fit(): void {
    const box: Box = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity };
    for (const line of this.areas.lines()) {
      box.x0 = Math.min(box.x0, line.x0);
      box.y0 = Math.min(box.y0, line.y0);
      box.x1 = Math.max(box.x1, line.x1);
      box.y1 = Math.max(box.y1, line.y1);
    }
    if (!Number.isFinite(box.x0)) this.boxOfTracks(box);
    if (!Number.isFinite(box.x0)) return;
    const margin = 0.06 * Math.max(box.x1 - box.x0, box.y1 - box.y0, 20_000);
    this.view.fit({ x0: box.x0 - margin, y0: box.y0 - margin, x1: box.x1 + margin, y1: box.y1 + margin });
    this.fitted = true;
    this.touchAll();
  }

  private boxOfTracks(box: Box): void {
    const { xs, ys } = this.tracks;
    for (let k = 0; k < xs.length; k++) {
      box.x0 = Math.min(box.x0, xs[k]!);
      box.x1 = Math.max(box.x1, xs[k]!);
      box.y0 = Math.min(box.y0, ys[k]!);
      box.y1 = Math.max(box.y1, ys[k]!);
    }
  }

  private take(): void {
    this.tracks.set(this.night.frame, this.projection);
    if (this.night.frame) this.past.add(this.night.frame, this.projection, this.tracks.xs, this.tracks.ys);
    if (!this.fitted && this.night.frame) this.fit();
    if (this.night.clock?.paused) this.tracks.relabel(); // no later drawing would put the labels right
    this.touch("tracks", "past");
  }

  private tick(wall_ms: number): void {
    const time_s = this.night.now(wall_ms);
    const moving = time_s !== this.drawnTime;
    if (!this.dirty.size && (!moving || wall_ms - this.drawn_ms < FRAME_MS)) return;
    const started = performance.now();
    this.tracks.move(this.view, time_s);
    if (this.follow) this.keepInMiddle();
    const { base, areas, past, tracks, overlay } = this.sheets;
    if (this.dirty.has("base")) {
      this.base.draw(base, this.view);
      this.drawScale();
    }
    if (this.dirty.has("areas")) this.areas.draw(areas, this.view);
    if (this.dirty.has("past")) this.past.draw(past, this.view, time_s, this.night.selected);
    this.dirty.clear();
    const must = new Set([this.night.selected, ...this.night.alerts.filter((a) => a.state !== "closed").map((a) => this.night.trackOf(a))]);
    const taken = [...this.areas.boxes(this.view), ...this.overlay.boxes(this.view, this.projection, this.night.alerts)];
    this.tracks.draw(tracks, this.view, this.symbols, this.night.parties, must, wall_ms, taken);
    this.overlay.draw(overlay, this.view, this.projection, this.tracks, this.night, time_s);
    this.drawn_ms = wall_ms;
    this.drawnTime = time_s;
    this.lastDraw_ms = performance.now() - started;
  }

  private keepInMiddle(): void {
    const row = this.tracks.frame?.tracks.number.indexOf(this.night.selected) ?? -1;
    if (row < 0) return;
    const { left, right, top, bottom } = this.view.inset;
    const dx = (left + this.view.width - right) / 2 - this.tracks.sx[row]!;
    const dy = (top + this.view.height - bottom) / 2 - this.tracks.sy[row]!;
    if (Math.hypot(dx, dy) < 2) return;
    this.view.pan(dx, dy);
    this.tracks.move(this.view, this.night.now());
    this.touch("base", "areas", "past");
  }

  /** Bring a track into sight, if it is not. */
  show(number: number): void {
    const row = this.tracks.frame?.tracks.number.indexOf(number) ?? -1;
    if (row < 0) return;
    const { left, right, top, bottom } = this.view.inset;
    const x = this.view.x(this.tracks.xs[row]!);
    const y = this.view.y(this.tracks.ys[row]!);
    const edge = 70;
    const into = (at: number, low: number, high: number): number => Math.max(low + edge - at, Math.min(high - edge - at, 0));
    const dx = into(x, left, this.view.width - right);
    const dy = into(y, top, this.view.height - bottom);
    if (!dx && !dy) return;
    this.view.pan(dx, dy);
    this.touchAll();
  }

  pan(dx: number, dy: number): void {
    this.view.pan(dx, dy);
    this.touch("base", "areas", "past", "tracks");
  }

  /** About a place on the screen, or else about the selected track, or else the middle. */
  zoom(factor: number, x?: number, y?: number): void {
    const { left, right, top, bottom } = this.view.inset;
    const row = this.tracks.frame?.tracks.number.indexOf(this.night.selected) ?? -1;
    const about = row >= 0 ? [this.tracks.sx[row]!, this.tracks.sy[row]!] : [(left + this.view.width - right) / 2, (top + this.view.height - bottom) / 2];
    this.view.zoom(factor, x ?? about[0], y ?? about[1]);
    this.touchAll();
  }

  key(key: string): boolean {
    const pans: Record<string, [number, number]> = {
      ArrowLeft: [KEY_PAN, 0],
      ArrowRight: [-KEY_PAN, 0],
      ArrowUp: [0, KEY_PAN],
      ArrowDown: [0, -KEY_PAN],
    };
    const by = pans[key];
    if (by) this.pan(...by);
    else if (key === "+" || key === "=") this.zoom(1.4);
    else if (key === "-") this.zoom(1 / 1.4);
    else if (key === "0" || key === "Home") this.fit();
    else return false;
    if (by) this.follow = false;
    return true;
  }

  /** The track nearest to a place on the screen, -1 where there is none near enough. */
  pick(x: number, y: number): number {
    let best = -1;
    let least = PICK_PX ** 2;
    const { sx, sy, frame } = this.tracks;
    for (let k = 0; k < sx.length; k++) {
      const d = (sx[k]! - x) ** 2 + (sy[k]! - y) ** 2;
      if (d < least) {
        least = d;
        best = frame!.tracks.number[k]!;
      }
    }
    return best;
  }

  private listenToHand(): void {
    const host = this.host;
    let held: { x: number; y: number; moved: boolean } | null = null;
    const place = (event: MouseEvent): [number, number] => {
      const box = host.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    host.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      const [x, y] = place(event);
      held = { x, y, moved: false };
      host.setPointerCapture(event.pointerId);
    });
    host.addEventListener("pointermove", (event) => {
      const [x, y] = place(event);
      this.cursor.textContent = placeText(...this.projection.inverse(this.view.mapX(x), this.view.mapY(y)));
      if (held && (held.moved || Math.hypot(x - held.x, y - held.y) > 4)) {
        this.pan(x - held.x, y - held.y);
        this.follow = false;
        held = { x, y, moved: true };
        host.classList.add("dragging");
        return;
      }
      const hovered = this.pick(x, y);
      if (hovered !== this.overlay.hovered) {
        this.overlay.hovered = hovered;
        host.classList.toggle("over-track", hovered >= 0);
        this.touch("tracks");
      }
    });
    const release = (event: PointerEvent): void => {
      host.classList.remove("dragging");
      if (held && !held.moved && event.type === "pointerup") this.night.select(this.pick(...place(event)));
      if (held?.moved) this.tracks.relabel();
      held = null;
    };
    host.addEventListener("pointerup", release);
    host.addEventListener("pointercancel", release);
    host.addEventListener("dblclick", (event) => this.zoom(2, ...place(event)));
    host.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        this.zoom(Math.exp(-Math.max(-120, Math.min(120, event.deltaY)) * 0.0022), ...place(event));
      },
      { passive: false },
    );
  }

  private drawScale(): void {
    const metres = roundLength(130 / this.view.scale);
    this.scaleBar.style.width = `${Math.round(metres * this.view.scale)}px`;
    this.scaleBar.textContent = metres >= 1000 ? `${metres / 1000} km` : `${metres} m`;
  }

  /** For tests: where the tracks are now. */
  list(): { number: number; lat: number; lon: number; x: number; y: number }[] {
    const frame = this.tracks.frame;
    if (!frame) return [];
    return Array.from(frame.tracks.number, (number, k) => ({
      number,
      lat: frame.tracks.lat[k]!,
      lon: frame.tracks.lon[k]!,
      x: this.tracks.sx[k]!,
      y: this.tracks.sy[k]!,
    }));
  }
}

function middle(scene: Scene): Projection {
  const places = [...scene.areas.flatMap((area) => area.ring), ...scene.sensors.map((s) => [s.lat, s.lon] as [number, number])];
  if (!places.length) return new Projection(38.5, 70.5);
  const halfway = (values: number[]): number => (Math.min(...values) + Math.max(...values)) / 2;
  return new Projection(halfway(places.map((p) => p[0])), halfway(places.map((p) => p[1])));
}
