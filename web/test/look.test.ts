import { expect, test } from 'vitest'
import { fromHash, NOWHERE, queryOf, toHash } from '../src/look/address'
import { cellsOf, readHeat, strengthOf } from '../src/look/heat'
import { Pictures, type Picture, type Wanted } from '../src/look/pictures'
import { boxOf, moved, MOST_ZOOM, sidesOf, WHOLE, worthAsking, zoomed } from '../src/look/place'
import { findItem, highestOf, likeliest, lineOf, nearestOf, placeOf, spread, within, type Series } from '../src/look/slices'
import { applyShades, dragged, readWindow, SHADES, shadesOf, windowOf, written } from '../src/look/window'

const screen = { width: 400, height: 200 }
const square = { width: 100, height: 100 }

const seriesOf = (first: number, count: number, more: Partial<Series> = {}): Series => ({
  series: `1.2.${first}`, items: Array.from({ length: count }, (_, i) => ({ item: first + i, frame: 1, frames: 1 })), ...more,
})

test('an address goes there and back, and what makes no sense in it is passed over', () => {
  const place = { archive: 'clinic', study: '1.2.3', at: 7, compare: '1.2.4', text: 'a & b', items: [3, 4] }
  expect(fromHash(toHash(place))).toEqual(place)
  expect(toHash(place)).toMatch(/^view=look&archive=clinic&study=1\.2\.3&at=7&compare=/)
  expect(fromHash('#view=look')).toEqual(NOWHERE)
  expect(fromHash('at=-1&item=x&item=5&item=5&item=99999999999')).toEqual({ ...NOWHERE, items: [5] })
})

test('a query is words, images or nothing', () => {
  expect(queryOf(NOWHERE)).toBeNull()
  expect(queryOf({ ...NOWHERE, text: '  ' })).toBeNull()
  expect(queryOf({ ...NOWHERE, text: ' mass ', items: [2] })).toEqual({ text: 'mass', item: [2] })
  expect(queryOf({ ...NOWHERE, items: [2] })).toEqual({ item: [2] })
})

test('a drag to the right widens the window, one down raises it, and neither loses it', () => {
  const from = { center: 40, width: 400 }
  expect(dragged(from, 0, 0)).toEqual(from)
  expect(dragged(from, 50, 0).width).toBeGreaterThan(400)
  expect(dragged(from, -50, 0).width).toBeLessThan(400)
  expect(dragged(from, 0, 50).center).toBeGreaterThan(40)
  expect(dragged(from, -1e6, 0).width).toBe(1)
  expect(dragged(from, 1e6, 1e9)).toEqual({ center: 1e6, width: 1e6 })
  expect(windowOf(1.234567, 2)).toEqual({ center: 1.23, width: 2 })
})

test('a window is read as the server writes it, and nothing else is one', () => {
  expect(readWindow('-600,1500')).toEqual({ center: -600, width: 1500 })
  expect(readWindow('2048.5,1e+06')).toEqual({ center: 2048.5, width: 1e6 })
  for (const text of [null, '', '1', '1,0.5', '1,-5', 'nan,2', '1,2,3', 'lung', '<b>,2']) expect(readWindow(text)).toBeNull()
  expect(readWindow(written({ center: 40, width: 400 }))).toEqual({ center: 40, width: 400 })
})

test('shades stay as they are until their window is another', () => {
  expect([...shadesOf(SHADES)]).toEqual(Array.from({ length: 256 }, (_, i) => i))
  const table = shadesOf({ center: 100, width: 11 })
  expect([table[0], table[94], table[105], table[255]]).toEqual([0, 0, 255, 255])
  const pixels = new Uint8ClampedArray([0, 99, 255, 7])
  applyShades(pixels, table)
  expect([pixels[0], pixels[2], pixels[3]]).toEqual([0, 255, 7])
})

test('a picture fits the screen, in the proportions of the patient', () => {
  expect(boxOf(screen, square, WHOLE)).toEqual({ left: 100, top: 0, width: 200, height: 200 })
  expect(sidesOf(100, 50, [2, 1])).toEqual({ width: 100, height: 100 })
  expect(sidesOf(100, 50, [1, 0])).toEqual({ width: 100, height: 50 })
  expect(sidesOf(100, 50, null)).toEqual({ width: 100, height: 50 })
})

test('zooming keeps what is below the pointer, and ends; moving does not lose the picture', () => {
  const at = [150, 60] as const
  const share = (view: typeof WHOLE): readonly [number, number] => {
    const box = boxOf(screen, square, view)
    return [(at[0] - box.left) / box.width, (at[1] - box.top) / box.height]
  }
  const near = zoomed(screen, square, WHOLE, 3, at)
  expect(share(near)[0]).toBeCloseTo(share(WHOLE)[0])
  expect(share(near)[1]).toBeCloseTo(share(WHOLE)[1])
  expect(zoomed(screen, square, near, 1e9, at).zoom).toBe(MOST_ZOOM)
  expect(zoomed(screen, square, near, 1e-9, at)).toEqual(WHOLE)
  expect(moved(screen, square, WHOLE, 50, 50)).toEqual(WHOLE)
  const far = boxOf(screen, square, moved(screen, square, near, 1e9, -1e9))
  expect(far.left).toBeLessThanOrEqual(200)
  expect(far.top + far.height).toBeGreaterThanOrEqual(100)
})

