// What binds the parties, and how it stands tonight: links, posts and their powers, releases.

import { partyColour } from "../map/colours";
import type { Night } from "../night";
import type { Post, Scene } from "../said";
import { capital, clockText, plain } from "../words";
import { clauseList, h } from "./dom";

const LINK_SIGNS: Record<string, string> = { up: "●", withdrawn: "■", lost: "✕" };

export class AgreementPanel {
  readonly element = h("div", { class: "agreement" });
  private shown = "";

  constructor(private readonly night: Night) {
    night.on(["scene", "place"], () => this.refresh());
  }

  private refresh(): void {
    const { scene } = this.night;
    if (!scene) return;
    const { agreement, parties, links, posts, releases, clauses } = scene;
    const key = JSON.stringify([agreement, parties, links, posts, releases, clauses, this.night.view]);
    if (key === this.shown) return;
    this.shown = key;
    this.element.replaceChildren(
      h("p", { class: "agreement-title" }, agreement.title, h("span", { class: `state ${agreement.state}` }, plain(agreement.state))),
      h("h3", {}, "Parties and links"),
      h("ul", { class: "rows" }, ...parties.map((party, k) => this.party(scene, party, k))),
      h("h3", {}, "Posts"),
      h("ul", { class: "rows" }, ...posts.map((post) => postRow(post, clauses))),
      h("h3", {}, "Releases"),
      releases.length
        ? h("ul", { class: "rows" }, ...releases.map((r) => h("li", {}, h("span", { class: "flow" }, `${r.owner} → ${r.to}`), ` ${r.text}`, clauseList([r.clause], clauses))))
        : h("p", { class: "empty" }, "Nothing is released."),
    );
  }

  private party(scene: Scene, party: Scene["parties"][number], k: number): HTMLElement {
    const link = scene.links.find((l) => l.party === party.id);
    const word = party.id === this.night.view ? "this picture's owner" : link ? `link ${link.state} since ${clockText(link.since_s)}` : "no link";
    return h(
      "li",
      { class: "party-row", style: `--party:${partyColour(k)}` },
      h("span", { class: "party-dot", "aria-hidden": "true" }),
      h("b", {}, party.id),
      ` ${party.name}`,
      h("span", { class: "muted" }, party.status ? ` · ${plain(party.status)}` : ""),
      h("span", { class: `link ${link?.state ?? ""}` }, link && party.id !== this.night.view ? `${LINK_SIGNS[link.state] ?? "●"} ` : "", word),
    );
  }
}

function postRow(post: Post, clauses: Record<string, string>): HTMLElement {
  return h(
    "li",
    {},
    h("b", {}, post.id),
    post.vacant ? h("span", { class: "state vacant" }, "vacant") : null,
    h("div", { class: "muted" }, post.title),
    ...post.powers.map((p) => h("div", { class: "power" }, `${capital(plain(p.power))}: ${p.verbs.join(", ") || "all"}${p.area ? `, in ${p.area}` : ""}`, clauseList([p.clause], clauses))),
  );
}
