// One place for the colours that canvases and panels share. Each meaning also has a form: frames by identity, dashes for
// coasted, letters for parties, words for severity.

export const WATER = "#0a0f14";
export const LAND = "#10171e";
export const COAST = "#2f4554";
export const FRONTIER = "#455664";
export const GRATICULE = "rgba(120, 150, 170, 0.10)";
export const COUNTRY_NAME = "rgba(132, 150, 166, 0.62)";

export const TEXT = "#dbe4ec";
export const DIM = "#8fa1b1";
export const ACCENT = "#6cb6ff";
export const AMBER = "#f2b84b";
export const RED = "#ff6b5e";

const PARTIES = ["#8ab4ff", "#f4b266", "#86d3a7", "#d8a3f0", "#e7e07d", "#7fd6da"];
export const partyColour = (index: number): string => PARTIES[index % PARTIES.length] ?? "#8ab4ff";

/** By words.Identity. */
export const IDENTITY_COLOURS = ["#e8dc8a", "#ffe066", "#7cc4ff", "#5bb3ff", "#8fe39b", "#ffa14a", "#ff6b5e"];

export const severityColour = (severity: string): string =>
  severity === "attack" ? RED : severity === "warning" ? AMBER : ACCENT;

/** A colour with a part of its light, and a little grey. */
export function darker(colour: string, part: number, grey: number): string {
  return `rgb(${[1, 3, 5].map((k) => Math.round(parseInt(colour.slice(k, k + 2), 16) * part + grey)).join(",")})`;
}