test('a few sizes are asked for, and no more than the server sends', () => {
  expect(worthAsking(screen, 1, 1)).toBe(512)
  expect(worthAsking(screen, 2, 1)).toBe(1024)
  expect(worthAsking(screen, 1, 24)).toBe(4096)
  expect(worthAsking({ width: 0, height: 0 }, 1, 1)).toBe(256)
})

test('a strip has the first and the last slice, and some between', () => {
  expect(spread(3, 16)).toEqual([0, 1, 2])
  expect(spread(101, 5)).toEqual([0, 25, 50, 75, 100])
  expect(nearestOf([0, 25, 50], 30)).toBe(25)
  expect([within(-1, 5), within(9, 5), within(0, 0)]).toEqual([0, 4, 0])
})

test('an image is found in its series, and the first slice stands for one that is not there', () => {
  const all = [seriesOf(10, 3), seriesOf(20, 2)]
  expect(findItem(all, 21)).toEqual({ series: 1, slice: 1 })
  expect(findItem(all, 99)).toEqual({ series: 0, slice: 0 })
  expect(findItem([], null)).toEqual({ series: 0, slice: 0 })
})

test('the series beside one is of its modality, and about as long', () => {
  const all = [seriesOf(1, 1, { modality: 'CT' }), seriesOf(10, 40, { modality: 'MR' }), seriesOf(60, 30, { modality: 'CT' })]
  expect(likeliest(all, seriesOf(0, 28, { modality: 'CT' }))).toBe(2)
  expect(likeliest(all, undefined)).toBe(0)
})

test('the line below the slider has the highest value on top', () => {
  expect(lineOf([0, 1, 0.5])).toBe('0.00,95.00 50.00,5.00 100.00,50.00')
  expect(lineOf([0.3, undefined, 0.3])).toBe('0.00,50.00 100.00,50.00')
  expect(lineOf([0.3])).toBe('50.00,50.00')
  expect(highestOf([undefined, 0.1, 0.4, 0.4])).toBe(2)
  expect(highestOf([])).toBeNull()
})

test('the last pictures are kept as far as they fit, and each is asked for once', async () => {
  const asked: number[] = []
  const load = async ({ item }: Wanted): Promise<Picture> => {
    asked.push(item)
    return { item, image: { width: 10, height: 10 } as ImageBitmap, columns: 10, rows: 10, spacing: null, window: null, instead: null }
  }
  const pictures = new Pictures(load, 800)
  const wanted = (item: number): Wanted => ({ archive: 'a', item, thumb: false, window: null, size: 256 })
  const { signal } = new AbortController()
  for (const item of [1, 2, 1, 3]) await pictures.fetch(wanted(item), signal)
  expect(asked).toEqual([1, 2, 3])
  expect(pictures.get(wanted(2))).toBeUndefined() // the one that was looked at longest ago
  expect(pictures.get(wanted(1))?.item).toBe(1)
  expect(pictures.get({ ...wanted(1), window: 'lung' })).toBeUndefined()
  pictures.clear()
  expect(pictures.get(wanted(3))).toBeUndefined()
})

test('a map of an image lies over it, cell by cell, and what is none is refused', () => {
  const answer = {
    rows: 2, cols: 2, picture: [20, 10], covers: [0, 0, 20, 10], x: [0, 10, 20], y: [0, 5, 10], resolution: '2 x 2 cells',
    maps: [{ query: 'search', least: 0.1, most: 0.5, whole: 0.3, cosines: [[0.1, 0.3], [0.1, 0.5]] }],
  }
  const heat = readHeat(answer)
  expect([heat.least, heat.most, heat.resolution]).toEqual([0.1, 0.5, '2 x 2 cells'])
  expect(strengthOf(heat, 0.1)).toBe(0)
  expect(strengthOf(heat, 0.5)).toBeGreaterThan(strengthOf(heat, 0.3))
  const cells = cellsOf(heat, { left: 100, top: 50, width: 200, height: 100 })
  expect(cells.map(({ left, top, width, height }) => [left, top, width, height])).toEqual([[200, 50, 100, 50], [200, 100, 100, 50]])
  expect(cellsOf({ ...heat, least: 0.5 }, { left: 0, top: 0, width: 1, height: 1 })).toEqual([])
  for (const other of [
    null, [], {}, { ...answer, picture: [0, 1] }, { ...answer, x: [0] }, { ...answer, maps: [] },
    { ...answer, maps: [{ cosines: [[1, 2]] }] }, { ...answer, maps: [{ cosines: [[1, 2], [3, 'x']] }] },
    { ...answer, maps: [{ cosines: [[1, 2], [3, 4], [5, 6]] }] },
  ]) expect(() => readHeat(other)).toThrow(/^heatmap: expected/)
})

test('the nearest slice is found through the window that is shown', () => {
  const seen = (first: number, window: string): Series => ({
    series: '1.2', window, items: [0, 1].map((i) => ({ item: first + i, image: `1.2.${i}`, frame: 1, frames: 1, window })),
  })
  const [lung, bone] = [seen(10, 'lung'), seen(20, 'bone')]
  expect(placeOf(11, lung, [lung, bone])).toBe(1)
  expect(placeOf(11, bone, [lung, bone])).toBe(1)
  expect(placeOf(99, bone, [lung, bone])).toBe(-1)
  expect(placeOf(undefined, bone, [lung, bone])).toBe(-1)
  expect(placeOf(11, undefined, [lung, bone])).toBe(-1)
  const unnamed = seriesOf(30, 2)
  expect(placeOf(30, seriesOf(40, 2), [unnamed])).toBe(-1)
})
