// Standard symbols, each drawn once by milsymbol for an identity, a class and a status, and from then on only copied. One small
// bitmap a symbol, not one atlas for all: without a GPU Chromium copies 10,000 in 36 ms from small bitmaps, 76 to 114 from an atlas.

import ms from "milsymbol";
import { COASTED } from "../words";
import { darker, IDENTITY_COLOURS } from "./colours";

// APP-6D symbol sets and entities by words.AirClass: unclassified, airliner, aircraft, drone, missile.
const ENTITIES = ["01|000000", "01|120100", "01|110100", "01|110300", "02|110000"];
const CELL = 44; // CSS pixels a side at size 1; every symbol is smaller
const SIZES = [1, 0.8, 0.55]; // drawn to measure: a copy that scales costs twice as much

/** The size of symbols for so many on the screen. */
export const sizeFor = (visible: number): number => (visible > 2000 ? 2 : visible > 500 ? 1 : 0);

/** The 20 digits of APP-6D for an identity, a class and a status. */
export function sidc(identity: number, airClass: number, status: number): string {
  const [set, entity] = (ENTITIES[airClass] ?? ENTITIES[0]!).split("|");
  return `100${identity}${set}${status === COASTED ? 1 : 0}000${entity}0000`;
}

export class Symbols {
  private readonly bitmaps = new Map<number, ImageBitmap>();
  private ratio = window.devicePixelRatio || 1;

  clear(ratio: number): void {
    this.ratio = ratio;
    this.bitmaps.clear();
  }

  /** Copy the symbol to a place (CSS pixels) of a context that is already scaled by the device's ratio. */
  draw(target: CanvasRenderingContext2D, identity: number, airClass: number, status: number, x: number, y: number, size = 0): void {
    const key = (size << 12) | (identity << 8) | (airClass << 4) | status;
    let bitmap = this.bitmaps.get(key);
    if (!bitmap) this.bitmaps.set(key, (bitmap = this.make(identity, airClass, status, SIZES[size] ?? 1)));
    const shown = bitmap.width / this.ratio;
    const left = Math.round((x - shown / 2) * this.ratio) / this.ratio; // on whole device pixels, so that nothing is resampled
    const top = Math.round((y - shown / 2) * this.ratio) / this.ratio;
    target.drawImage(bitmap, left, top, shown, shown);
  }

  private make(identity: number, airClass: number, status: number, size: number): ImageBitmap {
    const colour = IDENTITY_COLOURS[identity] ?? IDENTITY_COLOURS[1]!;
    const symbol = new ms.Symbol(sidc(identity, airClass, status), {
      size: 19 * this.ratio * size,
      fill: true,
      fillOpacity: 0.88,
      fillColor: darker(colour, 0.2, 10),
      monoColor: "",
      frameColor: every(colour),
      iconColor: every(colour),
      strokeWidth: 7,
      outlineColor: "rgba(6, 10, 14, 0.75)",
      outlineWidth: 5,
    } as never);
    const anchor = symbol.getOctagonAnchor();
    const side = Math.ceil(CELL * size * this.ratio);
    const cell = new OffscreenCanvas(side, side);
    cell.getContext("2d")!.drawImage(symbol.asCanvas(), side / 2 - anchor.x, side / 2 - anchor.y);
    return cell.transferToImageBitmap();
  }

  /** The symbol alone, for a panel. */
  picture(identity: number, airClass: number, status: number, side: number): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = Math.ceil(side * this.ratio);
    canvas.style.width = canvas.style.height = `${side}px`;
    const context = canvas.getContext("2d")!;
    context.scale((this.ratio * side) / CELL, (this.ratio * side) / CELL);
    this.draw(context, identity, airClass, status, CELL / 2, CELL / 2);
    return canvas;
  }
}

const every = (colour: string) => ({ Civilian: colour, Friend: colour, Hostile: colour, Neutral: colour, Unknown: colour, Suspect: colour });
