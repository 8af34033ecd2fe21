// What the agreement draws on the ground: areas with their names, and what each sensor can see at its heights.

import type { Projection, View } from "../projection";
import type { Scene, Sensor } from "../said";
import { AMBER, DIM, partyColour, WATER } from "./colours";
import { FONT, Line, type Sheet } from "./sheet";

const RING_LABEL_PX = 130; // a smaller ring has no room for its height

interface Drawn {
  areas: { line: Line; name: string; territory: boolean }[];
  sensors: { at: Line; rings: { line: Line; height_m: number }[]; sensor: Sensor; party: number }[];
}

export class Areas {
  private drawn: Drawn = { areas: [], sensors: [] };
  showRings = true;

  lay(projection: Projection, scene: Scene): void {
    const order = scene.parties.map((party) => party.id);
    this.drawn = {
      areas: scene.areas.map((area) => ({ name: area.name, line: new Line(projection, area.ring), territory: area.territory_of !== "" })),
      sensors: scene.sensors.map((sensor) => ({
        at: new Line(projection, [[sensor.lat, sensor.lon]]),
        rings: sensor.rings.map((ring) => ({ height_m: ring.height_m, line: new Line(projection, ring.points) })),
        sensor,
        party: order.indexOf(sensor.party),
      })),
    };
  }

  /** What a first look should hold: areas and sensors; without areas, what the sensors reach. */
  lines(): Line[] {
    const reach = this.drawn.areas.length ? [] : this.drawn.sensors.flatMap((s) => s.rings.map((ring) => ring.line));
    return [...this.drawn.areas.map((a) => a.line), ...this.drawn.sensors.map((s) => s.at), ...reach];
  }

  draw(sheet: Sheet, view: View): void {
    const c = sheet.clear();
    c.lineJoin = "round";
    for (const area of this.drawn.areas) this.drawArea(c, view, area);
    if (this.showRings) for (const site of this.drawn.sensors) this.drawRings(c, view, site);
    for (const site of this.drawn.sensors) this.drawSite(c, view, site);
  }

  private drawArea(c: CanvasRenderingContext2D, view: View, area: Drawn["areas"][number]): void {
    if (!area.line.visible(view)) return;
    const colour = area.territory ? AMBER : "#8ea9c4";
    c.beginPath();
    area.line.trace(c, view, true);
    c.fillStyle = colour + "0b";
    c.fill();
    c.save(); // a soft band inside the edge, as on paper maps
    c.clip();
    c.strokeStyle = colour + "1c";
    c.lineWidth = 12;
    c.stroke();
    c.restore();
    c.strokeStyle = colour + "b0";
    c.lineWidth = 1.4;
    c.setLineDash(area.territory ? [9, 4, 2, 4] : [4, 5]);
    c.stroke();
    c.setLineDash([]);
    this.drawAreaName(c, view, area, colour);
  }

  private drawAreaName(c: CanvasRenderingContext2D, view: View, area: Drawn["areas"][number], colour: string): void {
    const { xs, ys } = area.line;
    let top = 0;
    for (let k = 1; k < ys.length; k++) if ((area.territory ? ys[k]! > ys[top]! : ys[k]! < ys[top]!)) top = k;
    const x = view.x(xs[top]!);
    const y = view.y(ys[top]!) + (area.territory ? -10 : 15);
    c.font = `600 11px ${FONT}`;
    c.textAlign = "center";
    c.textBaseline = "middle";
    haloed(c, area.name, x, y, colour);
  }

  private drawRings(c: CanvasRenderingContext2D, view: View, { rings, sensor, party }: Drawn["sensors"][number]): void {
    const colour = sensor.alive ? partyColour(Math.max(0, party)) : "#7d8790";
    const highest = Math.max(...rings.map((ring) => ring.height_m));
    for (const { line, height_m } of rings) {
      if (!line.visible(view)) continue;
      c.beginPath();
      line.trace(c, view, true);
      c.strokeStyle = colour + (height_m === highest ? "66" : "3d");
      c.lineWidth = 1;
      c.setLineDash(sensor.alive ? [] : [2, 6]);
      c.stroke();
      c.setLineDash([]);
      if (sensor.alive && (line.x1 - line.x0) * view.scale > RING_LABEL_PX) this.drawHeight(c, view, line, height_m, colour);
    }
  }

  private drawHeight(c: CanvasRenderingContext2D, view: View, line: Line, height_m: number, colour: string): void {
    let west = 0; // where few labels are: each ring carries its height at its westernmost point
    for (let k = 1; k < line.xs.length; k++) if (line.xs[k]! < line.xs[west]!) west = k;
    c.font = `500 9.5px ${FONT}`;
    c.textAlign = "center";
    c.textBaseline = "middle";
    haloed(c, `${height_m / 1000} km`, view.x(line.xs[west]!), view.y(line.ys[west]!), colour + "b0");
  }

  private drawSite(c: CanvasRenderingContext2D, view: View, { at, sensor, party }: Drawn["sensors"][number]): void {
    const x = view.x(at.xs[0]!);
    const y = view.y(at.ys[0]!);
    const colour = sensor.alive ? partyColour(Math.max(0, party)) : "#9aa4ad";
    c.strokeStyle = WATER;
    c.lineWidth = 3;
    c.fillStyle = colour;
    c.beginPath();
    c.moveTo(x, y - 6);
    c.lineTo(x + 5.5, y + 4.5);
    c.lineTo(x - 5.5, y + 4.5);
    c.closePath();
    c.stroke();
    c.fill();
    c.font = `600 10.5px ${FONT}`;
    c.textAlign = "center";
    c.textBaseline = "middle";
    haloed(c, sensor.alive ? sensor.name : `${sensor.name} · silent`, x, y + 15, sensor.alive ? colour : DIM);
    if (!sensor.alive) {
      c.strokeStyle = "#ff6b5e";
      c.lineWidth = 1.8;
      c.beginPath();
      c.moveTo(x - 7, y - 7);
      c.lineTo(x + 7, y + 6);
      c.stroke();
    }
  }

  /** Screen boxes of what is written here, so that track labels keep off. */
  boxes(view: View): [x0: number, y0: number, x1: number, y1: number][] {
    return this.drawn.sensors.map(({ at, sensor }) => {
      const x = view.x(at.xs[0]!);
      const y = view.y(at.ys[0]!);
      const half = Math.max(8, 3 * sensor.name.length);
      return [x - half, y - 7, x + half, y + 21];
    });
  }
}

export function haloed(c: CanvasRenderingContext2D, text: string, x: number, y: number, colour: string): void {
  c.strokeStyle = "rgba(8, 12, 17, 0.85)";
  c.lineWidth = 3;
  c.lineJoin = "round";
  c.strokeText(text, x, y);
  c.fillStyle = colour;
  c.fillText(text, x, y);
}
