// The answers to a person's moves: what was done fades by itself; a refusal stays, with its clauses, until it is put away.

import type { Night } from "../night";
import { MOVE_WORDS } from "../words";
import { clauseList, h } from "./dom";

const FADE_MS = 6000;

export class Toasts {
  readonly element = h("div", { class: "toasts", "aria-live": "assertive" });

  constructor(private readonly night: Night) {
    night.on("outcome", () => this.answer());
    night.on("error", () => this.add("refusal", "Not understood", night.error, []));
  }

  private answer(): void {
    const said = this.night.outcome;
    if (!said) return;
    const what = `${MOVE_WORDS[said.move] ?? said.move} ${said.task}`;
    const by = said.post ? ` by ${said.post}` : "";
    if (said.allowed) this.add("toast", `${what}: done${by}`, said.reason, said.clauses);
    else this.add("refusal", `${what}: refused`, said.reason, said.clauses);
  }

  /** Put the newest refusal away. */
  dismiss(): boolean {
    const last = this.element.lastElementChild;
    last?.remove();
    return last !== null;
  }

  private add(kind: "toast" | "refusal", title: string, text: string, clauses: string[]): void {
    const toast = h(
      "div",
      { class: `note ${kind}`, role: kind === "refusal" ? "alert" : "status", "data-testid": kind },
      h("div", { class: "note-head" }, h("b", {}, title), h("button", { type: "button", class: "icon-button", "aria-label": "Put away", onclick: () => toast.remove() }, "×")),
      h("p", {}, text),
      clauseList(clauses, this.night.scene?.clauses, kind === "refusal"),
    );
    this.element.append(toast);
    while (this.element.children.length > 3) this.element.firstElementChild?.remove();
    if (kind === "toast") setTimeout(() => toast.remove(), FADE_MS);
  }
}
