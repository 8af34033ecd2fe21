// The bar on top: whose night it is, what time it is there, how fast it goes, through whose eyes we look and where we sit.

import type { Link } from "../link";
import type { Night } from "../night";
import { clockText, dateText } from "../words";
import { partyColour } from "../map/colours";
import { h, say } from "./dom";

const SPEEDS = [1, 4, 10, 30];
const KINDS: Record<string, string> = { exercise: "Exercise", live: "Live", recording: "Recorded feed", replay: "Replay" };

export class Bar {
  readonly element: HTMLElement;
  private readonly title = h("h1", {}, "…");
  private readonly badge = h("span", { class: "badge", "data-testid": "kind" });
  private readonly clock = h("time", { class: "clock", "data-testid": "clock", "aria-label": "Time of the night, UTC" }, "--:--:--");
  private readonly date = h("span", { class: "date" });
  private readonly pause: HTMLButtonElement;
  private readonly speeds: HTMLButtonElement[];
  private readonly parties = h("div", { class: "segmented", role: "group", "aria-label": "Whose picture to show" });
  private readonly post: HTMLSelectElement;
  private readonly count = h("output", { class: "count", "data-testid": "track-count" }, "0");
  private partiesShown = "";
  private postsShown = "";

  constructor(
    private readonly night: Night,
    private readonly link: Link,
    help: () => void,
  ) {
    this.pause = h("button", { class: "icon-button", type: "button", "data-testid": "pause", onclick: () => this.togglePause() });
    this.speeds = SPEEDS.map((speed) =>
      h("button", { type: "button", "data-testid": `speed-${speed}`, onclick: () => this.link.say({ steer: { speed, paused: false } }) }, `×${speed}`),
    );
    this.post = h("select", { "data-testid": "post-select", id: "post-select", onchange: () => this.sit(this.post.value) });
    this.element = h(
      "header",
      { class: "bar" },
      h("div", { class: "brand" }, mark(), h("div", { class: "titles" }, h("span", { class: "product" }, "Skyaccord"), this.title)),
      this.badge,
      h("div", { class: "time" }, h("div", { class: "when" }, this.clock, h("span", { class: "zone" }, "UTC")), this.date),
      h("div", { class: "speed", role: "group", "aria-label": "Speed of time" }, this.pause, h("div", { class: "segmented" }, ...this.speeds)),
      h("div", { class: "gap" }),
      h("div", { class: "tally" }, this.count, h("span", {}, "tracks")),
      this.parties,
      h("label", { class: "post", for: "post-select" }, h("span", {}, "I am at"), this.post),
      h("button", { class: "icon-button", type: "button", "aria-label": "Keyboard shortcuts", title: "Keyboard shortcuts (?)", onclick: help }, "?"),
    );
    night.on("clock", () => this.showClock());
    night.on(["scene", "place"], () => this.showScene());
    night.on("frame", () => say(this.count, String(night.frame?.n ?? 0)));
    this.showClock();
  }

  togglePause(): void {
    if (this.night.clock) this.link.say({ steer: { paused: !this.night.clock.paused } });
  }

  faster(step: number): void {
    const at = SPEEDS.findIndex((speed) => speed >= (this.night.clock?.speed ?? 1));
    const speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, (at < 0 ? SPEEDS.length - 1 : at) + step))]!;
    this.link.say({ steer: { speed } });
  }

  look(view: string): void {
    if (view === this.night.view) return;
    this.night.look(view);
    this.link.say({ view });
  }

  lookNext(): void {
    const { parties, view } = this.night;
    if (parties.length) this.look(parties[(parties.indexOf(view) + 1) % parties.length]!);
  }

  private sit(post: string): void {
    this.night.sit(post);
    this.link.say({ post });
  }

  private showClock(): void {
    const clock = this.night.clock;
    if (!clock) return;
    say(this.clock, clockText(clock.now_s));
    say(this.date, dateText(clock.now_s));
    const state = clock.finished ? "The night is over" : clock.paused ? "Go on (space)" : "Pause (space)";
    say(this.pause, clock.paused ? "▶" : "❚❚");
    this.pause.setAttribute("aria-label", state);
    this.pause.title = state;
    this.pause.classList.toggle("on", clock.paused);
    this.speeds.forEach((button, k) => button.setAttribute("aria-pressed", String(clock.speed === SPEEDS[k])));
  }

  private showScene(): void {
    const { scene, view } = this.night;
    if (scene) {
      say(this.title, scene.title);
      document.title = `${scene.title} · Skyaccord`;
      say(this.badge, KINDS[scene.kind] ?? scene.kind);
      this.badge.className = `badge ${scene.kind}`;
    }
    this.showParties(view);
    this.showPosts();
  }

  private showParties(view: string): void {
    const { parties, scene } = this.night;
    const key = JSON.stringify([parties, scene?.parties]);
    if (key !== this.partiesShown) {
      this.partiesShown = key;
      this.parties.replaceChildren(
        ...parties.map((id, k) => {
          const name = scene?.parties.find((party) => party.id === id)?.name ?? id;
          return h(
            "button",
            { type: "button", "data-testid": `party-${id}`, title: `The picture as ${name} sees it`, onclick: () => this.look(id), style: `--party:${partyColour(k)}` },
            h("span", { class: "party-dot", "aria-hidden": "true" }),
            `What ${id} sees`,
          );
        }),
      );
    }
    [...this.parties.children].forEach((button, k) => button.setAttribute("aria-pressed", String(parties[k] === view)));
  }

  private showPosts(): void {
    const posts = this.night.scene?.posts ?? [];
    const key = JSON.stringify(posts.map((post) => [post.id, post.title, post.vacant]));
    if (key !== this.postsShown) {
      this.postsShown = key;
      const owners = [...new Set(posts.map((post) => post.party))];
      this.post.replaceChildren(
        h("option", { value: "" }, "no post: looking only"),
        ...owners.map((owner) =>
          h(
            "optgroup",
            { label: this.night.scene?.parties.find((party) => party.id === owner)?.name ?? owner },
            ...posts.filter((post) => post.party === owner).map((post) => h("option", { value: post.id, title: post.title }, post.vacant ? `${post.id} (vacant)` : post.id)),
          ),
        ),
      );
    }
    if (this.post.value !== this.night.post) this.post.value = this.night.post;
  }
}

/** Two circles that share a middle: the sign of the house. */
function mark(): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 32 32");
  svg.setAttribute("class", "mark");
  svg.setAttribute("aria-hidden", "true");
  svg.innerHTML =
    '<g fill="none" stroke-width="2.2"><circle cx="12" cy="16" r="8.4" stroke="#8ab4ff"/><circle cx="20" cy="16" r="8.4" stroke="#f4b266"/></g><circle cx="16" cy="16" r="2.3" fill="#e8eef4"/>';
  return svg;
}
