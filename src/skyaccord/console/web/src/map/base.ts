// The ground: land, coasts, frontiers, names of countries, graticule. From Natural Earth by way of world-atlas, shipped with
// the page, so it is there without a network. Drawn again only when the view moves.

import type { Feature, FeatureCollection, MultiLineString, MultiPolygon, Polygon, Position } from "geojson";
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import worldUrl from "world-atlas/countries-50m.json?url";
import type { Projection, View } from "../projection";
import { COAST, COUNTRY_NAME, FRONTIER, GRATICULE, LAND, WATER } from "./colours";
import { FONT, Line, type Sheet, spacedText } from "./sheet";

const NEAR_DEG = 45; // what is farther from the scene's middle is left out

type World = Topology<{ countries: GeometryCollection<{ name: string }>; land: GeometryCollection }>;

export class Base {
  private land: Line[] = [];
  private coasts: Line[] = [];
  private frontiers: Line[] = [];
  private names: { text: string; x: number; y: number; size: number }[] = [];
  private graticule: Line[] = [];
  private world: World | null = null;
  private projection: Projection | null = null;

  /** Fetch the world once; the map lives without it until it is there, and if it never comes. */
  async load(): Promise<void> {
    this.world = (await (await fetch(worldUrl)).json()) as World;
    if (this.projection) this.lay(this.projection);
  }

  lay(projection: Projection): void {
    this.projection = projection;
    this.graticule = graticule(projection);
    const world = this.world;
    if (!world) return;
    const near = ([lon, lat]: Position): boolean =>
      Math.abs(lat! - projection.lat) < NEAR_DEG && Math.abs(((lon! - projection.lon + 540) % 360) - 180) < 1.4 * NEAR_DEG;
    const line = (ring: Position[]): Line => new Line(projection, ring.map(([lon, lat]) => [lat!, lon!] as const));
    const lines = (found: MultiLineString): Line[] => found.coordinates.filter((part) => part.some(near)).map(line);
    const countries = feature(world, world.objects.countries) as FeatureCollection<Polygon | MultiPolygon, { name: string }>;
    this.land = [];
    this.names = [];
    for (const country of countries.features) {
      const rings = polygons(country).filter(([outer]) => outer?.some(near));
      const outlines = rings.flat().map(line);
      this.land.push(...outlines);
      const name = nameOf(country.properties.name, rings.map(([outer]) => line(outer!)));
      if (name) this.names.push(name);
    }
    this.coasts = lines(mesh(world, world.objects.countries, (a, b) => a === b));
    this.frontiers = lines(mesh(world, world.objects.countries, (a, b) => a !== b));
  }

  draw(sheet: Sheet, view: View): void {
    const c = sheet.clear();
    c.fillStyle = WATER;
    c.fillRect(0, 0, view.width, view.height);
    c.lineJoin = "round";
    c.beginPath();
    for (const part of this.land) if (part.visible(view)) part.trace(c, view, true);
    c.fillStyle = LAND;
    c.fill("evenodd");
    stroke(c, view, this.graticule, GRATICULE, 1);
    stroke(c, view, this.coasts, COAST, 1);
    stroke(c, view, this.frontiers, "rgba(0, 0, 0, 0.45)", 3.5);
    stroke(c, view, this.frontiers, FRONTIER, 1.1);
    this.drawNames(c, view);
  }

  private drawNames(c: CanvasRenderingContext2D, view: View): void {
    c.fillStyle = COUNTRY_NAME;
    c.textBaseline = "middle";
    for (const { text, x, y, size } of this.names) {
      const pixels = size * view.scale;
      if (pixels < 60) continue;
      c.font = `500 ${pixels > 420 ? 13 : 11}px ${FONT}`;
      spacedText(c, text, view.x(x), view.y(y), "3px");
    }
  }
}

function stroke(c: CanvasRenderingContext2D, view: View, lines: Line[], colour: string, width: number): void {
  c.beginPath();
  for (const part of lines) if (part.visible(view)) part.trace(c, view);
  c.strokeStyle = colour;
  c.lineWidth = width;
  c.stroke();
}

function polygons(country: Feature<Polygon | MultiPolygon>): Position[][][] {
  return country.geometry.type === "Polygon" ? [country.geometry.coordinates] : country.geometry.coordinates;
}

/** The country's name at the middle of its largest part. */
function nameOf(text: string, outlines: Line[]): { text: string; x: number; y: number; size: number } | null {
  let best: { text: string; x: number; y: number; size: number } | null = null;
  let most = 0;
  for (const { xs, ys, x0, x1 } of outlines) {
    let area = 0;
    let sx = 0;
    let sy = 0;
    for (let k = 0; k < xs.length; k++) {
      const j = (k + 1) % xs.length;
      const cross = xs[k]! * ys[j]! - xs[j]! * ys[k]!;
      area += cross;
      sx += (xs[k]! + xs[j]!) * cross;
      sy += (ys[k]! + ys[j]!) * cross;
    }
    if (Math.abs(area) > most) {
      most = Math.abs(area);
      best = { text, x: sx / (3 * area), y: sy / (3 * area), size: x1 - x0 };
    }
  }
  return best;
}

function graticule(projection: Projection): Line[] {
  const lines: Line[] = [];
  const lat0 = Math.round(projection.lat);
  const lon0 = Math.round(projection.lon);
  const span = (from: number, to: number, step: number): number[] => Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, k) => from + k * step);
  for (const lat of span(Math.max(-85, lat0 - 30), Math.min(85, lat0 + 30), 1)) {
    if (Math.abs(lat - lat0) <= 8 || lat % 5 === 0) lines.push(new Line(projection, span(lon0 - 45, lon0 + 45, 1).map((lon) => [lat, lon] as const)));
  }
  for (const lon of span(lon0 - 45, lon0 + 45, 1)) {
    if (Math.abs(lon - lon0) <= 10 || lon % 5 === 0)
      lines.push(new Line(projection, span(Math.max(-85, lat0 - 30), Math.min(85, lat0 + 30), 1).map((lat) => [lat, lon] as const)));
  }
  return lines;
}
