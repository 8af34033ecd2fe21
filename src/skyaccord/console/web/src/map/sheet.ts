// One layer of the map: a canvas of its own, sharp on any screen, cleared and drawn when its turn comes.

import type { Projection, View } from "../projection";

export class Sheet {
  readonly canvas = document.createElement("canvas");
  readonly context = this.canvas.getContext("2d")!;
  width = 1;
  height = 1;
  ratio = 1;

  constructor(parent: HTMLElement, name: string) {
    this.canvas.className = `sheet ${name}`;
    this.canvas.setAttribute("aria-hidden", "true");
    parent.append(this.canvas);
  }

  resize(width: number, height: number, ratio: number): void {
    this.width = width;
    this.height = height;
    this.ratio = ratio;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
  }

  /** A clean sheet, in CSS pixels. */
  clear(): CanvasRenderingContext2D {
    const c = this.context;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, this.canvas.width, this.canvas.height);
    c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    return c;
  }
}

/** A line on the map: projected once, drawn under any view. */
export class Line {
  readonly xs: Float64Array;
  readonly ys: Float64Array;
  x0 = Infinity;
  y0 = Infinity;
  x1 = -Infinity;
  y1 = -Infinity;

  constructor(projection: Projection, places: readonly (readonly [lat: number, lon: number])[]) {
    this.xs = new Float64Array(places.length);
    this.ys = new Float64Array(places.length);
    places.forEach(([lat, lon], k) => {
      const [x, y] = projection.forward(lat, lon);
      this.xs[k] = x;
      this.ys[k] = y;
      if (x < this.x0) this.x0 = x;
      if (x > this.x1) this.x1 = x;
      if (y < this.y0) this.y0 = y;
      if (y > this.y1) this.y1 = y;
    });
  }

  visible(view: View, margin = 0): boolean {
    return (
      view.x(this.x1) >= -margin && view.x(this.x0) <= view.width + margin && view.y(this.y0) >= -margin && view.y(this.y1) <= view.height + margin
    );
  }

  /** Add it to the current path; steps below half a pixel are left out, places off the map break it. */
  trace(c: CanvasRenderingContext2D, view: View, close = false): void {
    let pen = false;
    let lastX = 0;
    let lastY = 0;
    for (let k = 0; k < this.xs.length; k++) {
      const x = view.x(this.xs[k]!);
      const y = view.y(this.ys[k]!);
      if (Number.isNaN(x)) {
        pen = false;
      } else if (!pen) {
        c.moveTo(x, y);
        pen = true;
        lastX = x;
        lastY = y;
      } else if (Math.abs(x - lastX) + Math.abs(y - lastY) > 0.5 || k === this.xs.length - 1) {
        c.lineTo(x, y);
        lastX = x;
        lastY = y;
      }
    }
    if (close) c.closePath();
  }
}

/** Text in small capitals with air between the letters, centred. */
export function spacedText(c: CanvasRenderingContext2D, text: string, x: number, y: number, spacing: string): void {
  c.letterSpacing = spacing;
  c.textAlign = "center";
  c.fillText(text.toUpperCase(), x, y);
  c.letterSpacing = "0px";
}

export const FONT = '"Inter Variable", Inter, system-ui, "Liberation Sans", sans-serif';
