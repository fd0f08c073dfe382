// What lies over the points: names of groups, and marks of outliers and duplicates. Each is asked for, since each takes time.
import { useEffect, useMemo } from 'preact/hooks'
import { api, type Classified } from '../api/client'
import { linesOf } from '../classify/form'
import { expression } from '../filter'
import { USUAL, type Form } from '../quality/form'
import { judge, type Judgement } from '../quality/judge'
import { useOnce, type Asked } from '../useAnswer'
import type { ViewProps } from '../views'
import type { MapPlace } from './address'
import { denseIn, named, sampleOf, type Group } from './groups'
import type { Layer } from './paint'
import { pointOf, type Tiled } from './tiles'

export const MARKED = ['outliers', 'dups'] as const
export type Marked = (typeof MARKED)[number]

export interface MarkLayer {
  readonly asked: Asked<Judgement>
  /// How many the answer names, and which of them are points of this map.
  readonly items: number
  readonly points: Uint32Array
  readonly mark: (reference: string) => void
  readonly hide: () => void
}

export interface Layers {
  readonly marks: Readonly<Record<Marked, MarkLayer>>
  readonly drawn: readonly Layer[]
  readonly naming: Asked<Classified>
  /// Those that have a name; and how many there are.
  readonly groups: readonly Group[]
  readonly dense: number
  readonly name: (words: string) => void
  readonly hideNames: () => void
}

/// The items that a comparison is about, each once.
function itemsOf(judged: Judgement | null): number[] {
  if (judged?.what === 'outliers') return judged.answer.results.map(({ item }) => item)
  if (judged?.what === 'dups') return [...new Set(judged.answer.groups.flatMap(({ members }) => members.map(({ item }) => item)))]
  return []
}

function useMarks(what: Marked, map: Tiled, place: MapPlace, onKey: ViewProps['onKey']): MarkLayer & { reset: () => void } {
  const { asked, run, reset } = useOnce<Judgement>(onKey)
  const where = expression(place.chosen, place.where)
  const mark = (reference: string): void => {
    const form: Form = { ...USUAL, reference, test: where, where, pool: place.by === 'image' ? 'image' : 'mean', onlyOutliers: true, limit: '10000' }
    run((signal) => judge(what, place.archive, form, signal))
  }
  const items = useMemo(() => itemsOf(asked.data), [asked.data])
  const points = useMemo(() => Uint32Array.from(items.flatMap((item) => pointOf(map, item) ?? [])), [map, items])
  return { asked, items: items.length, points, mark, hide: reset, reset }
}

export function useLayers(map: Tiled, place: MapPlace, { session, onKey }: Pick<ViewProps, 'session' | 'onKey'>): Layers {
  const outliers = useMarks('outliers', map, place, onKey)
  const dups = useMarks('dups', map, place, onKey)
  const naming = useOnce<Classified>(onKey)
  const dense = useMemo(() => denseIn(map), [map])
  useEffect(() => { // other points: with other colours everything stays
    outliers.reset()
    dups.reset()
    naming.reset()
  }, [session, place.archive, place.by, expression(place.chosen, place.where)])
  const drawn = useMemo<Layer[]>(() => [{ mark: 'ring', points: outliers.points }, { mark: 'square', points: dups.points }], [outliers.points, dups.points])
  const groups = useMemo(() => (naming.asked.data === null ? [] : named(map, dense, naming.asked.data)), [map, dense, naming.asked.data])
  const name = (words: string): void => {
    const items = dense.flatMap((group) => sampleOf(map, group))
    naming.run((signal) => api.classify(place.archive, { labels: [...new Set(linesOf(words))], items }, signal))
  }
  return { marks: { outliers, dups }, drawn, naming: naming.asked, groups, dense: dense.length, name, hideNames: naming.reset }
}
