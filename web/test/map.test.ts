import { expect, test } from 'vitest'
import { fromHash, toHash } from '../src/map/address'
import { pan, toMap, toScreen, whole, zoom, type At } from '../src/map/camera'
import { inside, inView, itemsOf, nearest } from '../src/map/choose'
import { countSlots, DIM, NAMED, NONE, OTHER, packed, PALETTES, slotOf, slotsOf } from '../src/map/colours'
import { paint, paintMarks } from '../src/map/paint'
import { decode, type Points } from '../src/map/points'
import { tiled, type Tiled } from '../src/map/tiles'

interface Point {
  x: number
  y: number
  item: number
  facet: number
  placed?: boolean
}

function bytesOf(points: readonly Point[], bounds: readonly number[] = [-1, 1, 0, 4]): ArrayBuffer {
  const buffer = new ArrayBuffer(40 + 12 * points.length)
  const bytes = new DataView(buffer)
  ;[...'MI2POINT'].forEach((c, i) => bytes.setUint8(i, c.charCodeAt(0)))
  bytes.setUint32(8, 1, true)
  bytes.setUint32(12, points.length, true)
  bounds.forEach((bound, i) => bytes.setFloat32(16 + 4 * i, bound, true))
  points.forEach(({ x, y, item, facet, placed }, i) => {
    const at = 40 + 12 * i
    bytes.setUint16(at, x, true)
    bytes.setUint16(at + 2, y, true)
    bytes.setUint32(at + 4, item, true)
    bytes.setUint16(at + 8, facet, true)
    bytes.setUint16(at + 10, placed === true ? 1 : 0, true)
  })
  return buffer
}

/// Corners of a square of 10 by 10, and its middle.
const square = (): Points => decode(bytesOf([
  { x: 0, y: 0, item: 7, facet: 1 }, { x: 65535, y: 0, item: 8, facet: 2 }, { x: 0, y: 65535, item: 9, facet: 0 },
  { x: 65535, y: 65535, item: 4294967295, facet: 65535, placed: true }, { x: 32768, y: 32768, item: 11, facet: NAMED + 1 },
], [0, 10, 0, 10]))

const laidOut = (): Tiled => tiled(square())
const itemsAt = (points: Tiled, some: ArrayLike<number>): number[] => Array.from(some, (point) => points.items[point]!)

const screen = { width: 200, height: 100 }

test('points are read as they are sent', () => {
  const points = square()
  expect([points.count, points.width, points.height, points.placed]).toEqual([5, 10, 10, 1])
  expect([...points.items]).toEqual([7, 8, 9, 4294967295, 11])
  expect([...points.x.slice(0, 4)]).toEqual([0, 10, 0, 10])
  expect(points.y[4]).toBeCloseTo(5, 3)
})

test('what is no map is refused, whatever it says of its length', () => {
  const whole = bytesOf([{ x: 1, y: 1, item: 1, facet: 1 }])
  for (const length of [0, 8, 39, 51]) expect(() => decode(whole.slice(0, length))).toThrow(/^map: expected/)
  const many = bytesOf([{ x: 1, y: 1, item: 1, facet: 1 }])
  new DataView(many).setUint32(12, 0xffffffff, true)
  expect(() => decode(many)).toThrow('expected 51539607580 bytes, got 52')
  const newer = bytesOf([])
  new DataView(newer).setUint32(8, 2, true)
  expect(() => decode(newer)).toThrow('expected version 1, got 2')
  for (const bounds of [[0, NaN, 0, 1], [0, Infinity, 0, 1], [1, 0, 0, 1]]) {
    expect(() => decode(bytesOf([], bounds))).toThrow('expected finite bounds')
  }
  expect(decode(bytesOf([])).count).toBe(0)
})

test('all of the map fits, up is up, and a place goes to the screen and back', () => {
  const points = square()
  const camera = whole(points, screen)
  const corners: At[] = [[0, 0], [10, 0], [0, 10], [10, 10]]
  for (const corner of corners) {
    const [x, y] = toScreen(camera, screen, corner)
    expect(x >= 0 && x <= 200 && y >= 0 && y <= 100).toBe(true)
    expect(toMap(camera, screen, [x, y])[0]).toBeCloseTo(corner[0])
    expect(toMap(camera, screen, [x, y])[1]).toBeCloseTo(corner[1])
  }
  expect(toScreen(camera, screen, [5, 10])[1]).toBeLessThan(toScreen(camera, screen, [5, 0])[1])
  expect(whole({ width: 0, height: 0 }, screen).scale).toBe(1) // one point, or none
})

test('zooming keeps what is below the pointer, and ends; panning does not lose the map', () => {
  const points = square()
  const camera = whole(points, screen)
  const before = toMap(camera, screen, [30, 20])
  const near = zoom(camera, points, screen, 3, [30, 20])
  expect(toMap(near, screen, [30, 20])[0]).toBeCloseTo(before[0])
  expect(toMap(near, screen, [30, 20])[1]).toBeCloseTo(before[1])
  let far = camera
  for (let i = 0; i < 100; i += 1) far = zoom(far, points, screen, 0.5, [100, 50])
  expect(far.scale).toBeCloseTo(camera.scale / 2)
  const gone = pan(camera, points, 1e9, -1e9)
  expect([gone.x, gone.y]).toEqual([0, 0])
})

