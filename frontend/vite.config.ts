import preact from "@preact/preset-vite";
import { defineConfig } from "vitest/config";

// Where `npm run dev` finds the server; `kiro2chat serve --demo` listens there.
const server = process.env.KIRO2CHAT_URL ?? "http://127.0.0.1:8000";
const proxied = ["/v1", "/api", "/health", "/metrics"];

export default defineConfig({
  root: import.meta.dirname,
  plugins: [preact({ reactAliasesEnabled: false })],
  // The dev server's own origin would be foreign to the gateway: the proxy says it is the gateway's.
  server: {
    proxy: Object.fromEntries(
      proxied.map((path) => [path, { target: server, changeOrigin: true, headers: { origin: server } }]),
    ),
  },
  build: {
    outDir: "../functions/kiro2chat_functions/static",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0, // the policy of the page allows no data: but for images
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 300,
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    testTimeout: 60_000, // machines for tests are slow at times
    restoreMocks: true,
  },
});
