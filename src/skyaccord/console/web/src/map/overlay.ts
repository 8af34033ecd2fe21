// On top of all: what is selected, what is hovered, and where and when an alert's crossing will be.

import type { Night } from "../night";
import type { Projection, View } from "../projection";
import type { Alert } from "../said";
import { spanText } from "../words";
import { haloed } from "./areas";
import { AMBER, severityColour } from "./colours";
import { FONT, type Sheet } from "./sheet";
import type { Tracks } from "./tracks";

export class Overlay {
  hovered = -1;

  draw(sheet: Sheet, view: View, projection: Projection, tracks: Tracks, night: Night, time_s: number): void {
    const c = sheet.clear();
    const rows = rowsByNumber(tracks);
    const twins = night.twins();
    for (const alert of night.alerts) if (alert.state !== "closed" && !twins.has(alert.id)) this.drawAlert(c, view, projection, tracks, rows.get(night.trackOf(alert)), alert, time_s);
    const hovered = rows.get(this.hovered);
    if (hovered !== undefined) ring(c, tracks.sx[hovered]!, tracks.sy[hovered]!, "rgba(230, 238, 245, 0.5)", 19);
    const selected = rows.get(night.selected);
    if (selected !== undefined) brackets(c, tracks.sx[selected]!, tracks.sy[selected]!);
  }

  private drawAlert(
    c: CanvasRenderingContext2D,
    view: View,
    projection: Projection,
    tracks: Tracks,
    row: number | undefined,
    alert: Alert,
    time_s: number,
  ): void {
    const colour = severityColour(alert.severity);
    if (row !== undefined) {
      c.setLineDash([3, 4]);
      ring(c, tracks.sx[row]!, tracks.sy[row]!, colour, 22);
      c.setLineDash([]);
    }
    if (alert.event_lat_rad === null || alert.event_lon_rad === null) return;
    const [mx, my] = projection.forward((alert.event_lat_rad * 180) / Math.PI, (alert.event_lon_rad * 180) / Math.PI);
    const x = view.x(mx);
    const y = view.y(my);
    const left = alert.event_time_s === null ? NaN : alert.event_time_s - time_s;
    if (row !== undefined && left > 0) {
      c.strokeStyle = colour + "aa";
      c.lineWidth = 1.2;
      c.setLineDash([6, 5]);
      c.beginPath();
      c.moveTo(tracks.sx[row]!, tracks.sy[row]!);
      c.lineTo(x, y);
      c.stroke();
      c.setLineDash([]);
    }
    const spread = Math.max(7, (alert.event_sigma_s ?? 0) * alert.speed_mps * view.scale);
    if (left > 0) ring(c, x, y, colour + "88", spread);
    c.strokeStyle = colour;
    c.lineWidth = 2;
    c.beginPath();
    c.moveTo(x - 4.5, y - 4.5);
    c.lineTo(x + 4.5, y + 4.5);
    c.moveTo(x + 4.5, y - 4.5);
    c.lineTo(x - 4.5, y + 4.5);
    c.stroke();
    if (Number.isNaN(left) || left < -120) return;
    c.font = `700 11px ${FONT}`;
    c.textAlign = "left";
    c.textBaseline = "middle";
    haloed(c, left > 0 ? `crossing in ${spanText(left)}` : `crossed ${spanText(-left)} ago`, x + Math.max(10, spread + 4), y, colour);
  }

  /** Boxes that labels should keep off. */
  boxes(view: View, projection: Projection, alerts: Alert[]): [number, number, number, number][] {
    return alerts.flatMap((alert) => {
      if (alert.event_lat_rad === null || alert.event_lon_rad === null || alert.state === "closed") return [];
      const [mx, my] = projection.forward((alert.event_lat_rad * 180) / Math.PI, (alert.event_lon_rad * 180) / Math.PI);
      return [[view.x(mx) - 8, view.y(my) - 9, view.x(mx) + 120, view.y(my) + 9] as [number, number, number, number]];
    });
  }
}

function rowsByNumber(tracks: Tracks): Map<number, number> {
  const rows = new Map<number, number>();
  tracks.frame?.tracks.number.forEach((number, k) => rows.set(number, k));
  return rows;
}

function ring(c: CanvasRenderingContext2D, x: number, y: number, colour: string, radius: number): void {
  c.strokeStyle = colour;
  c.lineWidth = 1.4;
  c.beginPath();
  c.arc(x, y, radius, 0, 2 * Math.PI);
  c.stroke();
}

function brackets(c: CanvasRenderingContext2D, x: number, y: number): void {
  const far = 19;
  const arm = 7;
  c.strokeStyle = AMBER;
  c.lineWidth = 2;
  c.beginPath();
  for (const [sx, sy] of [[-1, -1], [1, -1], [1, 1], [-1, 1]] as const) {
    c.moveTo(x + sx * far, y + sy * (far - arm));
    c.lineTo(x + sx * far, y + sy * far);
    c.lineTo(x + sx * (far - arm), y + sy * far);
  }
  c.stroke();
}