test('the nearest points come first, and none is farther than asked', () => {
  const points = laidOut()
  const camera = whole(points, screen)
  const at = toScreen(camera, screen, [1, 1])
  expect(itemsAt(points, nearest(points, camera, screen, at, 1000, 3))).toEqual([7, 11, 8])
  expect(nearest(points, camera, screen, at, 1000, 9)).toHaveLength(5)
  expect(itemsAt(points, nearest(points, camera, screen, at, 1.5 * camera.scale, 9))).toEqual([7])
  expect(nearest(points, camera, screen, at, 1, 9)).toEqual([])
})

test('a lasso has what lies in it, and the screen what is on it', () => {
  const points = laidOut()
  const items = (some: Uint32Array): number[] => [...itemsOf(points, some)]
  expect(items(inside(points, [[-1, -1], [12, -1], [-1, 12]]))).toEqual([7, 8, 9, 11])
  expect(items(inside(points, [[4, 4], [6, 4], [6, 6], [4, 6]]))).toEqual([11])
  expect(items(inside(points, [[-1, -1], [11, -1], [11, 11], [-1, 11]]))).toEqual([7, 8, 9, 11, 4294967295])
  expect(items(inside(points, []))).toEqual([])
  const camera = whole(points, screen)
  expect(items(inView(points, camera, screen))).toEqual([7, 8, 9, 11, 4294967295])
  expect(items(inView(points, { ...camera, scale: camera.scale * 4 }, screen))).toEqual([11])
})

test('the most frequent values have colours of their own, the others share one', () => {
  expect([0, 1, NAMED, NAMED + 1, 65535].map(slotOf)).toEqual([NONE, 0, NAMED - 1, OTHER, OTHER])
  const counts = countSlots(slotsOf(square().facets))
  expect([counts[0], counts[1], counts[OTHER], counts[NONE]]).toEqual([1, 1, 2, 1])
})

/// WCAG 2.2, relative luminance.
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}

test.each([['dark', '#141b22'], ['light', '#ffffff']] as const)('every colour can be seen on %s, and no two are the same', (theme, background) => {
  const colours = PALETTES[theme]
  expect(colours).toHaveLength(DIM + 1)
  expect(new Set(colours).size).toBe(colours.length)
  for (const colour of colours.slice(0, DIM)) {
    const [low, high] = [luminance(colour), luminance(background)].sort((a, b) => a - b)
    expect((high! + 0.05) / (low! + 0.05), colour).toBeGreaterThanOrEqual(3)
  }
})

test('points are painted where they lie, within the picture, what is looked at above what is not', () => {
  const points = laidOut()
  const look = { slots: slotsOf(points.facets), dim: null, colours: packed(PALETTES.dark), radius: 1 }
  const { colours } = look
  const picture = { width: 22, height: 22, pixels: new Uint32Array(22 * 22) }
  const camera = { x: 5, y: 5, scale: 2 }
  const at = (x: number, y: number): number => picture.pixels[y * 22 + x]!
  const dimming = (map: Tiled, bright: number): Uint8Array => Uint8Array.from(map.items, (item) => (item === bright ? 0 : 1))
  paint(picture, points, camera, look)
  expect([at(1, 21), at(21, 21), at(1, 1), at(21, 1), at(11, 11)]).toEqual([0, 1, NONE, OTHER, OTHER].map((slot) => colours[slot]))
  expect(at(5, 5)).toBe(0)
  expect(new Uint8Array(colours.buffer)[3]).toBe(255)
  paint(picture, points, camera, { ...look, dim: dimming(points, 7) })
  expect([at(1, 21), at(1, 1)]).toEqual([colours[0], colours[DIM]])
  const covered = tiled(decode(bytesOf([{ x: 0, y: 0, item: 1, facet: 1 }, { x: 0, y: 0, item: 2, facet: 2 }], [0, 0, 0, 0])))
  for (const bright of [1, 2]) {
    paint(picture, covered, { x: 0, y: 0, scale: 1 }, { ...look, slots: slotsOf(covered.facets), dim: dimming(covered, bright) })
    expect(at(11, 11)).toBe(colours[bright - 1])
  }
  const one = tiled(decode(bytesOf([{ x: 0, y: 0, item: 1, facet: 1 }], [0, 0, 0, 0])))
  paint(picture, one, { x: 7.5, y: -5.5, scale: 2 }, { ...look, slots: slotsOf(one.facets), radius: 4 }) // beyond the upper left corner
  expect(picture.pixels.filter((pixel) => pixel !== 0)).toHaveLength(1)
  expect(at(0, 0)).toBe(colours[0])
})

test('marks are around their points, a ring without corners and a square with them', () => {
  const points = laidOut()
  const picture = { width: 22, height: 22, pixels: new Uint32Array(22 * 22) }
  const middle = Uint32Array.of(points.items.indexOf(11))
  const shapeOf = (mark: 'ring' | 'square'): boolean[] => {
    picture.pixels.fill(0)
    paintMarks(picture, points, { x: 5, y: 5, scale: 2 }, { mark, points: middle }, 7, 1)
    return [[15, 11], [15, 15], [11, 11], [17, 11]].map(([x, y]) => picture.pixels[y! * 22 + x!] === 7)
  }
  expect(shapeOf('ring')).toEqual([true, false, false, false])
  expect(shapeOf('square')).toEqual([true, true, false, false])
})

test('an address gives back the map that it was made of, and from anybody it is a map or nothing', () => {
  const place = { archive: 'a&b', by: 'series', colour: 'station', chosen: { site: ['n', null] }, where: 'date>=2020' } as const
  expect(fromHash(toHash(place))).toEqual(place)
  expect(fromHash('#view=map&by=evil&colour=__proto__&f.path=%2Bx&key=secret')).toEqual({
    archive: '', by: 'image', colour: 'modality', chosen: {}, where: '',
  })
})
