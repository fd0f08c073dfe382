// The server as this page asks it: with the key of this tab, never from a cache, and with failures told apart.
import createClient from 'openapi-fetch'
import { Failure } from './failure'
import type { components, operations, paths } from './schema'

type Schemas = components['schemas']
export type Archive = Schemas['Archive']
export type Facets = Schemas['Facets']
export type Results = Schemas['ArchiveResults']
export type Result = Schemas['ArchiveResult']
export type ItemFacts = Schemas['ArchiveItem']
export type Legend = Schemas['MapLegend']
export type Outliers = Schemas['Outliers']
export type Drift = Schemas['Drift']
export type Tags = Schemas['Tags']
export type Dups = Schemas['Dups']
export type Card = Schemas['EvidenceCard']
export type CardBody = Schemas['CardRequest']
export type Replay = Schemas['Replay']
export type PushBody = Schemas['PushRequest']
export type Pushed = Schemas['Pushed']
export type ClassifyBody = Schemas['ClassifyRequest']
export type Classified = Schemas['Classified']
export type TrainBody = Schemas['TrainRequest']
export type Head = Schemas['Head']
export type HeadInShort = Schemas['HeadInShort']
export type HeadReport = Schemas['HeadReport']
export type HeadFigure = Schemas['HeadFigure']
export type ApplyBody = Schemas['ApplyRequest']
export type Applied = Schemas['Applied']
export type HeadFile = 'adapter.json' | 'adapter.safetensors'
export type Study = Schemas['Study']
export type AuditEntry = Schemas['AuditEntry']
export type AuditList = Schemas['AuditList']
export type AuditQuery = NonNullable<operations['archive_audit']['parameters']['query']>
export type MapQuery = NonNullable<operations['archive_map']['parameters']['query']>
export type PixelsQuery = NonNullable<operations['archive_pixels']['parameters']['query']>
export type MatchesQuery = operations['archive_matches']['parameters']['query']
export type LegendQuery = NonNullable<operations['archive_map_legend']['parameters']['query']>

/// The server's address: the page is in its folder ui/.
export const ROOT = new URL('..', document.baseURI).href.replace(/\/$/, '')

const KEY = 'mi2-key'

/// A key is kept for as long as the tab, and sent in a header alone.
export const keyring = {
  get: (): string | null => sessionStorage.getItem(KEY),
  set: (key: string): void => sessionStorage.setItem(KEY, key),
  forget: (): void => sessionStorage.removeItem(KEY),
}

export function withKey(headers: Headers): Headers {
  const key = keyring.get()
  if (key !== null) headers.set('authorization', `Bearer ${key}`)
  return headers
}

const client = createClient<paths>({ baseUrl: ROOT, cache: 'no-store', credentials: 'same-origin' })
client.use({
  onRequest: ({ request }) => {
    withKey(request.headers)
    return request
  },
})

/// Of any protocol's form of an error.
function messageOf(error: unknown, status: number): string {
  const inner: unknown = typeof error === 'object' && error !== null && 'error' in error ? error.error : error
  if (typeof inner === 'object' && inner !== null && 'message' in inner) return String(inner.message)
  return `status ${status}`
}

async function answered<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let answer
  try {
    answer = await asked
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Failure('gone', '')
  }
  const { status } = answer.response
  if (answer.response.ok && answer.data !== undefined) return answer.data
  const message = messageOf(answer.error, status)
  if (status === 401) throw new Failure('key', message, status)
  if (status === 429 || status === 503) throw new Failure('busy', message, status)
  if (status === 502 || status === 504) throw new Failure('gone', message, status) // a proxy whose server is away
  throw new Failure('refused', message, status)
}

/// An image from its file, and what the server says of it.
async function pixels(archive: string, item: number, query: PixelsQuery, signal: AbortSignal): Promise<{ blob: Blob; headers: Headers }> {
  const asked = client.GET('/v1/archives/{archive}/items/{item}/pixels', { params: { path: { archive, item }, query }, signal, parseAs: 'blob' })
  const blob = await answered<Blob>(asked)
  return { blob, headers: (await asked).response.headers }
}

/// Where in an image a query is, as look/heat.ts reads it.
function heatmap(archive: string, item: number, body: Schemas['StudyQuery'], signal: AbortSignal): Promise<unknown> {
  const ask = async (): Promise<{ data?: unknown; error?: unknown; response: Response }> => {
    const response = await fetch(`${ROOT}/v1/archives/${encodeURIComponent(archive)}/items/${item}/heatmap`, {
      method: 'POST', headers: withKey(new Headers({ 'content-type': 'application/json' })), body: JSON.stringify(body), signal,
      cache: 'no-store', credentials: 'same-origin',
    })
    const told: unknown = await response.json().catch(() => undefined)
    return response.ok ? { data: told, response } : { error: told, response }
  }
  return answered<unknown>(ask())
}

/// The thumbnail of an item that says it has one; null: it has none any more.
async function thumbnail(archive: string, item: number, signal: AbortSignal): Promise<Blob | null> {
  const params = { path: { archive, item } }
  const { data, response } = await client.GET('/v1/archives/{archive}/items/{item}/thumb', { params, signal, parseAs: 'blob' })
  return response.ok && data !== undefined ? data : null
}

/// A card's text, byte by byte: its id is that of its bytes.
const cardPath = '/v1/archives/{archive}/cards/{card}'

