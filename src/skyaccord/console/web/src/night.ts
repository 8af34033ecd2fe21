// The night as this window knows it: the newest of everything that was said, and who wants to hear of a change.

import type { Frame } from "./columns";
import { decodeFrame } from "./columns";
import type { Alert, Clock, Entry, MayRow, OutcomeSaid, Said, Scene, Task } from "./said";

export type Topic = "scene" | "clock" | "frame" | "alerts" | "tasks" | "log" | "may" | "outcome" | "error" | "place" | "selection" | "link" | "jump";

const NEAR_M = 4000; // two parties' places of one aircraft are no farther apart
const FORESIGHT_S = 2; // of the wall: how far tracks run on alone when frames stay away

export class Night {
  parties: string[] = [];
  moves: string[] = [];
  /** State of a task -> the moves a person has from there. */
  steps: Record<string, string[]> = {};
  view = "";
  post = "";
  scene: Scene | null = null;
  clock: Clock | null = null;
  frame: Frame | null = null;
  alerts: Alert[] = [];
  tasks: Task[] = [];
  log: Entry[] = [];
  may = new Map<string, MayRow[]>();
  outcome: OutcomeSaid | null = null;
  error = "";
  connected = false;
  selected = -1;
  /** When each alert was first seen, for the timeline. */
  firstSeen = new Map<string, { time_s: number; severity: string }>();
  private clockHeard_ms = 0;
  private hearers = new Map<Topic, Set<() => void>>();

  on(topics: Topic | Topic[], hearer: () => void): void {
    for (const topic of Array.isArray(topics) ? topics : [topics]) {
      const set = this.hearers.get(topic) ?? new Set();
      this.hearers.set(topic, set.add(hearer));
    }
  }

  tell(topic: Topic): void {
    for (const hearer of this.hearers.get(topic) ?? []) hearer();
  }

  /** The night's time now, run on between two clock messages. */
  now(wall_ms = performance.now()): number {
    const clock = this.clock;
    if (!clock) return this.frame?.time ?? 0;
    if (clock.paused || clock.finished) return clock.now_s;
    const since = Math.min(FORESIGHT_S, Math.max(0, (wall_ms - this.clockHeard_ms) / 1000));
    return clock.now_s + since * clock.speed;
  }

  /** In a state that nobody told us of every move may be tried: the server decides. */
  movesFrom(state: string): string[] {
    return this.steps[state] ?? this.moves;
  }

  isOver(state: string): boolean {
    return this.steps[state]?.length === 0;
  }

  /** The track of an alert in the picture that we see. Its number is the raising party's; in another's picture the nearest is meant. */
  trackOf(alert: Alert): number {
    if (alert.party === this.view || !this.frame) return alert.track;
    const { lat, lon, number } = this.frame.tracks;
    const lat0 = (alert.lat_rad * 180) / Math.PI;
    const lon0 = (alert.lon_rad * 180) / Math.PI;
    let best = -1;
    let least = (NEAR_M + alert.speed_mps * Math.max(0, this.frame.time - alert.time_s)) / 111_200;
    for (let k = 0; k < number.length; k++) {
      const d = Math.hypot(lat[k]! - lat0, (lon[k]! - lon0) * Math.cos(alert.lat_rad));
      if (d < least) {
        least = d;
        best = number[k]!;
      }
    }
    return best;
  }

  /** Alerts of other parties that say of a track what our own already says: they are shown small. */
  twins(): Set<string> {
    const key = (alert: Alert): string => `${alert.rule} ${this.trackOf(alert)}`;
    const first = new Map<string, string>();
    const ownFirst = this.alerts.toSorted((a, b) => Number(b.party === this.view) - Number(a.party === this.view));
    for (const alert of ownFirst) if (alert.state !== "closed" && this.trackOf(alert) >= 0 && !first.has(key(alert))) first.set(key(alert), alert.id);
    return new Set(this.alerts.filter((alert) => alert.state !== "closed" && first.has(key(alert)) && first.get(key(alert)) !== alert.id).map((a) => a.id));
  }

  trackOfTask(task: Task): number {
    if (task.party === this.view) return task.track;
    const alert = this.alerts.find((a) => a.id === task.alert);
    return alert ? this.trackOf(alert) : -1;
  }

  select(number: number): void {
    if (number === this.selected) return;
    this.selected = number;
    this.tell("selection");
  }

  /** Look through another party's eyes; until it answers there is nothing to see. */
  look(view: string): void {
    if (view === this.view) return;
    this.view = view;
    this.forget();
    this.tell("place");
  }

  sit(post: string): void {
    this.post = post;
    this.tell("place");
  }

  private forget(): void {
    this.frame = null;
    this.alerts = [];
    this.tasks = [];
    this.log = [];
    this.may.clear();
    this.selected = -1;
    for (const topic of ["frame", "alerts", "tasks", "log", "selection", "jump"] as const) this.tell(topic);
  }

  hear(message: string | ArrayBuffer): void {
    if (typeof message === "string") this.hearWords(JSON.parse(message) as Said);
    else this.hearFrame(decodeFrame(message));
  }

  private hearFrame(frame: Frame): void {
    if (frame.party !== this.view) return; // still on its way when we turned our eyes
    const before = this.frame?.time ?? frame.time;
    this.frame = frame;
    if (frame.time < before || frame.time > before + 120) this.tell("jump");
    this.tell("frame");
  }

  private hearWords(said: Said): void {
    if ("party" in said && said.party !== this.view) return;
    switch (said.is) {
      case "hello":
        this.parties = said.parties;
        this.moves = said.moves;
        this.steps = said.steps;
        if (!this.view) this.view = said.view;
        return this.tell("place");
      case "clock":
        this.clock = said;
        this.clockHeard_ms = performance.now();
        return this.tell("clock");
      case "scene":
        this.scene = said.scene;
        return this.tell("scene");
      case "alerts":
        this.alerts = said.alerts;
        for (const alert of said.alerts) {
          const first = Math.min(alert.time_s, this.firstSeen.get(alert.id)?.time_s ?? Infinity);
          this.firstSeen.set(alert.id, { time_s: first, severity: alert.severity });
        }
        return this.tell("alerts");
      case "tasks":
        this.tasks = said.tasks;
        return this.tell("tasks");
      case "log":
        this.log = this.log.slice(0, said.since).concat(said.entries);
        return this.tell("log");
      case "may":
        this.may.set(said.task, said.rows);
        return this.tell("may");
      case "outcome":
        this.outcome = said;
        return this.tell("outcome");
      case "error":
        this.error = said.text;
        return this.tell("error");
    }
  }
}
