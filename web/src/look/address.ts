// Which study is looked at, beside which and by what, and its form in the address.
import { oneNumber, numbersOf } from '../query'

export interface LookPlace {
  readonly archive: string
  readonly study: string
  /// The image that is shown first.
  readonly at: number | null
  /// The study beside it.
  readonly compare: string
  /// What slices are compared with.
  readonly text: string
  readonly items: readonly number[]
}

export const NOWHERE: LookPlace = { archive: '', study: '', at: null, compare: '', text: '', items: [] }

export function toHash(place: LookPlace): string {
  const fields = new URLSearchParams({ view: 'look' })
  const put = (name: string, value: string): void => {
    if (value !== '') fields.append(name, value)
  }
  put('archive', place.archive)
  put('study', place.study)
  if (place.at !== null) put('at', String(place.at))
  put('compare', place.compare)
  put('text', place.text)
  for (const item of place.items) put('item', String(item))
  return fields.toString()
}

/// What makes no sense in it is passed over: it may come from anybody.
export function fromHash(hash: string): LookPlace {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  return {
    archive: fields.get('archive') ?? '',
    study: fields.get('study') ?? '',
    at: oneNumber(fields.get('at')),
    compare: fields.get('compare') ?? '',
    text: fields.get('text') ?? '',
    items: numbersOf(fields.getAll('item')),
  }
}

/// What is searched for, as the server is asked; null: nothing.
export function queryOf({ text, items }: LookPlace): { text?: string; item?: number[] } | null {
  const words = text.trim()
  if (words === '' && items.length === 0) return null
  return { ...(words === '' ? {} : { text: words }), ...(items.length === 0 ? {} : { item: [...items] }) }
}
