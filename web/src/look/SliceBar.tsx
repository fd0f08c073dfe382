import { strings } from '../strings'
import { highestOf, lineOf } from './slices'

interface Props {
  count: number
  at: number
  /// The cosine of each slice with the query; empty: nothing is searched for.
  likeness: readonly (number | undefined)[]
  onSlice: (slice: number) => void
}

/// The slices as a slider, and below it how like the query each is.
export function SliceBar({ count, at, likeness, onSlice }: Props) {
  const highest = highestOf(likeness)
  const here = likeness[at]
  return (
    <div class="slices">
      <label>
        <span>{strings.sliceOf(at + 1, count)}</span>
        <input type="range" min={1} max={count} value={at + 1} aria-valuetext={strings.sliceOf(at + 1, count)}
          onInput={(event) => onSlice(event.currentTarget.valueAsNumber - 1)} />
      </label>
      {highest !== null && (
        <>
          <svg class="likeness" viewBox="0 0 100 100" preserveAspectRatio="none" role="img"
            aria-label={strings.likenessLine(likeness[highest]!, highest + 1)}>
            <polyline points={lineOf(likeness)} vector-effect="non-scaling-stroke" />
            <line x1={count < 2 ? 50 : (at / (count - 1)) * 100} x2={count < 2 ? 50 : (at / (count - 1)) * 100} y1="0" y2="100" vector-effect="non-scaling-stroke" />
          </svg>
          <p class="row">
            <span class="muted small">{here === undefined ? strings.likenessUnknown : strings.likenessHere(here)}</span>
            <button type="button" class="quiet" onClick={() => onSlice(highest)}>{strings.toHighest(highest + 1)}</button>
          </p>
        </>
      )}
    </div>
  )
}
