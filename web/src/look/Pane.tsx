import type { Study } from '../api/client'
import type { Failure } from '../api/failure'
import { Text } from '../components/Facts'
import { strings } from '../strings'
import type { queryOf } from './address'
import type { Pictures } from './pictures'
import { SliceBar } from './SliceBar'
import { Strip } from './Strip'
import { Viewer } from './Viewer'

/// Which slice of a study is shown.
export interface Shown {
  readonly series: number
  readonly slice: number
}

interface Props {
  archive: string
  name: string
  study: Study
  shown: Shown
  onShown: (shown: Shown) => void
  likeness: ReadonlyMap<number, number>
  pictures: Pictures
  query: ReturnType<typeof queryOf>
  visible: boolean
  session: number
  onKey: (failure: Failure) => void
  /// How near the slice is to that of the other study.
  note?: string | undefined
}

/// A study: what it is, a viewer, and its series as strips.
export function Pane({ archive, name, study, shown, onShown, likeness, pictures, query, visible, session, onKey, note }: Props) {
  const series = study.series[shown.series] ?? study.series[0]
  if (series === undefined) return null
  const viewer = study.viewer !== undefined && /^https?:\/\//.test(study.viewer) ? study.viewer : null
  return (
    <section class="pane" aria-label={name}>
      <p class="place"><span>{name}</span><Text value={study.date} /><Text value={study.study_description} /><Text value={study.site} /></p>
      <p class="muted small">
        {strings.studyImages(study.images, study.more)}{' '}
        {viewer !== null && <a href={viewer} target="_blank" rel="noopener noreferrer">{strings.openViewer}</a>}
      </p>
      {series.other_study === true && <p class="notice warn" role="status">{strings.otherStudy}</p>}
      <Viewer archive={archive} name={name} series={series} at={shown.slice} onSlice={(slice) => onShown({ ...shown, slice })} pictures={pictures} query={query} shown={visible} session={session} onKey={onKey} />
      <SliceBar count={series.items.length} at={shown.slice} likeness={likeness.size === 0 ? [] : series.items.map(({ item }) => likeness.get(item))}
        onSlice={(slice) => onShown({ ...shown, slice })} />
      {note !== undefined && <p class="small" role="status">{note}</p>}
      {study.series.map((one, i) => (
        <Strip key={one.series + (one.items[0]?.item ?? i)} archive={archive} series={one} number={i + 1} at={i === shown.series ? shown.slice : null} onSlice={(slice) => onShown({ series: i, slice })} />
      ))}
    </section>
  )
}
