// The decision log of the party whose picture we see, newest first; each entry carries the beginning of its hash.

import type { Night } from "../night";
import type { Entry } from "../said";
import { clockText, plain } from "../words";
import { h } from "./dom";

const SHOWN_MAX = 300;
const HASH_SHOWN = 8;

export class LogPanel {
  readonly element: HTMLElement;
  private readonly list = h("ol", { class: "log", "data-testid": "log", reversed: true });
  private readonly empty = h("p", { class: "empty" }, "Nothing is written yet.");
  private shown: Entry[] = [];

  constructor(private readonly night: Night) {
    this.element = h("div", {}, this.empty, this.list);
    night.on("log", () => this.refresh());
  }

  private refresh(): void {
    const { log } = this.night;
    let same = 0; // the chain only grows, so most often there is only something to add
    while (same < this.shown.length && same < log.length && this.shown[same]!.hash === log[same]!.hash) same++;
    for (let k = this.shown.length; k > same; k--) this.list.firstElementChild?.remove();
    for (const entry of log.slice(same)) this.list.prepend(item(entry));
    while (this.list.childElementCount > SHOWN_MAX) this.list.lastElementChild?.remove();
    this.shown = log;
    this.empty.hidden = log.length > 0;
  }
}

function item(entry: Entry): HTMLElement {
  return h(
    "li",
    { class: `entry ${entry.kind}` },
    h("span", { class: "entry-head" }, h("time", {}, clockText(entry.time_s)), h("span", { class: "kind" }, plain(entry.kind)), h("code", { title: entry.hash }, entry.hash.slice(0, HASH_SHOWN))),
    h("span", { class: "entry-text" }, entry.text),
    h("span", { class: "entry-foot" }, [entry.post, (entry.clauses ?? []).join(", ")].filter(Boolean).join(" · ")),
  );
}
