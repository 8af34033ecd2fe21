// What the map shows, switched on and off; the foot of the map with scale and cursor.

import type { AirMap } from "../map/map";
import { h, say } from "./dom";

const VECTORS_S = [60, 120, 300];

export class Legend {
  readonly element: HTMLElement;
  private readonly vector: HTMLButtonElement;
  private readonly toggles = new Map<string, HTMLButtonElement>();

  constructor(
    private readonly map: AirMap,
    foot: { scaleBar: HTMLElement; cursor: HTMLElement },
  ) {
    this.vector = h("button", { type: "button", title: "Length of the speed vectors (v)", onclick: () => this.nextVector() });
    const toggle = (key: string, text: string): HTMLButtonElement => {
      const button = h("button", { type: "button", title: `${text} on or off (${key})`, "aria-pressed": "true", onclick: () => this.toggle(key) }, text);
      this.toggles.set(key, button);
      return button;
    };
    this.element = h(
      "div",
      { class: "legend" },
      h("div", { class: "foot" }, foot.scaleBar, foot.cursor),
      h("div", { class: "toggles", role: "group", "aria-label": "What the map shows" }, toggle("r", "Rings"), toggle("h", "Trails"), toggle("s", "Plots"), toggle("n", "Labels"), this.vector),
    );
    this.showVector();
  }

  key(key: string): boolean {
    if (key === "v") this.nextVector();
    else if (this.toggles.has(key)) this.toggle(key);
    else return false;
    return true;
  }

  private toggle(key: string): void {
    const { areas, past, tracks } = this.map;
    let on = false;
    if (key === "r") on = areas.showRings = !areas.showRings;
    if (key === "h") on = past.showTrails = !past.showTrails;
    if (key === "s") on = past.showSpots = !past.showSpots;
    if (key === "n") on = tracks.showLabels = !tracks.showLabels;
    this.toggles.get(key)!.setAttribute("aria-pressed", String(on));
    this.map.touchAll();
  }

  private nextVector(): void {
    const at = VECTORS_S.indexOf(this.map.tracks.vector_s);
    this.map.tracks.vector_s = VECTORS_S[(at + 1) % VECTORS_S.length]!;
    this.showVector();
    this.map.touchAll();
  }

  private showVector(): void {
    say(this.vector, `Vectors ${this.map.tracks.vector_s / 60} min`);
  }
}
