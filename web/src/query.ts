// A query, and its form in the address. It stands behind '#', which a browser sends to nobody: words of a query are in
// no log of a proxy. A key is never part of it.
import type { components } from './api/schema'
import { expression, type Chosen } from './filter'

export const BYS = ['study', 'series', 'patient', 'image'] as const
export const MATCHES = ['best', 'mean', 'maxsim'] as const
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

/// What is chosen of an archive before anything is asked of it.
export interface Filters {
  readonly chosen: Chosen
  readonly where: string
}

/// Words that are asked for beside those in the boxes.
export interface Words {
  readonly text: string
  readonly away: boolean
}

export interface Query extends Filters {
  readonly archive: string
  readonly text: string
  readonly notText: string
  readonly also: readonly Words[]
  readonly items: readonly number[]
  readonly notItems: readonly number[]
  readonly by: By
  readonly match: MatchBy
  readonly samePatient: SamePatient
}

export const EMPTY: Query = {
  archive: '', text: '', notText: '', also: [], items: [], notItems: [], chosen: {}, where: '', by: 'study', match: 'best',
  samePatient: 'exclude',
}

export type SearchBody = components['schemas']['ArchiveSearch']
export const PAGE_SIZE = 24
export const MAX_PARTS = 64

/// Of what an address has too much, no more is read than says so: it may come from anybody.
const MOST_READ = MAX_PARTS + 1
/// Values of a facet, which shows no more.
const MOST_VALUES = 200

/// What an archive is counted by.
const FACETS = ['modality', 'body_part', 'month', 'site', 'station', 'label'] as const
const FACET = 'f.'
const ALSO = 'also'
const NOT_ALSO = 'not_also'
const MISSING = '-'
const PRESENT = '+'

export function putFilters(fields: URLSearchParams, { chosen, where }: Filters): void {
  for (const [facet, values] of Object.entries(chosen)) {
    for (const value of values) fields.append(FACET + facet, value === null ? MISSING : PRESENT + value)
  }
  if (where !== '') fields.append('where', where)
}

export function readFilters(fields: URLSearchParams): Filters {
  const chosen: Record<string, (string | null)[]> = {}
  for (const [name, value] of fields) {
    const facet = FACETS.find((one) => name === FACET + one)
    const one = value === MISSING ? null : value.startsWith(PRESENT) ? value.slice(PRESENT.length) : undefined
    if (facet === undefined || one === undefined) continue
    const values = (chosen[facet] ??= [])
    if (values.length < MOST_VALUES && !values.includes(one)) values.push(one)
  }
  return { chosen, where: fields.get('where') ?? '' }
}

export function toHash(query: Query): string {
  const fields = new URLSearchParams()
  const put = (name: string, value: string, unless = ''): void => {
    if (value !== unless) fields.append(name, value)
  }
  put('archive', query.archive)
  put('text', query.text)
  put('not_text', query.notText)
  for (const { text, away } of query.also) put(away ? NOT_ALSO : ALSO, text)
  for (const item of query.items) put('item', String(item))
  for (const item of query.notItems) put('not_item', String(item))
  putFilters(fields, query)
  put('by', query.by, EMPTY.by)
  put('match', query.match, EMPTY.match)
  put('same_patient', query.samePatient, EMPTY.samePatient)
  return fields.toString()
}

export function oneOf<T extends string>(value: string | null, known: readonly T[], otherwise: T): T {
  return known.find((one) => one === value) ?? otherwise
}

/// In their order, each once.
function alsoOf(fields: URLSearchParams): readonly Words[] {
  let also: readonly Words[] = []
  for (const [name, text] of fields) {
    if (also.length === MOST_READ) break
    if (name === ALSO || name === NOT_ALSO) also = withWords(also, text, name === NOT_ALSO)
  }
  return also
}

/// Words once, and as they were asked for last.
export function withWords(also: readonly Words[], text: string, away: boolean): readonly Words[] {
  const words = text.trim()
  if (words === '') return also
  const known = also.some((one) => one.text === words)
  return known ? also.map((one) => (one.text === words ? { text: words, away } : one)) : [...also, { text: words, away }]
}

/// What is in the boxes becomes words of the list, so that others can be typed.
export function boxesToList(query: Query): Query {
  return { ...query, text: '', notText: '', also: withWords(withWords(query.also, query.text, false), query.notText, true) }
}

/// An image is looked for or looked away from, whatever it was before.
export function withItem(query: Query, item: number, away: boolean): Query {
  const without = withoutItem(query, item)
  return away ? { ...without, notItems: [...without.notItems, item] } : { ...without, items: [...without.items, item] }
}

export function withoutItem(query: Query, item: number): Query {
  return { ...query, items: query.items.filter((n) => n !== item), notItems: query.notItems.filter((n) => n !== item) }
}

/// The number of an item; null for anything else.
export function oneNumber(text: string | null): number | null {
  return text !== null && /^\d+$/.test(text) && Number(text) <= 0xffffffff ? Number(text) : null
}

/// Numbers of items, each once.
export function numbersOf(texts: readonly string[], most = MOST_READ): number[] {
  return [...new Set(texts.map(oneNumber).filter((n): n is number => n !== null))].slice(0, most)
}

/// What an address says. What makes no sense in it is passed over: it may come from anybody.
export function fromHash(hash: string): Query {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  const numbers = (name: string): number[] => numbersOf(fields.getAll(name))
  return {
    ...readFilters(fields),
    archive: fields.get('archive') ?? '',
    text: fields.get('text') ?? '',
    notText: fields.get('not_text') ?? '',
    also: alsoOf(fields),
    items: numbers('item'),
    notItems: numbers('not_item'),
    by: oneOf(fields.get('by'), BYS, EMPTY.by),
    match: oneOf(fields.get('match'), MATCHES, EMPTY.match),
    samePatient: oneOf(fields.get('same_patient'), SAME_PATIENTS, EMPTY.samePatient),
  }
}

function textsOf(query: Query, away: boolean): string[] {
  const typed = (away ? query.notText : query.text).trim()
  const also = query.also.filter((one) => one.away === away && one.text !== typed).map(({ text }) => text)
  return typed === '' ? also : [typed, ...also]
}

/// Whether there is something to look for, and not only to look away from.
export function hasPositive(query: Query, images: readonly LocalImage[]): boolean {
  return textsOf(query, false).length > 0 || query.items.length > 0 || images.some((image) => !image.away)
}

export function isEmpty(query: Query, images: readonly LocalImage[]): boolean {
  return parts(query, images) === 0
}

/// Whether a query may be about a patient, whom a search can leave out.
export function hasPatient(query: Query): boolean {
  return query.items.length > 0
}

export function parts(query: Query, images: readonly LocalImage[]): number {
  return textsOf(query, false).length + textsOf(query, true).length + query.items.length + query.notItems.length + images.length
}

/// A list of one is the one.
const one = (texts: string[]): string | string[] => (texts.length === 1 ? texts[0]! : texts)

export function toBody(query: Query, images: readonly LocalImage[], cursor?: string): SearchBody {
  const body: SearchBody = { k: PAGE_SIZE, by: query.by }
  const wanted = images.filter((image) => !image.away).map((image) => image.base64)
  const away = images.filter((image) => image.away).map((image) => image.base64)
  const where = expression(query.chosen, query.where)
  const texts = textsOf(query, false)
  const notTexts = textsOf(query, true)
  if (texts.length > 0) body.text = one(texts)
  if (notTexts.length > 0) body.not_text = one(notTexts)
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
