import { useMemo } from 'preact/hooks'
import type { Legend as Facts } from '../api/client'
import { count, strings } from '../strings'
import type { Theme } from '../useTheme'
import type { Colour } from './address'
import { countSlots, NAMED, NONE, OTHER, PALETTES } from './colours'

interface Props {
  legend: Facts
  colour: Colour
  slots: Uint8Array
  theme: Theme
  /// The slot that alone is looked at; null: all are.
  only: number | null
  onOnly: (slot: number | null) => void
}

/// What the colours mean, with how many of the points that are shown have each. One can be looked at alone, so that no colour
/// has to be told from another.
export function Legend({ legend, colour, slots, theme, only, onOnly }: Props) {
  const counts = useMemo(() => countSlots(slots), [slots])
  const named = legend.values.slice(0, NAMED).map(({ value }, slot) => ({ slot, value, muted: false }))
  const rest = [
    { slot: OTHER, value: strings.otherValues, muted: true },
    { slot: NONE, value: strings.noValue, muted: true },
  ].filter(({ slot }) => counts[slot]! > 0)
  return (
    <section aria-labelledby="legend-title">
      <h2 id="legend-title">{strings.colourNames[colour]}</h2>
      <p class="muted small">{strings.legendHint}</p>
      <ul class="legend">
        {[...named, ...rest].map(({ slot, value, muted }) => (
          <li key={slot}>
            <button type="button" class="quiet" aria-pressed={only === slot} onClick={() => onOnly(only === slot ? null : slot)}>
              <span class="swatch" style={{ background: PALETTES[theme][slot]! }} />
              <bdi class={muted ? 'name muted' : 'name'}>{value}</bdi>
              <span class="count">{count(counts[slot]!)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
