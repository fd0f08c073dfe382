// What the reference shows of an OpenAPI document.

export interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly description?: string
}

export interface Operation {
  readonly method: string
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly description: string
  readonly parameters: readonly Parameter[]
  readonly example: string | null
  readonly statuses: readonly (readonly [string, string])[]
}

interface RawOperation {
  tags?: string[]
  summary?: string
  description?: string
  parameters?: (Parameter | { $ref: string })[]
  requestBody?: { content?: Record<string, { example?: unknown } | undefined> }
  responses?: Record<string, { description?: string }>
}

export interface Document {
  readonly paths: Record<string, Record<string, RawOperation>>
  readonly components?: { readonly parameters?: Record<string, Parameter> }
}

const METHODS = ['get', 'post', 'delete', 'put', 'patch']

export function operationsOf(document: Document): Operation[] {
  const known = document.components?.parameters ?? {}
  const resolve = (raw: Parameter | { $ref: string }): Parameter[] => {
    if (!('$ref' in raw)) return [raw]
    const found = known[raw.$ref.slice(raw.$ref.lastIndexOf('/') + 1)]
    return found === undefined ? [] : [found]
  }
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, raw]) => {
        const example = raw.requestBody?.content?.['application/json']?.example
        return {
          method: method.toUpperCase(),
          path,
          tag: raw.tags?.[0] ?? '',
          summary: raw.summary ?? '',
          description: raw.description ?? '',
          parameters: (raw.parameters ?? []).flatMap(resolve),
          example: raw.requestBody === undefined ? null : example === undefined ? '' : JSON.stringify(example, null, 2),
          statuses: Object.entries(raw.responses ?? {}).map(([status, { description }]) => [status, description ?? ''] as const),
        }
      }),
  )
}

/// The address of an operation with these values; one in the path stays one segment whatever it holds.
export function address(operation: Operation, values: Readonly<Record<string, string>>): string {
  const path = operation.path.replace(/\{([^}]+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''))
  const query = new URLSearchParams()
  for (const { name, in: place } of operation.parameters) {
    const value = values[name]
    if (place === 'query' && value !== undefined && value !== '') query.append(name, value)
  }
  const text = query.toString()
  return text === '' ? path : `${path}?${text}`
}
