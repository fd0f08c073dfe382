// The server as this page asks it: with the key of this tab, never from a cache, and with failures told apart.
import createClient from 'openapi-fetch'
import { Failure } from './failure'
import type { components, paths } from './schema'

export type Archive = components['schemas']['Archive']
export type Facets = components['schemas']['Facets']
export type Results = components['schemas']['ArchiveResults']
export type Result = components['schemas']['ArchiveResult']

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

/// The thumbnail of an item that says it has one; null: it has none any more.
async function thumbnail(archive: string, item: number, signal: AbortSignal): Promise<Blob | null> {
  const params = { path: { archive, item } }
  const { data, response } = await client.GET('/v1/archives/{archive}/items/{item}/thumb', { params, signal, parseAs: 'blob' })
  return response.ok && data !== undefined ? data : null
}

export const api = {
  thumbnail,
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
  search: (archive: string, body: components['schemas']['ArchiveSearch'], signal: AbortSignal) =>
    answered(client.POST('/v1/archives/{archive}/search', { params: { path: { archive } }, body, signal })),
}
