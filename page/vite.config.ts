import { defineConfig } from "vite";

// `mien serve` answers what is no part of the page
const server = process.env.MIEN_SERVER ?? "http://127.0.0.1:8734";
const proxied = Object.fromEntries(
  ["/v0", "/mien", "/healthz", "/docs", "/openapi.json"].map((path) => [path, { target: server, ws: true }]),
);

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"], // which know light-dark()
    // the Content-Security-Policy allows files alone: nothing is put into the HTML, the CSS or the scripts
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: "licenses.md" }, // MIT wants its text to go along with what is bundled
  },
  server: { proxy: proxied },
});
