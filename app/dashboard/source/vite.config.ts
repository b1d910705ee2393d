import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";

/** What is shipped of others' work comes with their licences. */
const SHIPPED = ["preact", "@preact/signals", "@preact/signals-core", "graphql-ws", "@fontsource-variable/inter"];

function licences(): Plugin {
  return {
    name: "licences",
    generateBundle() {
      const texts = SHIPPED.map((name) => {
        const folder = join(import.meta.dirname, "node_modules", name);
        const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
        const file = name === "graphql-ws" ? "LICENSE.md" : "LICENSE";
        return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
      });
      this.emitFile({ type: "asset", fileName: "LICENSES.txt", source: texts.join(`\n${"-".repeat(80)}\n\n`) });
    },
  };
}

export default defineConfig({
  base: "/",
  plugins: [licences()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../built",
    emptyOutDir: true,
    assetsDir: "dashboard",
    // One style sheet: a page that is first opened while the network comes back is never without its own.
    cssCodeSplit: false,
    target: "es2022",
    modulePreload: { polyfill: false },
    // A data: address would need a hole in the content security policy.
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
  server: { proxy: { "/graphql": { target: process.env["OFFHOOK_URL"] ?? "http://127.0.0.1:8000", ws: true } } },
});
