// What the server says in words; the shapes are told in docs/console.md.

export interface Clock {
  start_s: number;
  end_s: number;
  now_s: number;
  speed: number;
  paused: boolean;
  can_seek: boolean;
  can_decide: boolean;
  finished: boolean;
}

export interface Alert {
  id: string;
  rule: string;
  party: string;
  time_s: number;
  severity: string;
  track: number;
  lat_rad: number;
  lon_rad: number;
  height_m: number;
  speed_mps: number;
  area: string;
  event_time_s: number | null;
  event_lat_rad: number | null;
  event_lon_rad: number | null;
  event_sigma_s: number | null;
  state: string;
  text: string;
}

export interface Task {
  id: string;
  verb: string;
  alert: string;
  track: number;
  party: string;
  proposed_s: number;
  state: string;
  authority: string;
  clauses: string[];
  responder: string;
  changed_s: number;
  text: string;
  reason: string;
}

export interface Entry {
  number: number;
  time_s: number;
  kind: string;
  post: string;
  text: string;
  clauses: string[];
  hash: string;
}

export interface Area {
  name: string;
  ring: [lat: number, lon: number][];
  floor_m: number | null;
  ceiling_m: number | null;
  territory_of: string;
  clause: string;
}

export interface Sensor {
  name: string;
  party: string;
  lat: number;
  lon: number;
  rings: { height_m: number; points: [lat: number, lon: number][] }[];
  alive: boolean;
}

export interface Post {
  id: string;
  title: string;
  party: string;
  vacant: boolean;
  powers: { power: string; verbs: string[]; area: string; clause: string }[];
}

export interface Scene {
  title: string;
  kind: string;
  party: string;
  parties: { id: string; name: string; status: string }[];
  areas: Area[];
  sensors: Sensor[];
  posts: Post[];
  clauses: Record<string, string>;
  links: { party: string; state: string; since_s: number }[];
  releases: { owner: string; to: string; text: string; clause: string }[];
  captions: { time_s: number; text: string }[];
  agreement: { title: string; state: string };
}

export interface Answer {
  allowed: boolean;
  reason: string;
  clauses: string[];
}

export type MayRow = Answer & { post: string; move: string };
export type OutcomeSaid = Answer & { is: "outcome"; ref: number; post: string; task: string; move: string };

export type Said =
  | { is: "hello"; protocol: number; parties: string[]; moves: string[]; steps: Record<string, string[]>; view: string; post: string }
  | ({ is: "clock" } & Clock)
  | { is: "scene"; party: string; version: number; scene: Scene }
  | { is: "alerts"; party: string; alerts: Alert[] }
  | { is: "tasks"; party: string; tasks: Task[] }
  | { is: "log"; party: string; since: number; entries: Entry[] }
  | OutcomeSaid
  | { is: "may"; ref: number; task: string; rows: MayRow[] }
  | { is: "error"; text: string };
