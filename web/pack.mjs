// The built page as one file for the program: a line per file, "NAME SIZE GZIP_SIZE TYPE", an empty line, and the files
// compressed, one behind another. src/page/page.cpp reads it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const TYPES = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
}

const dist = process.env.MI2_PAGE_DIST ?? 'dist'
const files = readdirSync(dist).sort().map((name) => {
  const type = TYPES[name.split('.').pop()]
  if (!type || /[^\w.-]/.test(name)) throw new Error(`pack: expected a file of the page, got '${name}'`)
  const bytes = readFileSync(join(dist, name))
  return { name, type, size: bytes.length, gzip: gzipSync(bytes, { level: 9 }) }
})
const table = files.map((file) => `${file.name} ${file.size} ${file.gzip.length} ${file.type}\n`).join('')
const packed = Buffer.concat([Buffer.from(`${table}\n`), ...files.map((file) => file.gzip)])
writeFileSync(process.env.MI2_PAGE_FILES ?? join(dist, '..', 'page.bin'), packed)
console.log(`page: ${files.length} files, ${packed.length} bytes compressed`)
