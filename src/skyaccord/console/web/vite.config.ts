import { defineConfig } from "vite";

// The page is built into the package, so that whoever runs Skyaccord needs no Node.
export default defineConfig({
  base: "./",
  build: {
    outDir: "../static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
  },
  server: { proxy: { "/ws": { target: "ws://127.0.0.1:8470", ws: true } } },
});
