// Chosen values of facets as EXPR, the language of filters (docs/archive.md). Values are an archive's, and so hostile.

/// The chosen values of each facet; null stands for images that have none.
export type Chosen = Readonly<Record<string, readonly (string | null)[]>>

const BARE = /^[^\s()"',=<>!~\\\x00-\x20\x7f]+$/u
// eslint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x1f\x7f]/u
const MAX_VALUE_BYTES = 1024

export function quote(value: string): string {
  return `"${value.replace(/["\\]/g, (c) => `\\${c}`)}"`
}

/// The field that a facet's values are of. A month is a date.
const FIELDS: Readonly<Record<string, string>> = { month: 'date' }

/// Of "key=value", as the facet "label" has it.
function splitLabel(value: string): [string, string] | undefined {
  const at = value.indexOf('=')
  if (at <= 0) return undefined
  return [value.slice(0, at), value.slice(at + 1)]
}

/// Whether a filter can say this value.
export function canChoose(facet: string, value: string | null): boolean {
  if (value === null) return facet !== 'label'
  if (CONTROL.test(value) || new TextEncoder().encode(value).length > MAX_VALUE_BYTES) return false
  if (facet === 'label') {
    const label = splitLabel(value)
    return label !== undefined && BARE.test(label[0])
  }
  return true
}

function condition(facet: string, value: string | null): string {
  const field = FIELDS[facet] ?? facet
  // What has no value fits no comparison.
  if (value === null) return field === 'date' ? 'not date>=0001' : `not ${field}~""`
  const label = facet === 'label' ? splitLabel(value) : undefined
  if (label) return `label.${label[0]}=${quote(label[1])}`
  return `${field}=${quote(value)}`
}

/// @param without  a facet whose own choice is left out, so that its other values keep their counts.
export function expression(chosen: Chosen, typed: string, without?: string): string {
  const parts: string[] = []
  for (const [facet, values] of Object.entries(chosen)) {
    if (facet === without || values.length === 0) continue
    const any = values.map((value) => condition(facet, value))
    parts.push(any.length === 1 ? any[0]! : `(${any.join(' or ')})`)
  }
  if (typed.trim() !== '') parts.push(parts.length === 0 ? typed.trim() : `(${typed.trim()})`)
  return parts.join(' and ')
}

export function toggle(chosen: Chosen, facet: string, value: string | null): Chosen {
  const now = chosen[facet] ?? []
  const next = now.includes(value) ? now.filter((one) => one !== value) : [...now, value]
  const { [facet]: _, ...others } = chosen
  return next.length === 0 ? others : { ...others, [facet]: next }
}
