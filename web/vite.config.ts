import license from 'rollup-plugin-license'
import type { PluginOption } from 'vite'
import { defineConfig } from 'vitest/config'

const dist = process.env['MI2_PAGE_DIST'] ?? 'dist'

export default defineConfig({
  base: './', // also behind a proxy that serves it below a path of its own
  build: {
    outDir: dist,
    emptyOutDir: true,
    assetsDir: '',
    assetsInlineLimit: 0, // the Content-Security-Policy lets no data: by
    modulePreload: false, // the bundle holds no code but ours and that of licences.txt
    target: 'es2022',
    reportCompressedSize: false,
  },
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  plugins: [license({ thirdParty: { output: { file: `${dist}/licences.txt` } } }) as PluginOption],
  // `npm run dev` beside a server: its address in MI2_SERVER.
  server: { proxy: { '^/(v1|info|openapi.json)': process.env['MI2_SERVER'] ?? 'http://127.0.0.1:5001' } },
  test: { include: ['test/**/*.test.ts'], pool: 'threads', poolOptions: { threads: { singleThread: true } } },
})
