import { Text } from '../components/Facts'
import { Thumbnail } from '../components/Thumbnail'
import { strings } from '../strings'
import { nearestOf, spread, type Series } from './slices'

const MOST = 16

interface Props {
  archive: string
  series: Series
  number: number
  /// The slice that is shown; null: another series is.
  at: number | null
  onSlice: (slice: number) => void
}

/// A series as a strip of some of its slices.
export function Strip({ archive, series, number, at, onSlice }: Props) {
  const shown = spread(series.items.length, MOST)
  const here = at === null ? null : nearestOf(shown, at)
  const id = `strip-${series.items[0]?.item ?? number}`
  return (
    <div class="series" role="group" aria-labelledby={id}>
      <h2 id={id}>
        {strings.seriesName(number)} <Text value={series.modality} /> <Text value={series.body_part} /> <Text value={series.series_description} class="muted" />
        {series.window !== undefined && <span class="muted small"> {strings.window(series.window)}</span>}
        <span class="muted small"> {strings.sliceCount(series.items.length)}</span>
      </h2>
      <ol class="strip">
        {shown.map((slice) => {
          const item = series.items[slice]!
          const name = strings.sliceOf(slice + 1, series.items.length)
          return (
            <li key={item.item}>
              <button type="button" class="slice" aria-current={slice === here ? 'true' : undefined} onClick={() => onSlice(slice)}>
                <span class="sr">{strings.showSlice(number, slice + 1)}. </span>
                <Thumbnail archive={archive} item={item.item} name={name} label={series.modality ?? ''} exists={item.thumb === true} />
              </button>
            </li>
          )
        })}
      </ol>
    </div>
  )
}
