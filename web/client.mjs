// Types of what the page asks, from the server's own document.  node client.mjs openapi.json schema.d.ts
// Other routes are left out: whoever changes those has nothing to do here.
import { readFileSync, writeFileSync } from 'node:fs'
import openapiTS, { astToString } from 'openapi-typescript'

const [from, to] = process.argv.slice(2)
const document = JSON.parse(readFileSync(from, 'utf8'))
const paths = Object.fromEntries(Object.entries(document.paths).filter(([path]) => path.startsWith('/v1/archives')))

/// What is referred to, and what that refers to.
const components = {}
function gather(value) {
  for (const [, kind, name] of JSON.stringify(value).matchAll(/"#\/components\/(\w+)\/(\w+)"/g)) {
    if (components[kind]?.[name] !== undefined) continue
    components[kind] = { ...components[kind], [name]: document.components[kind][name] }
    gather(components[kind][name])
  }
}
gather(paths)
writeFileSync(to, `// Made by client.mjs.\n${astToString(await openapiTS({ ...document, paths, components, security: [] }))}`)
