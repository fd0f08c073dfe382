import { expect, test } from 'vitest'
import { acceptedOf, countsOf, decide, OPEN, undo, type DoubtfulTag } from '../src/quality/review'
import { linesOf, peakOf, timelineOf, xOf, yOf, type Group } from '../src/quality/series'

const results = [4, 5, 6].map((item): DoubtfulTag => ({
  item, field: 'plane', tag: null, suggested: 'axial', agreement: 0.9, method: 'neighbours:10', snapshot: 1,
}))

test('several tags are decided in one step, and each step is undone', () => {
  const both = decide(OPEN, [4, 6], 'accepted')
  const mixed = decide(both, [6, 5], 'rejected')
  expect(acceptedOf(both, results).map(({ item }) => item)).toEqual([4, 6])
  expect(countsOf(mixed, results)).toEqual({ accepted: 1, rejected: 2, open: 0 })
  expect(undo(mixed)).toBe(both)
  expect(countsOf(undo(undo(mixed)), results)).toEqual({ accepted: 0, rejected: 0, open: 3 })
  expect(undo(OPEN)).toBe(OPEN)
})

test('what changes nothing is no step', () => {
  const once = decide(OPEN, [4], 'accepted')
  expect(decide(once, [4], 'accepted')).toBe(once)
  expect(decide(OPEN, [], 'rejected')).toBe(OPEN)
})

const group = (station: string | null, month: string | null, distance: number): Group => ({
  station, month, images: 2, sampled: 2, patients: 1, distance, p: 1, p_holm: 1, moved: [],
})
const drift = (...groups: Group[]) => ({ reference: 9, sampled: 9, patients: 5, snapshot: 1, groups })

test('drift is a line for each station over every month between, those that moved farthest first', () => {
  const found = timelineOf(drift(group('A', '2023-11', 0.1), group('A', '2024-02', 0.2), group('B', '2023-12', 0.4), group('B', null, 9)), ['station', 'month'])!
  expect(found.months).toEqual(['2023-11', '2023-12', '2024-01', '2024-02'])
  expect(found.series.map(({ name, groups }) => [name, groups.map((one) => one?.distance)])).toEqual([
    ['B', [undefined, 0.4, undefined, undefined]], ['A', [0.1, undefined, undefined, 0.2]],
  ])
  expect(found.most).toBe(0.4)
  expect(peakOf(found)).toBe(1)
})

test('without months there is no time, and months alone are one line', () => {
  expect(timelineOf(drift(group('A', '2024-01', 1)), ['station'])).toBeNull()
  expect(timelineOf(drift(group('A', null, 1), group('A', '2024-13', 1)), ['month'])).toBeNull()
  expect(timelineOf(drift(group(null, '2024-01', 1)), ['month'])!.series.map(({ name }) => name)).toEqual(['All images'])
})

test('dates from anybody make no endless line', () => {
  const found = timelineOf(drift(group('A', '0001-01', 1), group('A', '9999-12', 2)), ['station', 'month'])!
  expect(found.months).toHaveLength(1200)
  expect(found.series[0]!.groups.filter((one) => one !== undefined)).toHaveLength(1)
})

test('a month without images breaks the line', () => {
  const [a, b, c] = [group('A', '2024-01', 0), group('A', '2024-02', 1), group('A', '2024-04', 1)]
  expect(linesOf([a, b, undefined, c], 1)).toEqual([`${xOf(0, 4)},${yOf(0, 1)} ${xOf(1, 4)},${yOf(1, 1)}`])
  expect(yOf(1, 1)).toBe(5)
  expect(yOf(0, 0)).toBe(95)
})
