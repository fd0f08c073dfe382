import { expect, test } from 'vitest'
import { whole, type At } from '../src/map/camera'
import { boxOnScreen, inside, inView, itemsOf, nearest } from '../src/map/choose'
import { denseIn, named, sampleOf } from '../src/map/groups'
import type { Points } from '../src/map/points'
import { levelFor, LEVELS, pointOf, SIDE, tiled, type Tiled } from '../src/map/tiles'

/// The same numbers in every run.
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/// Two hills and what is around them; items are no row of numbers.
function cloud(count: number): Points {
  const next = random(count)
  const places = Array.from({ length: count }, (_, i): At => {
    const [x, y] = i % 3 === 0 ? [next() * 30, next() * 20] : i % 3 === 1 ? [6 + next() * 2, 5 + next() * 2] : [22 + next(), 14 + next()]
    return [Math.round((x / 30) * 65535) / 65535 * 30, Math.round((y / 20) * 65535) / 65535 * 20]
  })
  return {
    count, width: 30, height: 20, placed: 0, x: Float32Array.from(places, ([x]) => x), y: Float32Array.from(places, ([, y]) => y),
    items: Uint32Array.from(places, (_, i) => 3 * i + 1), facets: Uint16Array.from(places, (_, i) => i % 3),
  }
}

const screen = { width: 300, height: 200 }
const upTo = (map: Tiled, level: number): number[] => {
  const found: number[] = []
  for (let tile = 0; tile < SIDE * SIDE; tile += 1) {
    for (let i = map.starts[tile * LEVELS]!; i < map.starts[tile * LEVELS + level + 1]!; i += 1) found.push(i)
  }
  return found
}
const cellsOf = (map: Tiled, points: readonly number[], bits: number): Set<number> => new Set(points.map((i) => {
  const [x, y] = [map.x[i]! / map.width, map.y[i]! / map.height].map((at) => Math.min(2 ** bits - 1, Math.floor(at * 2 ** bits)))
  return y! * 2 ** bits + x!
}))

test('every point is there once, with what it has', () => {
  const points = cloud(5000)
  const map = tiled(points)
  expect([...map.items].sort((a, b) => a - b)).toEqual([...points.items])
  for (const i of [0, 1, 77, 4999]) {
    const at = pointOf(map, points.items[i]!)!
    expect([map.x[at], map.y[at], map.facets[at]]).toEqual([points.x[i], points.y[i], points.facets[i]])
  }
  expect([pointOf(map, 0), pointOf(map, 2), pointOf(map, 4294967295)]).toEqual([null, null, null])
  expect(tiled(cloud(0)).count).toBe(0)
})

test('a level has one point of every cell that has any, and the finest has all', () => {
  const map = tiled(cloud(20_000))
  const all = upTo(map, LEVELS - 1)
  expect(all).toHaveLength(20_000)
  for (const level of [0, 1, 2]) {
    const some = upTo(map, level)
    const cells = cellsOf(map, all, level + 6)
    expect(cellsOf(map, some, level + 6).size).toBe(cells.size)
    expect(some).toHaveLength(cells.size)
  }
})

test('no more points are drawn than there is time for, and all of what is near', () => {
  const map = tiled(cloud(20_000))
  const camera = whole(map, screen)
  const level = levelFor(map, boxOnScreen(camera, screen), 4000)
  expect(upTo(map, level).length).toBeLessThanOrEqual(4000)
  expect(upTo(map, level + 1).length).toBeGreaterThan(4000)
  expect(levelFor(map, boxOnScreen({ ...camera, scale: camera.scale * 30 }, screen), 4000)).toBe(LEVELS - 1)
  expect(levelFor(map, boxOnScreen(camera, screen), 20_000)).toBe(LEVELS - 1)
})

test('the pointer, a lasso and the screen find what a look at every point finds', () => {
  const points = cloud(5000)
  const map = tiled(points)
  const camera = whole(map, screen)
  const next = random(5)
  const every = points.items.map((_, i) => i)
  const within = (x: number, y: number, polygon: readonly At[]): boolean => polygon.reduce((is, [xi, yi], i) => {
    const [xj, yj] = polygon[(i + polygon.length - 1) % polygon.length]!
    return yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi ? !is : is
  }, false)
  for (let round = 0; round < 20; round += 1) {
    const polygon = Array.from({ length: 3 + round }, (): At => [next() * 34 - 2, next() * 24 - 2])
    const wanted = every.filter((i) => within(points.x[i]!, points.y[i]!, polygon)).map((i) => points.items[i]!)
    expect(itemsOf(map, inside(map, polygon))).toEqual(Uint32Array.from(wanted))
    const [x, y] = [next() * 30, next() * 20]
    const close = { x, y, scale: camera.scale * (1 + round) }
    const shown = every.filter((i) => Math.abs(points.x[i]! - x) <= 150 / close.scale && Math.abs(points.y[i]! - y) <= 100 / close.scale)
    expect(itemsOf(map, inView(map, close, screen))).toEqual(Uint32Array.from(shown, (i) => points.items[i]!))
    const far = (i: number): number => Math.hypot(points.x[i]! - x, points.y[i]! - y)
    const nearer = [...every].sort((a, b) => far(a) - far(b)).slice(0, 6).filter((i) => far(i) <= 40 / close.scale)
    const found = nearest(map, close, screen, [150, 100], 40, 6)
    expect(found.map((i) => Math.hypot(map.x[i]! - x, map.y[i]! - y).toFixed(4))).toEqual(nearer.map((i) => far(i).toFixed(4)))
  }
})

test('groups are where points lie densely, and have the words that most of their images are nearest to', () => {
  const map = tiled(cloud(3000))
  const dense = denseIn(map)
  const near = ([x, y]: At, [wantedX, wantedY]: At): boolean => Math.hypot(x - wantedX, y - wantedY) < 1.5
  expect(near(dense[0]!.at, [7, 6]) || near(dense[1]!.at, [7, 6])).toBe(true)
  expect(near(dense[0]!.at, [22.5, 14.5]) || near(dense[1]!.at, [22.5, 14.5])).toBe(true)
  const told = {
    labels: ['left', 'right'], multilabel: false, chosen: 1, snapshot: 1, more: false,
    results: dense.slice(0, 2).flatMap((group) => sampleOf(map, group).map((item) => {
      const left = group.at[0] < 15
      return { item, label: left ? 'left' : 'right', scores: left ? [0.9, 0.1] : [0.2, 0.8], verdict: 'match' as const }
    })),
  }
  const groups = named(map, dense, told)
  expect(groups.map(({ name, at }) => [name, at[0] < 15])).toEqual(dense.slice(0, 2).map(({ at }) => [at[0] < 15 ? 'left' : 'right', at[0] < 15]))
  expect(named(map, dense, { ...told, results: told.results.map((row) => ({ ...row, verdict: 'none' as const })) })).toEqual([])
})
