// The selected track, in full: what it is, how well it is known, from whom, and by which clause we may see it.

import { callsignOf, type Frame, NO_ADDRESS, NO_CLAUSE, NO_MODE_A, NO_PARTY, rowOf } from "../columns";
import { IDENTITY_COLOURS, partyColour } from "../map/colours";
import type { Symbols } from "../map/symbols";
import type { Night } from "../night";
import { CLASSES, COASTED, flightLevel, hexAddress, IDENTITIES, knots, octal, placeText, STATUSES } from "../words";
import { clauseList, h, say } from "./dom";

export class TrackCard {
  readonly element: HTMLElement;
  private readonly symbol = h("div", { class: "symbol", "aria-hidden": "true" });
  private readonly name = h("h2", {});
  private readonly sub = h("p", { class: "sub" });
  private readonly facts = h("dl", { class: "facts" });
  private readonly sources = h("div", { class: "sources" });
  private readonly release = h("div", { class: "release" });
  private readonly follow: HTMLButtonElement;
  private readonly values = new Map<string, HTMLElement>();
  private drawn = "";
  private released = "";

  constructor(
    private readonly night: Night,
    private readonly symbols: Symbols,
    onFollow: () => boolean,
  ) {
    this.follow = h("button", { type: "button", class: "quiet", "aria-pressed": "false", title: "Keep it in the middle (f)", onclick: () => this.showFollow(onFollow()) }, "Follow");
    const close = h("button", { type: "button", class: "icon-button", "aria-label": "Close", title: "Close (Esc)", onclick: () => night.select(-1) }, "×");
    this.element = h(
      "section",
      { class: "track-card", "aria-label": "Selected track", "data-testid": "track", hidden: true },
      h("div", { class: "track-head" }, this.symbol, h("div", { class: "names" }, this.name, this.sub), this.follow, close),
      this.facts,
      this.sources,
      this.release,
    );
    night.on(["selection", "frame", "scene"], () => this.refresh());
  }

  showFollow(on: boolean): void {
    this.follow.setAttribute("aria-pressed", String(on));
  }

  private refresh(): void {
    const { frame, selected } = this.night;
    const row = frame && selected >= 0 ? rowOf(frame, selected) : -1;
    this.element.hidden = selected < 0;
    if (selected < 0) return;
    this.element.classList.toggle("gone", row < 0);
    if (!frame || row < 0) {
      say(this.name, `#${selected}`);
      say(this.sub, "not in this picture now");
      return;
    }
    this.fill(frame, row);
  }

  private fill(frame: Frame, k: number): void {
    const t = frame.tracks;
    const callsign = callsignOf(t, k);
    const look = `${t.identity[k]},${t.air_class[k]},${t.status[k]}`;
    if (look !== this.drawn) {
      this.drawn = look;
      this.symbol.replaceChildren(this.symbols.picture(t.identity[k]!, t.air_class[k]!, t.status[k]!, 48));
      this.name.style.color = IDENTITY_COLOURS[t.identity[k]!] ?? "";
    }
    say(this.name, callsign || `#${t.number[k]!}`);
    say(this.sub, `${IDENTITIES[t.identity[k]!] ?? "?"} · ${CLASSES[t.air_class[k]!] ?? "?"}${t.conflict[k] ? " · the parties differ" : ""}`);
    const speed = Math.hypot(t.ve[k]!, t.vn[k]!);
    const course = ((Math.atan2(t.ve[k]!, t.vn[k]!) * 180) / Math.PI + 360) % 360;
    const climb = t.vu[k]!;
    this.put("Track", `#${t.number[k]!}${t.own_number[k]! >= 0 ? `  own ${t.own_number[k]!}` : ""}`);
    this.put("Place", placeText(t.lat[k]!, t.lon[k]!));
    this.put("Height", `${Math.round(t.height[k]!)} m`);
    this.put("Level", Number.isNaN(t.pressure_alt[k]!) ? "no Mode C" : flightLevel(t.pressure_alt[k]!));
    this.put("Speed", `${knots(speed)} kt · ${Math.round(speed)} m/s`);
    this.put("Course", `${String(Math.round(course) % 360).padStart(3, "0")}°${Math.abs(climb) < 0.5 ? " level" : ` ${climb > 0 ? "↑" : "↓"} ${Math.abs(climb).toFixed(1)} m/s`}`);
    this.put("Quality", `± ${Math.round(t.sigma[k]!)} m · ${STATUSES[t.status[k]!] ?? "?"}`);
    this.put("Last seen", `${t.age[k]!.toFixed(1)} s ago${t.status[k] === COASTED ? ", running on" : ""}`);
    this.put("Mode A", t.mode_a[k] === NO_MODE_A ? "none" : octal(t.mode_a[k]!));
    this.put("Address", t.address[k] === NO_ADDRESS ? "none" : hexAddress(t.address[k]!));
    this.fillSources(frame, k);
  }

  private put(term: string, value: string): void {
    let dd = this.values.get(term);
    if (!dd) {
      this.values.set(term, (dd = h("dd", {})));
      this.facts.append(h("dt", {}, term), dd);
    }
    say(dd, value);
  }

  private fillSources(frame: Frame, k: number): void {
    const { parties, scene } = this.night;
    const t = frame.tracks;
    const clause = t.clause[k] === NO_CLAUSE ? "" : (frame.clauses[t.clause[k]!] ?? "");
    const giver = t.shared_by[k] === NO_PARTY ? "" : (parties[t.shared_by[k]!] ?? "?");
    const key = JSON.stringify([t.sources[k], clause, giver, t.shared_number[k], scene?.clauses[clause], this.night.view]);
    if (key === this.released) return;
    this.released = key;
    this.sources.replaceChildren(
      h("span", { class: "label" }, "Seen by"),
      ...parties.flatMap((id, p) => {
        if (!((t.sources[k]! >>> p) & 1)) return [];
        const dot = h("span", { class: "party-dot", "aria-hidden": "true" });
        return [h("span", { class: "source", style: `--party:${partyColour(p)}` }, dot, id === this.night.view ? `${id}, own sensors` : id)];
      }),
    );
    this.release.replaceChildren(
      ...(clause
        ? [h("span", { class: "label" }, `Released by ${giver}${t.shared_number[k]! >= 0 ? ` as its ${t.shared_number[k]!}` : ""} under`), clauseList([clause], scene?.clauses, true)]
        : [h("span", { class: "label" }, "Own only: nothing here was given by another party.")]),
    );
  }
}
