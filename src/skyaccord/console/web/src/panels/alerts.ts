// The queue of alerts: the gravest first, each with its countdown; a click takes note of it and selects its track.

import type { Night } from "../night";
import type { Alert } from "../said";
import { capital, plain, spanText } from "../words";
import { type Card, Cards, h, say } from "./dom";

const GRAVITY: Record<string, number> = { attack: 0, warning: 1, advisory: 2 };
const SIGNS: Record<string, string> = { attack: "◆", warning: "▲", advisory: "●" };
const STATES: Record<string, number> = { open: 0, observed: 1, closed: 2 };

export class AlertQueue {
  readonly element: HTMLElement;
  private readonly list = h("ol", { class: "cards alerts" });
  private readonly empty = h("p", { class: "empty" }, "Nothing to warn of.");
  private readonly count = h("span", { class: "badge-count" }, "0");
  private readonly cards: Cards<Alert>;
  private twins = new Set<string>();
  private readonly noted = new Set<string>();
  private readonly spoken = new Set<string>();
  private readonly countdowns = new Map<string, () => void>();

  constructor(
    private readonly night: Night,
    private readonly live: HTMLElement,
    private readonly show: (track: number) => void,
  ) {
    this.cards = new Cards(this.list, (alert) => alert.id, (alert) => this.card(alert));
    this.element = h("section", { class: "panel alert-panel", "aria-label": "Alerts" }, h("h2", {}, "Alerts", this.count), this.empty, this.list);
    night.on("alerts", () => this.refresh());
    night.on("selection", () => this.refresh());
    night.on("clock", () => this.countdowns.forEach((tick) => tick()));
    night.on("jump", () => this.refresh());
  }

  focus(): void {
    this.list.querySelector("button")?.focus();
  }

  private refresh(): void {
    this.twins = this.night.twins();
    const alerts = this.night.alerts.toSorted(
      (a, b) => (STATES[a.state] ?? 0) - (STATES[b.state] ?? 0) || Number(this.twins.has(a.id)) - Number(this.twins.has(b.id)) || (GRAVITY[a.severity] ?? 3) - (GRAVITY[b.severity] ?? 3) || a.id.localeCompare(b.id, undefined, { numeric: true }),
    );
    const ids = new Set(alerts.map((alert) => alert.id));
    for (const id of this.countdowns.keys()) if (!ids.has(id)) this.countdowns.delete(id);
    this.cards.show(alerts);
    this.empty.hidden = alerts.length > 0;
    say(this.count, String(alerts.filter((alert) => alert.state !== "closed").length));
    for (const alert of alerts) {
      if (this.spoken.has(alert.id)) continue;
      this.spoken.add(alert.id);
      this.live.append(h("p", {}, `New ${alert.severity}: ${alert.text}`));
      while (this.live.children.length > 5) this.live.firstChild?.remove();
    }
  }

  private card(first: Alert): Card<Alert> {
    const chip = h("span", { class: "chip" });
    const rule = h("span", { class: "rule" });
    const text = h("span", { class: "card-text" });
    const count = h("span", { class: "countdown" });
    const state = h("span", { class: "state" });
    let alert = first;
    const button = h(
      "button",
      {
        type: "button",
        class: "card alert",
        "data-testid": `alert-${first.id}`,
        onclick: () => {
          this.noted.add(alert.id);
          const track = this.night.trackOf(alert);
          this.night.select(track);
          this.show(track);
          this.refresh();
        },
      },
      h("span", { class: "card-head" }, chip, rule, h("span", { class: "id" }, first.id), state),
      text,
      count,
    );
    const tick = (): void => {
      say(count, countdown(alert, this.night.now()));
      count.hidden = !count.textContent;
    };
    this.countdowns.set(first.id, tick);
    return {
      element: h("li", {}, button),
      update: (item) => {
        alert = item;
        say(chip, `${SIGNS[item.severity] ?? "●"} ${capital(item.severity)}`);
        say(rule, plain(item.rule));
        say(text, item.text);
        say(state, item.state === "open" ? (this.noted.has(item.id) ? "seen" : "new") : item.state);
        text.hidden = this.twins.has(item.id);
        const marks = [this.twins.has(item.id) ? "twin" : "", item.severity, item.state, this.noted.has(item.id) ? "noted" : "fresh", this.night.selected >= 0 && this.night.trackOf(item) === this.night.selected ? "chosen" : ""];
        button.className = ["card", "alert", ...marks].filter(Boolean).join(" ");
        tick();
      },
    };
  }
}

function countdown(alert: Alert, now_s: number): string {
  if (alert.event_time_s === null) return "";
  const left = alert.event_time_s - now_s;
  const spread = alert.event_sigma_s === null ? "" : ` ± ${Math.max(1, Math.round(alert.event_sigma_s))} s`;
  if (alert.state === "open" && left > 0) return `in ${spanText(left)}${spread}`;
  return left > 0 ? "" : `${spanText(-left)} ago`;
}
