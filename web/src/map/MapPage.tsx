import { useEffect, useMemo, useState } from 'preact/hooks'
import { api, type Legend as LegendFacts } from '../api/client'
import { MAX_ITEMS, toHash as toClassifyHash, USUAL } from '../classify/form'
import { ArchiveChoice, NoArchive, useArchives } from '../components/Archives'
import { FacetPanel } from '../components/FacetPanel'
import { Notice } from '../components/Notice'
import { Choice } from '../components/Options'
import { expression } from '../filter'
import { EMPTY, toHash as searchHash } from '../query'
import { strings } from '../strings'
import { isComing, useAnswer } from '../useAnswer'
import { useFacets } from '../useFacets'
import { mainOf, type ViewProps } from '../views'
import { COLOURS, fromHash, legendQuery, MAP_BYS, toHash, type MapPlace } from './address'
import { itemsOf } from './choose'
import { slotsOf } from './colours'
import { LayersPanel } from './LayersPanel'
import { Legend } from './Legend'
import { MapCanvas } from './MapCanvas'
import { PointCard } from './PointCard'
import { decode } from './points'
import { tiled, type Tiled } from './tiles'
import { useLayers } from './useLayers'

const LISTED = 24

interface Shown {
  readonly place: MapPlace
  readonly points: Tiled
  readonly legend: LegendFacts
}

async function load(place: MapPlace, signal: AbortSignal): Promise<Shown> {
  const where = expression(place.chosen, place.where)
  const asked = legendQuery(place)
  const [bytes, legend] = await Promise.all([
    api.points(place.archive, where === '' ? asked : { ...asked, where }, signal),
    api.legend(place.archive, asked, signal),
  ])
  return { place, points: tiled(decode(bytes)), legend }
}

/// Which points are not looked at: those of other slots, and if some were chosen, the others.
function dimOf(slots: Uint8Array, only: number | null, chosen: Uint32Array | null): Uint8Array | null {
  if (only === null && chosen === null) return null
  const dim = new Uint8Array(slots.length).fill(chosen === null ? 0 : 1)
  for (const point of chosen ?? []) dim[point] = 0
  for (let i = 0; only !== null && i < dim.length; i += 1) if (slots[i] !== only) dim[i] = 1
  return dim
}

/// What a map is of, how it was made, and what it leaves out.
function About({ shown: { place, points, legend }, images }: { shown: Shown; images: number | null }) {
  const missing = images === null || place.by !== 'image' ? 0 : images - legend.points
  return (
    <p class="muted searched" role="status">
      {strings.mapShows(points.count, place.by, legend.method)}
      {points.placed > 0 && ` ${strings.mapPlaced(points.placed)}`}
      {missing > 0 && ` ${strings.mapMissing(missing)}`}
    </p>
  )
}

function Caution() {
  return (
    <details class="caution">
      <summary>{strings.cautionShort}</summary>
      <ul>{strings.caution.map((sentence) => <li key={sentence}>{sentence}</li>)}</ul>
    </details>
  )
}

interface ListProps extends Pick<ViewProps, 'go' | 'session' | 'onKey'> {
  archive: string
  items: readonly number[]
}

function List({ archive, items, go, session, onKey }: ListProps) {
  return (
    <ol class="points">
      {items.map((item) => (
        <PointCard key={item} archive={archive} item={item} session={session} onKey={onKey}
          onMore={() => go(searchHash({ ...EMPTY, archive, items: [item] }))} />
      ))}
    </ol>
  )
}

/// Points that a lasso or the screen has, some at a time.
function Chosen({ items, onClear, ...list }: Omit<ListProps, 'items'> & { items: Uint32Array; onClear: () => void }) {
  const [most, setMost] = useState(LISTED)
  useEffect(() => setMost(LISTED), [items])
  const classify = toClassifyHash(list.archive, { ...USUAL, items: [...items.slice(0, MAX_ITEMS)] })
  return (
    <section aria-labelledby="map-chosen">
      <div class="results-head">
        <h2 id="map-chosen" tabIndex={-1}>{strings.chosen(items.length)}</h2>
        {items.length > 0 && <a href={`#${classify}`} onClick={(event) => { event.preventDefault(); list.go(classify) }}>{strings.classifyChosen(Math.min(items.length, MAX_ITEMS))}</a>}
        <button type="button" class="quiet" onClick={onClear}>{strings.chosenClear}</button>
      </div>
      <List {...list} items={[...items.slice(0, most)]} />
      {items.length > most && <button type="button" class="more" onClick={() => setMost(most + LISTED)}>{strings.showMore}</button>}
    </section>
  )
}

