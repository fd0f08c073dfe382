// Points in the order in which they are drawn and looked for: by tiles of the map, and in each tile from coarse to fine, so
// that a part of them shows what all of them show.
import type { Points } from './points'

/// Tiles on each side of the map.
export const SIDE = 64
const TILE_BITS = 6
/// The grid of the finest level but the last has 2^FINEST cells on each side; the last level has what is left.
const FINEST = 12
export const LEVELS = FINEST - TILE_BITS + 2
const STEPS = 65536
/// More than there are points, and prime: a step by which all of them are come by once.
const STRIDE = 4_294_967_291

export interface Tiled extends Points {
  /// Where the points of tile t and level l begin, at t * LEVELS + l; one more at the end. Tiles are row by row, from below.
  readonly starts: Uint32Array
  /// Which point each is, in the order of items.
  readonly ranks: Uint32Array
}

function gridOf(values: Float32Array, most: number): Uint16Array {
  const grid = new Uint16Array(values.length)
  const scale = most > 0 ? STEPS / most : 0
  for (let i = 0; i < values.length; i += 1) grid[i] = Math.min(STEPS - 1, values[i]! * scale)
  return grid
}

/// The level of each point: of every cell of every grid that has points, one is of the grid's level or a coarser one. Which
/// one is chance, so that a level shows the colours of a place as often as its points have them.
function levelsOf(x: Uint16Array, y: Uint16Array): Uint8Array {
  const count = x.length
  const levels = new Uint8Array(count)
  const taken = Array.from({ length: LEVELS - 1 }, (_, level) => new Uint8Array(Math.max(1, 4 ** (level + TILE_BITS) / 8)))
  const stride = STRIDE % Math.max(count, 1)
  for (let n = 0, i = 0; n < count; n += 1, i = (i + stride) % count) {
    let own = LEVELS - 1
    for (let level = LEVELS - 2; level >= 0; level -= 1) {
      const bits = level + TILE_BITS
      const cell = (y[i]! >> (16 - bits)) * 2 ** bits + (x[i]! >> (16 - bits))
      const mask = 1 << (cell & 7)
      const cells = taken[level]!
      if ((cells[cell >> 3]! & mask) !== 0) break
      cells[cell >> 3]! |= mask
      own = level
    }
    levels[i] = own
  }
  return levels
}

export function tiled(points: Points): Tiled {
  const { count } = points
  const [x, y] = [gridOf(points.x, points.width), gridOf(points.y, points.height)]
  const levels = levelsOf(x, y)
  const keyOf = (i: number): number => ((y[i]! >> (16 - TILE_BITS)) * SIDE + (x[i]! >> (16 - TILE_BITS))) * LEVELS + levels[i]!
  const starts = new Uint32Array(SIDE * SIDE * LEVELS + 1)
  for (let i = 0; i < count; i += 1) starts[keyOf(i) + 1]! += 1
  for (let key = 1; key < starts.length; key += 1) starts[key]! += starts[key - 1]!
  const next = starts.slice()
  const found: Tiled = {
    ...points, starts, ranks: new Uint32Array(count), x: new Float32Array(count), y: new Float32Array(count),
    items: new Uint32Array(count), facets: new Uint16Array(count),
  }
  for (let i = 0; i < count; i += 1) {
    const key = keyOf(i)
    const at = next[key]!
    next[key] = at + 1
    found.x[at] = points.x[i]!
    found.y[at] = points.y[i]!
    found.items[at] = points.items[i]!
    found.facets[at] = points.facets[i]!
    found.ranks[i] = at
  }
  return found
}

/// A part of the map, in its own unit.
export interface Box {
  readonly left: number
  readonly right: number
  readonly low: number
  readonly high: number
}

/// The tiles that have a part of a box: columns and rows, the last ones among them. None if the box is beside the map.
export function tilesIn(map: Tiled, { left, right, low, high }: Box): { columns: readonly [number, number]; rows: readonly [number, number] } | null {
  if (!(right >= 0 && left <= map.width && high >= 0 && low <= map.height)) return null
  const tile = (at: number, most: number): number => (most > 0 ? Math.min(SIDE - 1, Math.max(0, Math.floor((at / most) * SIDE))) : 0)
  return { columns: [tile(left, map.width), tile(right, map.width)], rows: [tile(low, map.height), tile(high, map.height)] }
}

/// How many points tiles have up to a level.
function countTo(map: Tiled, tiles: NonNullable<ReturnType<typeof tilesIn>>, level: number): number {
  let sum = 0
  for (let row = tiles.rows[0]; row <= tiles.rows[1]; row += 1) {
    for (let column = tiles.columns[0]; column <= tiles.columns[1]; column += 1) {
      const key = (row * SIDE + column) * LEVELS
      sum += map.starts[key + level + 1]! - map.starts[key]!
    }
  }
  return sum
}

/// The finest level up to which at most `most` points are in a box; at least the coarsest.
export function levelFor(map: Tiled, box: Box, most: number): number {
  const tiles = tilesIn(map, box)
  if (tiles === null) return LEVELS - 1
  let level = LEVELS - 1
  while (level > 0 && countTo(map, tiles, level) > most) level -= 1
  return level
}

/// Points of a box and of what is around it to the ends of its tiles, as ranges [first, last), all levels at once.
export function eachRange(map: Tiled, box: Box, see: (first: number, last: number) => void): void {
  const tiles = tilesIn(map, box)
  if (tiles === null) return
  for (let row = tiles.rows[0]; row <= tiles.rows[1]; row += 1) {
    see(map.starts[(row * SIDE + tiles.columns[0]) * LEVELS]!, map.starts[(row * SIDE + tiles.columns[1] + 1) * LEVELS]!)
  }
}

/// The point of an item; none: it is not on the map.
export function pointOf(map: Tiled, item: number): number | null {
  let [low, high] = [0, map.count]
  while (low < high) {
    const middle = (low + high) >> 1
    if (map.items[map.ranks[middle]!]! < item) low = middle + 1
    else high = middle
  }
  const point = map.ranks[low]
  return point !== undefined && map.items[point] === item ? point : null
}
