// The list of keys, and what the marks on the map mean.

import { IDENTITIES } from "../words";
import type { Symbols } from "../map/symbols";
import { h } from "./dom";

const KEYS: [string, string][] = [
  ["+  −  wheel", "zoom"],
  ["← ↑ → ↓", "move the map"],
  ["0", "see all areas and sensors"],
  ["[  ]", "previous, next track"],
  ["f", "follow the selected track"],
  ["Esc", "put away a message, then the selection"],
  ["space", "pause or go on"],
  ["<  >", "slower, faster"],
  [",  .", "replay: 10 s back, 10 s on"],
  ["p", "look through the next party's eyes"],
  ["a", "to the alerts"],
  ["t", "to the tasks"],
  ["g  l", "agreement, decision log"],
  ["r  h  s  n", "rings, trails, plots, labels on or off"],
  ["v", "speed vectors of 1, 2 or 5 minutes"],
  ["?", "this list"],
];

export class Help {
  readonly element: HTMLDialogElement;

  constructor(private readonly symbols: Symbols) {
    this.element = h("dialog", { class: "help", "aria-label": "Keyboard shortcuts and signs" });
  }

  toggle(): void {
    if (this.element.open) this.element.close();
    else {
      this.fill();
      this.element.showModal();
    }
  }

  private fill(): void {
    this.element.replaceChildren(
      h("div", { class: "help-head" }, h("h2", {}, "Keys and signs"), h("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: () => this.element.close() }, "×")),
      h("div", { class: "help-body" }, h("dl", { class: "keys" }, ...KEYS.flatMap(([key, what]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)])), this.signs()),
      h("p", { class: "muted" }, "Skyaccord informs, proposes and records. A person decides. It commands no device."),
    );
  }

  private signs(): HTMLElement {
    const sign = (picture: Node, text: string): HTMLElement => h("li", {}, picture, h("span", {}, text));
    return h(
      "ul",
      { class: "signs" },
      ...IDENTITIES.map((name, k) => sign(this.symbols.picture(k, 2, 1, 40), name)),
      sign(this.symbols.picture(4, 1, 1, 40), "Airliner"),
      sign(this.symbols.picture(1, 3, 1, 40), "Drone"),
      sign(this.symbols.picture(6, 4, 1, 40), "Missile"),
      sign(this.symbols.picture(4, 2, 2, 40), "Coasted: no plot lately"),
      sign(h("span", { class: "sign-label", "aria-hidden": "true" }, "136↑ 379"), "Level (or km), climb, knots"),
      sign(h("span", { class: "sign-ring", "aria-hidden": "true" }), "Only another party sees it"),
      sign(h("span", { class: "sign-conflict", "aria-hidden": "true" }, "≠"), "The parties differ on it"),
    );
  }
}
