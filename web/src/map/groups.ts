// Where points lie densely, so that what is there can be named. A group is a part of the
// picture, not a finding: docs/archive-map.md.
import type { Classified } from '../api/client'
import type { At } from './camera'
import { LEVELS, SIDE, type Tiled } from './tiles'

const MOST_GROUPS = 12
/// Of all points, that a group has at least.
const LEAST_SHARE = 0.01
/// Images of a group that are asked about.
const SAMPLE = 24

export interface Dense {
  /// Where most of its points are.
  readonly at: At
  readonly points: Uint32Array
}

/// A group with the words that are nearest to most of its images.
export interface Group extends Dense {
  readonly name: string
}

/// Cells on each side, of some tiles each: few points make no finer hills.
const cellsFor = (count: number): number => (count < 20_000 ? 16 : 32)

function around(cell: number, side: number): number[] {
  const [column, row] = [cell % side, Math.floor(cell / side)]
  const found: number[] = []
  for (let y = Math.max(0, row - 1); y <= Math.min(side - 1, row + 1); y += 1) {
    for (let x = Math.max(0, column - 1); x <= Math.min(side - 1, column + 1); x += 1) found.push(y * side + x)
  }
  return found
}

/// Each cell belongs to the hill that the steepest way up from it leads to.
function hillsOf(heights: Float64Array, side: number): Int32Array {
  const higher = (a: number, b: number): boolean => heights[a]! > heights[b]! || (heights[a] === heights[b] && a < b)
  const up = Int32Array.from(heights, (_, cell) => around(cell, side).reduce((best, one) => (higher(one, best) ? one : best), cell))
  return up.map((cell) => {
    let top = cell
    while (up[top] !== top) top = up[top]!
    return top
  })
}

/// The groups with the most points, the largest first.
export function denseIn(map: Tiled): Dense[] {
  const side = cellsFor(map.count)
  const counts = new Float64Array(side * side)
  const cellOf = (tile: number): number => Math.floor((Math.floor(tile / SIDE) * side) / SIDE) * side + Math.floor(((tile % SIDE) * side) / SIDE)
  const first = (tile: number): number => map.starts[tile * LEVELS]!
  for (let tile = 0; tile < SIDE * SIDE; tile += 1) counts[cellOf(tile)]! += first(tile + 1) - first(tile)
  const smooth = (cells: Float64Array): Float64Array =>
    cells.map((own, cell) => own + around(cell, side).reduce((sum, one) => sum + cells[one]!, 0))
  const hills = hillsOf(smooth(counts), side)
  const sizes = new Map<number, number>()
  counts.forEach((count, cell) => { if (count > 0) sizes.set(hills[cell]!, (sizes.get(hills[cell]!) ?? 0) + count) })
  const least = Math.max(2, LEAST_SHARE * map.count)
  const chosen = [...sizes].filter(([, size]) => size >= least).sort((a, b) => b[1] - a[1]).slice(0, MOST_GROUPS)
  return chosen.map(([hill, size]) => {
    const points = new Uint32Array(size)
    let [filled, x, y, near] = [0, 0, 0, 0]
    for (let tile = 0; tile < SIDE * SIDE; tile += 1) {
      const cell = cellOf(tile)
      if (hills[cell] !== hill) continue
      for (let point = first(tile); point < first(tile + 1); point += 1) {
        points[filled] = point
        filled += 1
        if (!around(hill, side).includes(cell)) continue
        ;[x, y, near] = [x + map.x[point]!, y + map.y[point]!, near + 1]
      }
    }
    return { at: near > 0 ? [x / near, y / near] as const : [map.x[points[0]!]!, map.y[points[0]!]!] as const, points }
  })
}

/// Items of a group that stand for it.
export function sampleOf(map: Tiled, { points }: Dense): number[] {
  const step = Math.max(1, points.length / SAMPLE)
  return Array.from({ length: Math.min(SAMPLE, points.length) }, (_, n) => map.items[points[Math.floor(n * step)]!]!)
}

/// Named by the labels of its images: the one with the highest scores together, unless no label fits most of them.
export function named(map: Tiled, dense: readonly Dense[], { labels, results }: Classified): Group[] {
  const rows = new Map(results.flatMap((row) => ('item' in row ? [[row.item, row] as const] : [])))
  return dense.flatMap((group) => {
    const its = sampleOf(map, group).flatMap((item) => rows.get(item) ?? [])
    const fit = its.filter(({ verdict }) => verdict !== 'none')
    if (its.length === 0 || 2 * fit.length < its.length) return []
    const sums = labels.map((_, label) => fit.reduce((sum, { scores }) => sum + scores[label]!, 0))
    return [{ ...group, name: labels[sums.indexOf(Math.max(...sums))]! }]
  })
}
