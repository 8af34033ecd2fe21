import { describe, expect, it } from "vitest";
import { Projection, RADIUS_M, View, roundLength } from "./projection";

const RAD = Math.PI / 180;
function haversine(a: [number, number], b: [number, number]): number {
  const h = Math.sin(((b[0] - a[0]) * RAD) / 2) ** 2 + Math.cos(a[0] * RAD) * Math.cos(b[0] * RAD) * Math.sin(((b[1] - a[1]) * RAD) / 2) ** 2;
  return 2 * RADIUS_M * Math.asin(Math.sqrt(h));
}

describe("the projection", () => {
  const projection = new Projection(38.5, 70.5);

  it("comes back to where it started", () => {
    for (const [lat, lon] of [[38.5, 70.5], [36, 66], [41.2, 75.1], [-10, 100], [60, -20]] as const) {
      const back = projection.inverse(...projection.forward(lat, lon));
      expect(back[0]).toBeCloseTo(lat, 9);
      expect(back[1]).toBeCloseTo(lon, 9);
    }
  });

  it("keeps a radar's ring round, and true in length near the middle", () => {
    const centre = projection.forward(38.5, 70.5);
    for (const place of [[39.5, 70.5], [38.4, 71.8], [37.6, 69.9]] as [number, number][]) {
      const [x, y] = projection.forward(...place);
      expect(Math.hypot(x - centre[0], y - centre[1]) / haversine([38.5, 70.5], place)).toBeCloseTo(1, 3);
    }
  });

  it("keeps angles: a small step east is square to a small step north", () => {
    const at = projection.forward(41, 76);
    const north = projection.forward(41.001, 76);
    const east = projection.forward(41, 76.001);
    const dot = (north[0] - at[0]) * (east[0] - at[0]) + (north[1] - at[1]) * (east[1] - at[1]);
    expect(Math.abs(dot) / (Math.hypot(north[0] - at[0], north[1] - at[1]) * Math.hypot(east[0] - at[0], east[1] - at[1]))).toBeLessThan(1e-4);
    expect(projection.local(41, 76).turn).toBeCloseTo(Math.atan2(north[0] - at[0], north[1] - at[1]), 6);
  });

  it("has no place for the far side of the world", () => {
    expect(projection.forward(-38.5, -109.5)[0]).toBeNaN();
  });
});

describe("the view", () => {
  it("keeps the place under the pointer when it zooms", () => {
    const view = new View();
    Object.assign(view, { width: 800, height: 600, cx: 5000, cy: -2000 });
    const before = [view.mapX(123), view.mapY(456)];
    view.zoom(3.7, 123, 456);
    expect(view.mapX(123)).toBeCloseTo(before[0]!, 6);
    expect(view.mapY(456)).toBeCloseTo(before[1]!, 6);
  });

  it("fits a box into what the panels leave free", () => {
    const view = new View();
    Object.assign(view, { width: 1000, height: 700, inset: { left: 10, right: 300, top: 60, bottom: 40 } });
    view.fit({ x0: -200_000, y0: -100_000, x1: 300_000, y1: 250_000 });
    expect(view.x(-200_000)).toBeGreaterThanOrEqual(9.99);
    expect(view.x(300_000)).toBeLessThanOrEqual(700.01);
    expect(view.y(250_000)).toBeGreaterThanOrEqual(59.99);
    expect(view.y(-100_000)).toBeLessThanOrEqual(660.01);
  });

  it("finds round lengths for the scale bar", () => {
    expect([roundLength(99_000), roundLength(50_000), roundLength(499), roundLength(7)]).toEqual([50_000, 50_000, 200, 5]);
  });
});
