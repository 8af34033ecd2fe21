// The night as a line: a replay is scrubbed on it, captions and alerts are its ticks; and the words of the moment above it.

import type { Link } from "../link";
import { severityColour } from "../map/colours";
import type { Night } from "../night";
import { clockText, spanText } from "../words";
import { h, say } from "./dom";

const CAPTION_S = 25; // of the night, while a caption stays; and never less than CAPTION_WALL_MS
const CAPTION_WALL_MS = 5000;
const SEEK_MS = 80;

export class Timeline {
  readonly element: HTMLElement;
  private readonly scrub: HTMLInputElement;
  private readonly ticks = h("div", { class: "ticks", "aria-hidden": "true" });
  private readonly fill = h("div", { class: "fill", "aria-hidden": "true" });
  private readonly from = h("span", { class: "edge" });
  private readonly to = h("span", { class: "edge" });
  private readonly caption = h("p", { class: "words", "data-testid": "caption", hidden: true });
  private scrubbing = false;
  private sought_ms = 0;
  private ticksShown = "";
  private captionShown = { text: "", since_ms: 0 };

  constructor(
    private readonly night: Night,
    private readonly link: Link,
  ) {
    this.scrub = h("input", {
      type: "range",
      class: "scrub",
      "data-testid": "scrub",
      "aria-label": "Moment of the night",
      step: 1,
      min: 0,
      max: 1,
      oninput: () => this.seek(false),
      onchange: () => this.seek(true),
    });
    this.element = h("div", { class: "timeline" }, this.caption, h("div", { class: "line" }, this.from, h("div", { class: "track" }, this.fill, this.ticks, this.scrub), this.to));
    night.on("clock", () => this.refresh());
    night.on(["alerts", "scene"], () => this.refreshTicks());
  }

  /** Go by seconds of the night; only a replay can. */
  step(by_s: number): void {
    const clock = this.night.clock;
    if (clock?.can_seek) this.link.say({ steer: { seek_s: Math.max(clock.start_s, Math.min(clock.end_s, clock.now_s + by_s)) } });
  }

  private seek(last: boolean): void {
    this.scrubbing = !last;
    const now = performance.now();
    if (!last && now - this.sought_ms < SEEK_MS) return;
    this.sought_ms = now;
    const clock = this.night.clock;
    if (clock) this.link.say({ steer: { seek_s: clock.start_s + Number(this.scrub.value) } });
  }

  private refresh(): void {
    const clock = this.night.clock;
    if (!clock) return;
    const length = Math.max(1, clock.end_s - clock.start_s);
    const passed = clock.now_s - clock.start_s;
    this.element.classList.toggle("seekable", clock.can_seek);
    this.scrub.hidden = !clock.can_seek;
    this.scrub.max = String(Math.round(length));
    if (!this.scrubbing) this.scrub.value = String(Math.round(passed));
    this.scrub.setAttribute("aria-valuetext", clockText(clock.now_s));
    this.fill.style.width = `${(100 * Math.min(1, passed / length)).toFixed(2)}%`;
    say(this.from, clockText(clock.start_s));
    say(this.to, clock.can_seek ? clockText(clock.end_s) : `+${spanText(passed)}`);
    this.refreshTicks();
    this.refreshCaption(clock.now_s);
  }

  private refreshTicks(): void {
    const { clock, scene, firstSeen } = this.night;
    if (!clock) return;
    const length = Math.max(1, clock.end_s - clock.start_s);
    const captions = (scene?.captions ?? []).map((c) => ({ time_s: c.time_s, kind: "caption", colour: "#9fb3c6" }));
    const alerts = [...firstSeen.values()].map((a) => ({ time_s: a.time_s, kind: "alert", colour: severityColour(a.severity) }));
    const all = [...captions, ...alerts].filter((tick) => tick.time_s >= clock.start_s && tick.time_s <= clock.end_s);
    const key = JSON.stringify([all, clock.can_seek ? length : Math.round(length / 5)]);
    if (key === this.ticksShown) return;
    this.ticksShown = key;
    this.ticks.replaceChildren(
      ...all.map((tick) => h("span", { class: `tick ${tick.kind}`, style: `left:${((100 * (tick.time_s - clock.start_s)) / length).toFixed(2)}%;--tick:${tick.colour}` })),
    );
  }

  private refreshCaption(now_s: number): void {
    const captions = this.night.scene?.captions ?? [];
    const current = captions.filter((c) => c.time_s <= now_s && now_s < c.time_s + CAPTION_S).at(-1)?.text ?? "";
    const wall = performance.now();
    if (current && current !== this.captionShown.text) this.captionShown = { text: current, since_ms: wall };
    else if (!current && wall - this.captionShown.since_ms > CAPTION_WALL_MS) this.captionShown.text = "";
    this.caption.hidden = !this.captionShown.text;
    say(this.caption, this.captionShown.text);
  }
}
