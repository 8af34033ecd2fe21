// The words of the field, as a person reads them.

export const IDENTITIES = ["Pending", "Unknown", "Assumed friend", "Friend", "Neutral", "Suspect", "Hostile"] as const;
export const CLASSES = ["Unclassified", "Airliner", "Aircraft", "Drone", "Missile"] as const;
export const STATUSES = ["Tentative", "Confirmed", "Coasted"] as const;
export const COASTED = 2;
export const TENTATIVE = 0;

export const MOVE_WORDS: Record<string, string> = {
  approve: "Approve",
  refuse: "Refuse",
  assign: "Assign",
  acknowledge: "Acknowledge",
  close: "Close",
  recall: "Recall",
};

const KT = 3600 / 1852;
export const knots = (mps: number): number => Math.round(mps * KT);
export const flightLevel = (m: number): string => `FL${String(Math.max(0, Math.round(m / 30.48))).padStart(3, "0")}`;
export const octal = (code: number): string => code.toString(8).padStart(4, "0");
export const hexAddress = (code: number): string => code.toString(16).toUpperCase().padStart(6, "0");

const two = (n: number): string => String(n).padStart(2, "0");

/** hh:mm:ss UTC. */
export function clockText(time_s: number): string {
  const s = Math.floor(time_s);
  return `${two(Math.floor(s / 3600) % 24)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** 2027-04-19 */
export function dateText(time_s: number): string {
  return new Date(time_s * 1000).toISOString().slice(0, 10);
}

/** m:ss, or h:mm:ss. */
export function spanText(span_s: number): string {
  const s = Math.max(0, Math.round(span_s));
  const h = Math.floor(s / 3600);
  return h ? `${h}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

/** 38°34.2′N 068°47.0′E */
export function placeText(lat: number, lon: number): string {
  const part = (v: number, digits: number, plus: string, minus: string): string => {
    const tenths = Math.round(Math.abs(v) * 600); // tenths of a minute, rounded once, so that 60.0′ never appears
    const deg = Math.floor(tenths / 600);
    const min = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
    return `${String(deg).padStart(digits, "0")}°${min}′${v < 0 ? minus : plus}`;
  };
  return `${part(lat, 2, "N", "S")} ${part(lon, 3, "E", "W")}`;
}

/** border_violation -> border violation */
export const plain = (word: string): string => word.replaceAll("_", " ").replaceAll("-", " ");
export const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
