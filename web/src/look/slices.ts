// Slices of a series, and what is known of each.
import type { Study } from '../api/client'

export type Series = Study['series'][number]
export type Slice = Series['items'][number]

/// Thumbnails of a series: the first, the last, and some evenly between them.
export function spread(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, i) => i)
  return Array.from({ length: most }, (_, i) => Math.round((i * (count - 1)) / (most - 1)))
}

/// Which of some shown places stands for a slice: the nearest.
export function nearestOf(shown: readonly number[], at: number): number {
  return shown.reduce((best, one) => (Math.abs(one - at) < Math.abs(best - at) ? one : best), shown[0] ?? 0)
}

export const within = (at: number, count: number): number => Math.min(Math.max(at, 0), Math.max(count - 1, 0))

/// Where an image is: its series and its place there; the first of all if it is not there.
export function findItem(series: readonly Series[], item: number | null): { series: number; slice: number } {
  for (const [i, one] of series.entries()) {
    const slice = one.items.findIndex((each) => each.item === item)
    if (slice >= 0) return { series: i, slice }
  }
  return { series: 0, slice: 0 }
}

/// The series of a study that is most like one of another: of the same modality and body part, with about as many slices.
export function likeliest(series: readonly Series[], other: Series | undefined): number {
  const unlike = (one: Series): number =>
    (one.modality === other?.modality ? 0 : 4) + (one.series_description === other?.series_description ? 0 : 2) +
    (one.body_part === other?.body_part ? 0 : 1) + (one.window === other?.window ? 0 : 1) +
    Math.abs(Math.log(one.items.length / Math.max(other?.items.length ?? 1, 1))) / 10
  let best = 0
  series.forEach((one, i) => { if (unlike(one) < unlike(series[best]!)) best = i })
  return best
}

/// Where the slice nearest to one is in a series: itself, or, where another window is shown, the same image through that.
/// -1: it is not there.
export function placeOf(nearest: number | undefined, shown: Series | undefined, study: readonly Series[]): number {
  if (nearest === undefined || shown === undefined) return -1
  const there = shown.items.findIndex((row) => row.item === nearest)
  if (there >= 0) return there
  const near = study.flatMap((one) => one.items).find((row) => row.item === nearest)
  if (near?.image === undefined) return -1
  return shown.items.findIndex((row) => row.image === near.image && row.frame === near.frame)
}

/// The points of a line of values, in a box of 100 by 100; null where one is not known. All equal is a line in the middle.
export function lineOf(values: readonly (number | undefined)[]): string {
  const known = values.filter((value): value is number => value !== undefined)
  const low = Math.min(...known)
  const span = Math.max(...known) - low
  return values
    .map((value, i) => {
      if (value === undefined) return ''
      const x = values.length < 2 ? 50 : (i / (values.length - 1)) * 100
      const y = span > 0 ? 95 - ((value - low) / span) * 90 : 50
      return `${x.toFixed(2)},${y.toFixed(2)}`
    })
    .filter((point) => point !== '')
    .join(' ')
}

/// The place of the highest value; null: none is known.
export function highestOf(values: readonly (number | undefined)[]): number | null {
  let best: number | null = null
  values.forEach((value, i) => { if (value !== undefined && (best === null || value > values[best]!)) best = i })
  return best
}
