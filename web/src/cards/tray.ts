// Results that were pinned, by the search that found them: a card is of one search. In this tab's memory alone.
import { useEffect, useState } from 'preact/hooks'
import type { CardBody, Result } from '../api/client'
import { PAGE_SIZE, type SearchBody } from '../query'

export const MAX_NOTE_BYTES = 4000

export interface Pin {
  readonly result: Result
  readonly note: string
}

export interface Search {
  /// What tells it from others.
  readonly key: string
  readonly archive: string
  /// Its address.
  readonly place: string
  readonly body: SearchBody
  /// Names of the user's files in it.
  readonly files: readonly string[]
}

export interface Pinned extends Search {
  readonly note: string
  readonly pins: readonly Pin[]
}

export type Tray = readonly Pinned[]

export function isPinned(tray: Tray, key: string, item: number): boolean {
  return tray.some((one) => one.key === key && one.pins.some(({ result }) => result.item === item))
}

/// Pins a result, or takes its pin off; a search without pins leaves the tray.
export function turned(tray: Tray, search: Search, result: Result): Tray {
  const known = tray.find((one) => one.key === search.key)
  if (known === undefined) return [...tray, { ...search, note: '', pins: [{ result, note: '' }] }]
  const without = known.pins.filter((pin) => pin.result.item !== result.item)
  const pins = without.length < known.pins.length
    ? without
    : [...known.pins, { result, note: '' }].sort((a, b) => a.result.rank - b.result.rank)
  return tray.flatMap((one) => (one !== known ? [one] : pins.length === 0 ? [] : [{ ...one, pins }]))
}

export function noted(tray: Tray, key: string, note: string, item?: number): Tray {
  return tray.map((one) => {
    if (one.key !== key) return one
    if (item === undefined) return { ...one, note }
    return { ...one, pins: one.pins.map((pin) => (pin.result.item === item ? { ...pin, note } : pin)) }
  })
}

/// A search of which a card was made leaves the tray, unless something was pinned or written meanwhile.
export function carded(tray: Tray, made: Pinned): Tray {
  return tray.filter((one) => one !== made)
}

export const tooLong = (note: string): boolean => new TextEncoder().encode(note).length > MAX_NOTE_BYTES

/// The search again, with as many results as the last that is pinned needs.
export function cardBody({ body, note, pins }: Pinned): CardBody {
  const { cursor: _, ...search } = body
  const last = Math.max(...pins.map(({ result }) => result.rank))
  return {
    ...search,
    k: Math.max(last, body.k ?? PAGE_SIZE),
    notes: {
      ...(note.trim() === '' ? {} : { text: note.trim() }),
      results: pins.map((pin) => ({ item: pin.result.item, ...(pin.note.trim() === '' ? {} : { text: pin.note.trim() }) })),
    },
  }
}

let now: Tray = []
const listeners = new Set<(tray: Tray) => void>()

function become(next: Tray): void {
  now = next
  for (const listener of listeners) listener(now)
}

export const tray = {
  turn: (search: Search, result: Result): void => become(turned(now, search, result)),
  note: (key: string, note: string, item?: number): void => become(noted(now, key, note, item)),
  carded: (made: Pinned): void => become(carded(now, made)),
  drop: (key: string): void => become(now.filter((one) => one.key !== key)),
  empty: (): void => become([]),
}

export function useTray(): Tray {
  const [shown, setShown] = useState(now)
  useEffect(() => {
    listeners.add(setShown)
    setShown(now)
    return () => void listeners.delete(setShown)
  }, [])
  return shown
}
