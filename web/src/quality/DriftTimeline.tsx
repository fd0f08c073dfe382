import { useState } from 'preact/hooks'
import type { Drift } from '../api/client'
import { strings } from '../strings'
import { StripList, type Of } from './Cells'
import type { DriftField } from './form'
import { linesOf, peakOf, timelineOf, xOf, yOf, type Series, type Timeline } from './series'

const ROWS = 12
/// As docs/archive.md has it: of p, corrected for the number of groups.
const UNLIKELY = 0.05

interface ChartProps {
  timeline: Timeline
  series: Series
  month: number
  onMonth: (month: number) => void
}

/// One station over the months, by the scale of all.
function Chart({ timeline: { months, most }, series: { name, groups }, month, onMonth }: ChartProps) {
  const known = groups.flatMap((group, i) => (group === undefined ? [] : [{ group, i }]))
  const seek = (event: MouseEvent & { currentTarget: SVGSVGElement }): void => {
    const { left, width } = event.currentTarget.getBoundingClientRect()
    const at = (100 * (event.clientX - left)) / width
    onMonth(months.reduce((best, _, i) => (Math.abs(xOf(i, months.length) - at) < Math.abs(xOf(best, months.length) - at) ? i : best), 0))
  }
  return (
    <svg class="timeline" viewBox="0 0 100 100" preserveAspectRatio="none" role="img" onClick={seek}
      aria-label={strings.driftLine(name, known.map(({ group, i }) => [months[i]!, group.distance]))}>
      <line x1={xOf(month, months.length)} x2={xOf(month, months.length)} y1="0" y2="100" vector-effect="non-scaling-stroke" />
      {linesOf(groups, most).map((points) => <polyline key={points} points={points} vector-effect="non-scaling-stroke" />)}
      {known.map(({ group, i }) => {
        const x = xOf(i, months.length)
        const y = yOf(group.distance, most)
        return <path key={i} class={group.p_holm < UNLIKELY ? 'unlikely' : undefined} d={`M${x} ${y}h.01`} vector-effect="non-scaling-stroke" />
      })}
    </svg>
  )
}

/// Drift of each station over time; of the chosen month, the pictures that moved.
export function DriftTimeline({ answer, by, ...of }: Of & { answer: Drift; by: readonly DriftField[] }) {
  const timeline = timelineOf(answer, by)
  const [chosen, setChosen] = useState<number | null>(null)
  const [most, setMost] = useState(ROWS)
  if (timeline === null) return null
  const { months, series } = timeline
  const month = Math.min(chosen ?? peakOf(timeline), months.length - 1)
  return (
    <section class="timelines" aria-labelledby="timeline-title">
      <h3 id="timeline-title">{strings.driftTimeline}</h3>
      <p class="muted lead">{strings.driftTimelineLead(months[0]!, months.at(-1)!)}</p>
      <label class="slices">
        <span>{strings.driftMonth(months[month]!)}</span>
        <input type="range" min={1} max={months.length} value={month + 1} aria-valuetext={months[month]}
          onInput={(event) => setChosen(event.currentTarget.valueAsNumber - 1)} />
      </label>
      <ul class="plain">
        {series.slice(0, most).map((one) => {
          const group = one.groups[month]
          return (
            <li key={one.name} class="station">
              <h4><bdi class="text" title={one.name}>{one.name}</bdi></h4>
              <Chart timeline={timeline} series={one} month={month} onMonth={setChosen} />
              <p class="muted small">{group === undefined ? strings.driftNone(months[month]!) : strings.driftOf(months[month]!, group.distance, group.p_holm, group.images, group.patients)}</p>
              {group !== undefined && group.moved.length > 0 && <StripList {...of} items={group.moved} />}
            </li>
          )
        })}
      </ul>
      {series.length > most && <button type="button" class="more" onClick={() => setMost(most + ROWS)}>{strings.showMore}</button>}
    </section>
  )
}