function Plane({ shown, images, theme, ...list }: { shown: Shown; images: number | null } & Omit<ViewProps, 'hash' | 'shown'>) {
  const { place, points, legend } = shown
  const slots = useMemo(() => slotsOf(points.facets), [points])
  const [only, setOnly] = useState<number | null>(null)
  const [near, setNear] = useState<readonly number[]>([])
  const [chosen, setChosen] = useState<Uint32Array | null>(null)
  const layers = useLayers(points, place, list)
  const dim = useMemo(() => dimOf(slots, only, chosen), [slots, only, chosen])
  useEffect(() => {
    setOnly(null)
    setNear([])
    setChosen(null)
  }, [points])
  const chosenItems = useMemo(() => (chosen === null ? null : itemsOf(points, chosen)), [chosen])
  const nearItems = near.flatMap((point) => points.items[point] ?? [])
  const choose = (found: Uint32Array): void => {
    setChosen(found)
    // Once it is drawn, the keyboard goes on at the list.
    requestAnimationFrame(() => document.getElementById('map-chosen')?.focus())
  }
  return (
    <>
      <div class="plane">
        <div><MapCanvas points={points} slots={slots} dim={dim} layers={layers.drawn} groups={layers.groups} theme={theme} onNear={setNear} onChosen={choose} /></div>
        <div class="beside">
          <Legend legend={legend} colour={place.colour} slots={slots} theme={theme} only={only} onOnly={setOnly} />
          <section aria-labelledby="map-near">
            <h2 id="map-near">{strings.nearTitle}</h2>
            <p class="muted" role="status">{strings.near(near.length)}</p>
            <List {...list} archive={place.archive} items={nearItems} />
          </section>
          <LayersPanel layers={layers} by={place.by} onKey={list.onKey} onChosen={choose} />
        </div>
      </div>
      <About shown={shown} images={images} />
      <Caution />
      {chosenItems !== null && <Chosen {...list} archive={place.archive} items={chosenItems} onClear={() => setChosen(null)} />}
    </>
  )
}

export function MapPage({ hash, go, session, onKey, theme }: ViewProps) {
  const archives = useArchives(session, onKey)
  const names = archives.data?.archives ?? []
  const inAddress = useMemo(() => fromHash(hash), [hash])
  const place = { ...inAddress, archive: inAddress.archive === '' ? names[0]?.name ?? '' : inAddress.archive }
  const move = (next: Partial<MapPlace>): void => go(toHash({ ...place, ...next }))
  const known = names.length > 0
  const about = useAnswer(known ? `${session} ${place.archive}` : null, (signal) => api.archive(place.archive, signal), onKey)
  const facets = useFacets(known ? place.archive : '', place, session, onKey)
  const asked = useAnswer<Shown>(known ? `${session} ${toHash(place)}` : null, (signal) => load(place, signal), onKey)
  if (!known) return <NoArchive archives={archives} view="map" onKey={onKey} />
  const noMap = asked.failure?.status === 404 && names.some(({ name }) => name === place.archive)
  return (
    <>
      <section class="ask" aria-label={strings.views.map}>
        <div class="which">
          <ArchiveChoice names={names} value={place.archive} onChange={(archive) => move({ archive, chosen: {}, where: '' })} />
          <Choice label={strings.mapBy} value={place.by} values={MAP_BYS} names={strings.byNames} onChange={(by) => move({ by })} />
          <Choice label={strings.colour} value={place.colour} values={COLOURS} names={strings.colourNames} onChange={(colour) => move({ colour })} />
        </div>
      </section>
      <div class="columns">
        <aside aria-label={strings.filters}>
          <FacetPanel facets={facets.data} coming={isComing(facets)} filters={place} onFilters={move} />
          {(facets.failure ?? facets.waiting) !== null && <Notice asked={facets} what={strings.failed} />}
        </aside>
        <main id={mainOf('map')} tabIndex={-1} aria-busy={asked.loading}>
          <h1>{strings.views.map}</h1>
          <p class="muted lead">{strings.mapLead}</p>
          {/* A place of its own, so that what is drawn does not move when other points are asked for. */}
          <div class="told"><Notice asked={asked} what={noMap ? strings.noMap : strings.mapFailed} waiting={strings.loading} onKey={onKey} /></div>
          {asked.data !== null && asked.failure === null && (
            <Plane shown={asked.data} images={asked.data.place.archive === place.archive ? about.data?.images ?? null : null} go={go} session={session} onKey={onKey} theme={theme} />
          )}
        </main>
      </div>
    </>
  )
}
