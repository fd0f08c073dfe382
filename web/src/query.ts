// A query, and its form in the address. It stands behind '#', which a browser sends to nobody: words of a query are in
// no log of a proxy. A key is never part of it.
import type { components } from './api/schema'
import { expression, type Chosen } from './filter'

export const BYS = ['study', 'series', 'patient', 'image'] as const
export const MATCHES = ['best', 'mean'] as const
export const SAME_PATIENTS = ['exclude', 'include', 'only'] as const
export type By = (typeof BYS)[number]
export type MatchBy = (typeof MATCHES)[number]
export type SamePatient = (typeof SAME_PATIENTS)[number]

/// A file of the user's, in this tab's memory alone.
export interface LocalImage {
  readonly id: number
  readonly name: string
  readonly base64: string
  readonly file: Blob
  readonly away: boolean
}

export interface Query {
  readonly archive: string
  readonly text: string
  readonly notText: string
  readonly items: readonly number[]
  readonly notItems: readonly number[]
  readonly chosen: Chosen
  readonly where: string
  readonly by: By
  readonly match: MatchBy
  readonly samePatient: SamePatient
}

export const EMPTY: Query = {
  archive: '', text: '', notText: '', items: [], notItems: [], chosen: {}, where: '', by: 'study', match: 'best',
  samePatient: 'exclude',
}

export type SearchBody = components['schemas']['ArchiveSearch']
export const PAGE_SIZE = 24
export const MAX_PARTS = 64

/// What an archive is counted by.
const FACETS = ['modality', 'body_part', 'month', 'site', 'station', 'label'] as const
const FACET = 'f.'
const MISSING = '-'
const PRESENT = '+'

export function toHash(query: Query): string {
  const fields = new URLSearchParams()
  const put = (name: string, value: string, unless = ''): void => {
    if (value !== unless) fields.append(name, value)
  }
  put('archive', query.archive)
  put('text', query.text)
  put('not_text', query.notText)
  for (const item of query.items) put('item', String(item))
  for (const item of query.notItems) put('not_item', String(item))
  for (const [facet, values] of Object.entries(query.chosen)) {
    for (const value of values) put(FACET + facet, value === null ? MISSING : PRESENT + value)
  }
  put('where', query.where)
  put('by', query.by, EMPTY.by)
  put('match', query.match, EMPTY.match)
  put('same_patient', query.samePatient, EMPTY.samePatient)
  return fields.toString()
}

function oneOf<T extends string>(value: string | null, known: readonly T[], otherwise: T): T {
  return known.find((one) => one === value) ?? otherwise
}

/// What an address says. What makes no sense in it is passed over: it may come from anybody.
export function fromHash(hash: string): Query {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  const numbers = (name: string): number[] =>
    [...new Set(fields.getAll(name).filter((text) => /^\d+$/.test(text)).map(Number))].filter((n) => n <= 0xffffffff)
  const chosen: Record<string, (string | null)[]> = {}
  for (const [name, value] of fields) {
    const facet = FACETS.find((one) => name === FACET + one)
    const one = value === MISSING ? null : value.startsWith(PRESENT) ? value.slice(PRESENT.length) : undefined
    if (facet === undefined || one === undefined) continue
    const values = (chosen[facet] ??= [])
    if (!values.includes(one)) values.push(one)
  }
  return {
    archive: fields.get('archive') ?? '',
    text: fields.get('text') ?? '',
    notText: fields.get('not_text') ?? '',
    items: numbers('item'),
    notItems: numbers('not_item'),
    chosen,
    where: fields.get('where') ?? '',
    by: oneOf(fields.get('by'), BYS, EMPTY.by),
    match: oneOf(fields.get('match'), MATCHES, EMPTY.match),
    samePatient: oneOf(fields.get('same_patient'), SAME_PATIENTS, EMPTY.samePatient),
  }
}

/// Whether there is something to look for, and not only to look away from.
export function hasPositive(query: Query, images: readonly LocalImage[]): boolean {
  return query.text.trim() !== '' || query.items.length > 0 || images.some((image) => !image.away)
}

export function isEmpty(query: Query, images: readonly LocalImage[]): boolean {
  return !hasPositive(query, images) && query.notText.trim() === '' && query.notItems.length === 0 && images.length === 0
}

/// Whether a query may be about a patient, whom a search can leave out.
export function hasPatient(query: Query): boolean {
  return query.items.length > 0
}

export function parts(query: Query, images: readonly LocalImage[]): number {
  return (
    Number(query.text.trim() !== '') + Number(query.notText.trim() !== '') + query.items.length +
    query.notItems.length + images.length
  )
}

export function toBody(query: Query, images: readonly LocalImage[], cursor?: string): SearchBody {
  const body: SearchBody = { k: PAGE_SIZE, by: query.by }
  const wanted = images.filter((image) => !image.away).map((image) => image.base64)
  const away = images.filter((image) => image.away).map((image) => image.base64)
  const where = expression(query.chosen, query.where)
  if (query.text.trim() !== '') body.text = query.text.trim()
  if (query.notText.trim() !== '') body.not_text = query.notText.trim()
  if (query.items.length > 0) body.item = [...query.items]
  if (query.notItems.length > 0) body.not_item = [...query.notItems]
  if (wanted.length > 0) body.image = wanted
  if (away.length > 0) body.not_image = away
  if (query.match !== EMPTY.match) body.match = query.match
  if (query.samePatient !== EMPTY.samePatient && (query.samePatient !== 'only' || hasPatient(query) || wanted.length > 0)) {
    body.same_patient = query.samePatient
  }
  if (where !== '') body.where = where
  if (cursor !== undefined) body.cursor = cursor
  return body
}
