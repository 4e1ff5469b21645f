import { afterEach, expect, it, vi } from "vitest";

import { devices, unavailable } from "./devices";

afterEach(() => void vi.unstubAllGlobals());

function browser(secure: boolean, mediaDevices?: object) {
  vi.stubGlobal("isSecureContext", secure);
  vi.stubGlobal("navigator", { mediaDevices });
  vi.stubGlobal("location", { port: "8734" });
}

it("a page that is not from a secure place is told where to open it", () => {
  browser(false);
  expect(unavailable()).toMatch(/http:\/\/localhost:8734 .*--ssl-certfile/);
});

it("a browser without devices is told apart from that", () => {
  browser(true);
  expect(unavailable()).toMatch(/This browser gives pages no camera/);
  browser(true, {});
  expect(unavailable()).toBeNull();
});

it("devices have names before the browser tells them, and those it hides are left out", async () => {
  const found = [
    { kind: "videoinput", deviceId: "a", label: "" },
    { kind: "audioinput", deviceId: "b", label: "Headset" },
    { kind: "videoinput", deviceId: "", label: "" },
  ];
  browser(true, { enumerateDevices: () => Promise.resolve(found) });
  expect(await devices("camera")).toEqual([{ id: "a", name: "Camera 1" }]);
  expect(await devices("microphone")).toEqual([{ id: "b", name: "Headset" }]);
});
