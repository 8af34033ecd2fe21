// The window put together: the map with its panels, the link that feeds them, and the keys.

import "@fontsource-variable/inter/wght.css";
import "./style.css";
import { invent } from "./bench";
import { Link } from "./link";
import { AirMap } from "./map/map";
import { Night } from "./night";
import { AgreementPanel } from "./panels/agreement";
import { AlertQueue } from "./panels/alerts";
import { Bar } from "./panels/bar";
import { h } from "./panels/dom";
import { Help } from "./panels/help";
import { Legend } from "./panels/legend";
import { LogPanel } from "./panels/log";
import { TaskCards } from "./panels/tasks";
import { Timeline } from "./panels/timeline";
import { Toasts } from "./panels/toasts";
import { TrackCard } from "./panels/track";
import { spanText } from "./words";

const night = new Night();
const link = new Link(night);

const live = h("div", { class: "spoken", "aria-live": "polite", "data-testid": "live" });
const foot = {
  scaleBar: h("div", { class: "scale-bar", "aria-label": "Scale" }),
  cursor: h("div", { class: "cursor", "aria-label": "Place under the pointer" }),
};
const mapHost = h("main", { class: "map", tabindex: 0, "aria-label": "Map of the air picture. Arrow keys move it, plus and minus zoom, brackets step through the tracks." });
const lost = h("div", { class: "banner", role: "alert", "data-testid": "lost", hidden: true }, "Connection lost, trying again…");
const house = document.getElementById("house")!;
house.append(mapHost);

const map = new AirMap(mapHost, night, foot);
const help = new Help(map.symbols);
const bar = new Bar(night, link, () => help.toggle());
const show = (track: number): void => map.show(track);
const alerts = new AlertQueue(night, live, show);
const tasks = new TaskCards(night, link, show);
const track = new TrackCard(night, map.symbols, toggleFollow);
const toasts = new Toasts(night);
const timeline = new Timeline(night, link);
const legend = new Legend(map, foot);
const tabs = tabbed([
  ["agreement", "Agreement", new AgreementPanel(night).element],
  ["log", "Decision log", new LogPanel(night).element],
]);
const side = h("aside", { class: "side", "aria-label": "Alerts, tasks, agreement and log" }, h("div", { class: "queue" }, alerts.element, tasks.element), tabs.element);
house.append(bar.element, lost, h("div", { class: "stage" }, track.element, legend.element, timeline.element, toasts.element), side, live, help.element);

function tabbed(pages: [id: string, title: string, content: HTMLElement][]): { element: HTMLElement; open: (id: string) => void } {
  const buttons = pages.map(([id, title]) => h("button", { type: "button", role: "tab", id: `tab-${id}`, "data-testid": `tab-${id}`, "aria-controls": `page-${id}`, onclick: () => open(id) }, title));
  const bodies = pages.map(([id, , content]) => h("div", { class: "page", role: "tabpanel", id: `page-${id}`, "aria-labelledby": `tab-${id}`, tabindex: 0 }, content));
  const open = (wanted: string): void =>
    pages.forEach(([id], k) => {
      buttons[k]!.setAttribute("aria-selected", String(id === wanted));
      bodies[k]!.hidden = id !== wanted;
    });
  open(pages[0]![0]);
  return { element: h("section", { class: "tabs" }, h("div", { class: "tab-list", role: "tablist" }, ...buttons), ...bodies), open };
}

function toggleFollow(): boolean {
  map.follow = !map.follow && night.selected >= 0;
  map.touch("tracks");
  return map.follow;
}

function stepTrack(by: number): void {
  const numbers = Array.from(night.frame?.tracks.number ?? []).sort((a, b) => a - b);
  if (!numbers.length) return;
  const at = numbers.indexOf(night.selected);
  const next = numbers[(at + by + numbers.length + (at < 0 && by < 0 ? 1 : 0)) % numbers.length]!;
  night.select(next);
  map.show(next);
}

const KEYS: Record<string, () => void> = {
  " ": () => bar.togglePause(),
  "<": () => bar.faster(-1),
  ">": () => bar.faster(1),
  ",": () => timeline.step(-10),
  ".": () => timeline.step(10),
  "[": () => stepTrack(-1),
  "]": () => stepTrack(1),
  p: () => bar.lookNext(),
  a: () => alerts.focus(),
  t: () => tasks.focus(),
  g: () => tabs.open("agreement"),
  l: () => tabs.open("log"),
  f: () => track.showFollow(toggleFollow()),
  "?": () => help.toggle(),
  Escape: () => toasts.dismiss() || night.select(-1),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help.element.open) return;
  const target = event.target as HTMLElement;
  const typing = target.matches("input[type=text], select, textarea");
  const pressing = target.matches("button, summary, input, [role=tabpanel]");
  if (typing && event.key !== "Escape") return;
  if (pressing && [" ", "Enter", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home"].includes(event.key)) return;
  const act = KEYS[event.key];
  if (act) act();
  else if (!legend.key(event.key) && !map.key(event.key)) return;
  event.preventDefault();
});

night.on("selection", () => {
  map.follow &&= night.selected >= 0;
  track.showFollow(map.follow);
});

night.on("link", () => {
  lost.hidden = night.connected;
  house.classList.toggle("disconnected", !night.connected);
});

/** The map's free part, so that a first look fits between the panels. */
function measure(): void {
  const box = side.getBoundingClientRect();
  map.view.inset = { left: 12, right: mapHost.clientWidth - box.left + 12, top: bar.element.offsetHeight + 16, bottom: 96 };
}
new ResizeObserver(measure).observe(side);
measure();

declare global {
  interface Window {
    skyaccord: { tracks: () => ReturnType<AirMap["list"]>; readonly time: number; readonly party: string; readonly draw_ms: number; readonly selected: number };
  }
}
window.skyaccord = {
  tracks: () => map.list(),
  get time() {
    return night.frame?.time ?? 0;
  },
  get party() {
    return night.frame?.party ?? "";
  },
  get draw_ms() {
    return map.lastDraw_ms;
  },
  get selected() {
    return night.selected;
  },
};

const bench = Number(new URLSearchParams(location.search).get("bench") ?? 0);
if (bench > 0) {
  invent(night, bench);
  const figures: number[] = [];
  const banner = h("div", { class: "banner bench", "data-testid": "bench" });
  house.append(banner);
  const began = performance.now();
  setInterval(() => {
    figures.push(map.lastDraw_ms);
    const middle = figures.toSorted((a, b) => a - b)[figures.length >> 1]!;
    banner.textContent = `${bench} tracks: ${middle.toFixed(1)} ms a drawing, median of ${figures.length} in ${spanText((performance.now() - began) / 1000)}`;
  }, 200);
} else {
  link.open();
}
