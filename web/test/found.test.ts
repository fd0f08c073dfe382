import { expect, test } from 'vitest'
import type { Result, Results } from '../src/api/client'
import { firstPage, judgementOf, withPage } from '../src/found'

const result = (rank: number, verdict?: 'match' | 'weak' | 'none'): Result =>
  ({ item: rank, rank, score: 0.5, ...(verdict === undefined ? {} : { verdict }) })
const page = (results: Result[], archive = 'a'): Results => ({
  results, exact: true, snapshot: 1, searched: 9, excluded: {}, more: true, cursor: '1', provenance: { archive },
})

test('nothing matches only where no result does', () => {
  expect(judgementOf([])).toBeNull()
  expect(judgementOf([result(1, 'none'), result(2, 'none')])).toBe('none')
  expect(judgementOf([result(1, 'weak'), result(2, 'none')])).toBe('weak')
  expect(judgementOf([result(1, 'none'), result(2, 'match')])).toBeNull()
  expect(judgementOf([result(1)])).toBe('unjudged')
})

test('a page of another archive is not put behind the first', () => {
  const first = firstPage('clinic', page([result(1)]))
  expect(withPage(first, page([result(2)])).results.map((one) => one.rank)).toEqual([1, 2])
  const other = withPage(first, page([result(2)], 'b'))
  expect(other.results.length).toBe(1)
  expect(other.replaced).toBe(true)
})