export const api = {
  thumbnail,
  pixels,
  heatmap,
  study: (archive: string, study: string, signal: AbortSignal) =>
    answered(client.GET('/v1/archives/{archive}/studies/{study}', { params: { path: { archive, study } }, signal })),
  similarity: (archive: string, study: string, body: Schemas['StudyQuery'], signal: AbortSignal) =>
    answered(client.POST('/v1/archives/{archive}/studies/{study}/similarity', { params: { path: { archive, study } }, body, signal })),
  matches: (archive: string, study: string, query: MatchesQuery, signal: AbortSignal) =>
    answered(client.GET('/v1/archives/{archive}/studies/{study}/matches', { params: { path: { archive, study }, query }, signal })),
  archives: (signal: AbortSignal) => answered(client.GET('/v1/archives', { signal })),
  archive: (archive: string, signal: AbortSignal) =>
    answered(client.GET('/v1/archives/{archive}', { params: { path: { archive } }, signal })),
  facets: (archive: string, where: string, signal: AbortSignal) =>
    answered(
      client.GET('/v1/archives/{archive}/facets', {
        params: { path: { archive }, query: where === '' ? {} : { where } },
        signal,
      }),
    ),
  search: (archive: string, body: Schemas['ArchiveSearch'], signal: AbortSignal) =>
    answered(client.POST('/v1/archives/{archive}/search', { params: { path: { archive } }, body, signal })),
  makeCard: (archive: string, body: CardBody, signal: AbortSignal) =>
    answered(client.POST('/v1/archives/{archive}/cards', { params: { path: { archive } }, body, signal, parseAs: 'text' })),
  card: (archive: string, card: string, signal: AbortSignal) =>
    answered(client.GET(cardPath, { params: { path: { archive, card } }, signal, parseAs: 'text' })),
  cardPage: (archive: string, card: string, signal: AbortSignal) =>
    answered(client.GET(cardPath, { params: { path: { archive, card: `${card}.html` } }, signal, parseAs: 'text' })),
  /// @param text  of a card, as the server gave it.
  replay: (archive: string, text: string, signal: AbortSignal) =>
    answered(client.POST('/v1/archives/{archive}/replay', {
      params: { path: { archive } }, body: JSON.parse(text) as Card, bodySerializer: () => text, signal,
    })),
  push: (archive: string, card: string, body: PushBody, signal: AbortSignal) =>
    answered(client.POST('/v1/archives/{archive}/cards/{card}/push', { params: { path: { archive, card } }, body, signal })),
  pushTags: (archive: string, body: Schemas['PushTagsRequest'], signal: AbortSignal) =>
    answered(client.POST('/v1/archives/{archive}/tags/push', { params: { path: { archive } }, body, signal })),
  refused: (archive: string, limit: number, signal: AbortSignal) =>
    answered(client.GET('/v1/archives/{archive}/refused', { params: { path: { archive }, query: { limit } }, signal })),
  classify: (archive: string, body: ClassifyBody, signal: AbortSignal) =>
    answered(client.POST('/v1/archives/{archive}/classify', { params: { path: { archive } }, body, signal })),
  heads: (archive: string, signal: AbortSignal) =>
    answered(client.GET('/v1/archives/{archive}/heads', { params: { path: { archive } }, signal })),
  trainHead: (archive: string, body: TrainBody, signal: AbortSignal) =>
    answered(client.POST('/v1/archives/{archive}/heads', { params: { path: { archive } }, body, signal })),
  head: (archive: string, head: string, signal: AbortSignal) =>
    answered(client.GET('/v1/archives/{archive}/heads/{head}', { params: { path: { archive, head } }, signal })),
  removeHead: (archive: string, head: string, signal: AbortSignal) =>
    answered(client.DELETE('/v1/archives/{archive}/heads/{head}', { params: { path: { archive, head } }, signal })),
  applyHead: (archive: string, head: string, body: ApplyBody, signal: AbortSignal) =>
    answered(client.POST('/v1/archives/{archive}/heads/{head}/apply', { params: { path: { archive, head } }, body, signal })),
  headFile: (archive: string, head: string, file: HeadFile, signal: AbortSignal) =>
    answered<Blob>(client.GET('/v1/archives/{archive}/heads/{head}/files/{file}', { params: { path: { archive, head, file } }, signal, parseAs: 'blob' })),
  audit: async (archive: string, query: AuditQuery, signal: AbortSignal): Promise<AuditList> => {
    const params = { path: { archive }, query: { ...query, format: 'json' as const } }
    return (await answered(client.GET('/v1/archives/{archive}/audit', { params, signal }))) as AuditList // CSV was not asked for
  },
  item: (archive: string, item: number, signal: AbortSignal) =>
    answered(client.GET('/v1/archives/{archive}/items/{item}', { params: { path: { archive, item } }, signal })),
  points: (archive: string, query: MapQuery, signal: AbortSignal) =>
    answered(client.GET('/v1/archives/{archive}/map', { params: { path: { archive }, query }, signal, parseAs: 'arrayBuffer' })),
  legend: (archive: string, query: LegendQuery, signal: AbortSignal) =>
    answered(client.GET('/v1/archives/{archive}/map/legend', { params: { path: { archive }, query }, signal })),
  outliers: (archive: string, body: Schemas['OutliersRequest'], signal: AbortSignal) =>
    answered(client.POST('/v1/archives/{archive}/outliers', { params: { path: { archive } }, body, signal })),
  drift: (archive: string, body: Schemas['DriftRequest'], signal: AbortSignal) =>
    answered(client.POST('/v1/archives/{archive}/drift', { params: { path: { archive } }, body, signal })),
  tags: (archive: string, body: Schemas['TagsRequest'], signal: AbortSignal) =>
    answered(client.POST('/v1/archives/{archive}/tags', { params: { path: { archive } }, body, signal })),
  dups: (archive: string, body: Schemas['DupsRequest'], signal: AbortSignal) =>
    answered(client.POST('/v1/archives/{archive}/dups', { params: { path: { archive } }, body, signal })),
}
