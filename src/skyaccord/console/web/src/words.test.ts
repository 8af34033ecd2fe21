import { expect, it } from "vitest";
import { clockText, flightLevel, hexAddress, knots, octal, placeText, spanText } from "./words";

it("speaks as the field does", () => {
  expect(knots(231.5)).toBe(450);
  expect(flightLevel(10_668)).toBe("FL350");
  expect(flightLevel(914.4)).toBe("FL030");
  expect(octal(0o7700)).toBe("7700");
  expect(octal(0o21)).toBe("0021");
  expect(hexAddress(0x0501c7)).toBe("0501C7");
  expect(placeText(38.57, 68.7833)).toBe("38°34.2′N 068°47.0′E");
  expect(placeText(-0.99999, -10)).toBe("01°00.0′S 010°00.0′W");
  expect(clockText(1_808_150_400)).toBe("16:00:00");
  expect(spanText(65.4)).toBe("1:05");
  expect(spanText(3725)).toBe("1:02:05");
});
