// Points by where they lie. Only the tiles of the map that are near are looked at.
import { toMap, type At, type Camera, type Size } from './camera'
import { eachRange, SIDE, LEVELS, tilesIn, type Box, type Tiled } from './tiles'

/// Numbers of points that grow, without an object for each.
class Found {
  private points = new Uint32Array(1024)
  private count = 0

  add(point: number): void {
    this.reserve(1)
    this.points[this.count] = point
    this.count += 1
  }

  addRange(first: number, last: number): void {
    this.reserve(last - first)
    for (let point = first; point < last; point += 1) this.points[this.count + point - first] = point
    this.count += last - first
  }

  all(): Uint32Array {
    return this.points.slice(0, this.count)
  }

  private reserve(more: number): void {
    if (this.count + more <= this.points.length) return
    const larger = new Uint32Array(Math.max(2 * this.points.length, this.count + more))
    larger.set(this.points)
    this.points = larger
  }
}

/// @returns at most `most` points not farther than `within` pixels from a place on the screen, the nearest first.
export function nearest(map: Tiled, camera: Camera, screen: Size, at: At, within: number, most: number): number[] {
  const [x, y] = toMap(camera, screen, at)
  const radius = within / camera.scale
  let reach = radius ** 2
  const found: { point: number; far: number }[] = []
  eachRange(map, { left: x - radius, right: x + radius, low: y - radius, high: y + radius }, (first, last) => {
    for (let i = first; i < last; i += 1) {
      const far = (map.x[i]! - x) ** 2 + (map.y[i]! - y) ** 2
      if (!(far <= reach)) continue
      const place = found.findIndex((one) => one.far > far || (one.far === far && map.items[one.point]! > map.items[i]!))
      found.splice(place < 0 ? found.length : place, 0, { point: i, far })
      if (found.length > most) found.pop()
      if (found.length === most) reach = found[most - 1]!.far
    }
  })
  return found.map(({ point }) => point)
}

function isInside(polygon: readonly At[], x: number, y: number): boolean {
  let inside = false
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i, i += 1) {
    const [xi, yi] = polygon[i]!
    const [xj, yj] = polygon[j]!
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside
  }
  return inside
}

function boxOf(polygon: readonly At[]): Box {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity]
  for (const [x, y] of polygon) {
    ;[left, right, low, high] = [Math.min(left, x), Math.max(right, x), Math.min(low, y), Math.max(high, y)]
  }
  return { left, right, low, high }
}

/// Whether a side of the polygon may cross a box.
function isCrossed(polygon: readonly At[], { left, right, low, high }: Box): boolean {
  return polygon.some(([x, y], i) => {
    const [before, above] = polygon[i === 0 ? polygon.length - 1 : i - 1]!
    return Math.min(x, before) <= right && Math.max(x, before) >= left && Math.min(y, above) <= high && Math.max(y, above) >= low
  })
}

/// Only in tiles that a side crosses is each point judged; of the others all are in it, or none.
/// @param polygon  on the map; its last corner is joined to the first. Where it crosses itself, what lies in it twice is outside.
export function inside(map: Tiled, polygon: readonly At[]): Uint32Array {
  const found = new Found()
  const tiles = tilesIn(map, boxOf(polygon))
  if (tiles === null) return found.all()
  const [width, height] = [map.width / SIDE, map.height / SIDE]
  for (let row = tiles.rows[0]; row <= tiles.rows[1]; row += 1) {
    for (let column = tiles.columns[0]; column <= tiles.columns[1]; column += 1) {
      const key = (row * SIDE + column) * LEVELS
      const [first, last] = [map.starts[key]!, map.starts[key + LEVELS]!]
      if (first === last) continue
      // A point on the border of two tiles is of the upper one, by rounding perhaps of the lower.
      const box = { left: (column - 0.01) * width, right: (column + 1.01) * width, low: (row - 0.01) * height, high: (row + 1.01) * height }
      if (isCrossed(polygon, box)) {
        for (let i = first; i < last; i += 1) if (isInside(polygon, map.x[i]!, map.y[i]!)) found.add(i)
      } else if (isInside(polygon, (column + 0.5) * width, (row + 0.5) * height)) {
        found.addRange(first, last)
      }
    }
  }
  return found.all()
}

/// What is on the screen.
export function boxOnScreen(camera: Camera, screen: Size, margin = 0): Box {
  const [left, high] = toMap(camera, screen, [-margin, -margin])
  const [right, low] = toMap(camera, screen, [screen.width + margin, screen.height + margin])
  return { left, right, low, high }
}

export function inView(map: Tiled, camera: Camera, screen: Size): Uint32Array {
  const { left, right, low, high } = boxOnScreen(camera, screen)
  const found = new Found()
  eachRange(map, { left, right, low, high }, (first, last) => {
    for (let i = first; i < last; i += 1) {
      if (map.x[i]! >= left && map.x[i]! <= right && map.y[i]! >= low && map.y[i]! <= high) found.add(i)
    }
  })
  return found.all()
}

/// The items of points, in order.
export function itemsOf(map: Tiled, points: ArrayLike<number>): Uint32Array {
  const items = new Uint32Array(points.length)
  for (let i = 0; i < items.length; i += 1) items[i] = map.items[points[i]!]!
  return items.sort()
}
