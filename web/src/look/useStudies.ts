import { useEffect, useState } from 'preact/hooks'
import { api, type Study } from '../api/client'
import type { Failure } from '../api/failure'
import { useAnswer } from '../useAnswer'
import { queryOf, type LookPlace } from './address'
import type { Shown } from './Pane'
import { findItem, likeliest, placeOf } from './slices'

const NOWHERE: Shown = { series: 0, slice: 0 }
const NONE: ReadonlyMap<number, number> = new Map()

/// A study of the archive, and the cosine of each of its images with the query.
export function useStudy(place: LookPlace, study: string, session: number, onKey: (failure: Failure) => void) {
  const known = place.archive !== '' && study !== ''
  const asked = useAnswer<{ archive: string; found: Study }>(
    known ? `${session} ${place.archive} ${study}` : null,
    async (signal) => ({ archive: place.archive, found: await api.study(place.archive, study, signal) }),
    onKey,
  )
  const query = queryOf(place)
  const key = known && query !== null ? `${session} ${place.archive} ${study} ${JSON.stringify(query)}` : null
  const likeness = useAnswer<{ key: string; cosines: ReadonlyMap<number, number> }>(
    key,
    async (signal) => {
      const { items } = await api.similarity(place.archive, study, query ?? {}, signal)
      return { key: key!, cosines: new Map(items.map(({ item, cosine }) => [item, cosine])) }
    },
    onKey,
  )
  // The answers of the study, or the query, before are there until the next ones are. Another archive has the same numbers.
  const cosines = key !== null && likeness.data?.key === key ? likeness.data.cosines : NONE
  const data = asked.data?.archive === place.archive && asked.data.found.study === study ? asked.data.found : null
  return { asked, data, likeness, cosines }
}

/// Which slices of two studies are shown: of the other one the nearest to each, as long as that is wanted.
export function useShown(place: LookPlace, one: Study | null, other: Study | null, session: number, onKey: (failure: Failure) => void) {
  const [first, setFirst] = useState<Shown>(NOWHERE)
  const [second, setSecond] = useState<Shown>(NOWHERE)
  const [matched, setMatched] = useState(true)
  useEffect(() => { if (one !== null) setFirst(findItem(one.series, place.at)) }, [one, place.at])
  const series = one?.series[first.series]
  useEffect(() => {
    if (other !== null) setSecond({ series: likeliest(other.series, series), slice: 0 })
  }, [other, series])
  const otherSeries = other?.series[second.series]
  const pairs = one === null || other === null || series === undefined || otherSeries === undefined ? null
    : { with: other.study, series: series.series, with_series: otherSeries.series }
  const matches = useAnswer(
    pairs === null ? null : `${session} ${place.archive} ${place.study} ${JSON.stringify(pairs)}`,
    (signal) => api.matches(place.archive, place.study, pairs!, signal),
    onKey,
  )
  const item = series?.items[first.slice]?.item
  const pair = matches.data?.items.find((row) => row.item === item)
  const nearest = placeOf(pair?.nearest, otherSeries, other?.series ?? [])
  useEffect(() => {
    if (matched && nearest >= 0) setSecond((now) => ({ ...now, slice: nearest }))
  }, [matched, nearest, item])
  const atNearest = nearest >= 0 && otherSeries?.items[second.slice]?.item === pair?.nearest
  return { first, setFirst, second, setSecond, matched, setMatched, matches, cosine: atNearest ? pair?.cosine : undefined }
}
