import { expect, test } from 'vitest'
import { boxesToList, EMPTY, fromHash, hasPositive, isEmpty, MAX_PARTS, parts, toBody, toHash, withItem, withoutItem, type LocalImage, type Query } from '../src/query'

const query: Query = {
  ...EMPTY,
  archive: 'chest', text: 'a & b = "c" # 100 %', notText: '\u05e9\u05dc\u05d5\u05dd',
  also: [{ text: 'a+b', away: false }, { text: '&text=c', away: true }], items: [3, 4], notItems: [5],
  chosen: { site: ['-', '+', null, 'a=b&c'], month: ['2020-05'] }, where: 'date>=2020', by: 'series', match: 'mean',
  samePatient: 'only',
}
const image: LocalImage = { id: 1, name: 'a.dcm', base64: 'QUJD', file: new Blob([]), away: false }

test('an address gives back the query that it was made of', () => {
  expect(fromHash(`#${toHash(query)}`)).toEqual(query)
  expect(toHash(EMPTY)).toBe('')
})

test('an address from anybody is a query or nothing', () => {
  const read = fromHash('#item=-1&item=x&item=&item=0x10&item=1e2&item=1e99&item=7&item=07&by=evil&match=&same_patient=__proto__&f.__proto__=%2Bx&f.A B=%2By&f.site=z&key=secret')
  expect(read).toEqual({ ...EMPTY, items: [7] })
  expect(toHash(read)).toBe('item=7')
})

test('an address that has too much is read as far as it takes to say so', () => {
  const many = (name: string, of = ''): string => Array.from({ length: 50_000 }, (_, i) => `${name}=${of}${i}`).join('&')
  const read = fromHash([many('also'), many('item'), many('not_item'), many('f.site', '%2B')].join('&'))
  expect([read.also.length, read.items.length, read.notItems.length, read.chosen['site']!.length]).toEqual([65, 65, 65, 200])
  expect(parts(read, [])).toBeGreaterThan(MAX_PARTS)
})

test('a search asks for what the query says and nothing else', () => {
  expect(toBody({ ...EMPTY, text: ' head ' }, [])).toEqual({ k: 24, by: 'study', text: 'head' })
  expect(toBody(query, [image, { ...image, id: 2, away: true }], '1.2')).toEqual({
    k: 24, by: 'series', text: [query.text, 'a+b'], not_text: [query.notText, '&text=c'], item: [3, 4], not_item: [5], image: ['QUJD'],
    not_image: ['QUJD'], match: 'mean', same_patient: 'only', cursor: '1.2',
    where: '(site="-" or site="+" or not site~"" or site="a=b&c") and date="2020-05" and (date>=2020)',
  })
})

test('the same patient alone is not asked of words, which have none', () => {
  expect(toBody({ ...EMPTY, text: 'a', samePatient: 'only' }, [])).not.toHaveProperty('same_patient')
})

test('looking away alone is no search', () => {
  expect(hasPositive({ ...EMPTY, notText: 'a', notItems: [1] }, [{ ...image, away: true }])).toBe(false)
  expect(hasPositive(EMPTY, [image])).toBe(true)
  expect(hasPositive({ ...EMPTY, text: '  ' }, [])).toBe(false)
})

test('several words are asked for at once, and each can be turned', () => {
  const first = boxesToList({ ...EMPTY, text: ' head ', notText: 'motion' })
  expect(first).toMatchObject({ text: '', notText: '', also: [{ text: 'head', away: false }, { text: 'motion', away: true }] })
  const second = boxesToList({ ...first, text: 'motion' })
  expect(second.also).toEqual([{ text: 'head', away: false }, { text: 'motion', away: false }])
  expect(toBody({ ...second, text: 'head', notText: 'blur' }, [])).toEqual({ k: 24, by: 'study', text: ['head', 'motion'], not_text: 'blur' })
  expect(parts({ ...second, text: 'head' }, [])).toBe(2)
  expect(hasPositive({ ...EMPTY, also: [{ text: 'a', away: true }] }, [])).toBe(false)
  expect(isEmpty({ ...EMPTY, also: [{ text: 'a', away: true }] }, [])).toBe(false)
  expect(fromHash('also=a&not_also=b&also=+&also=a&not_also=a').also).toEqual([{ text: 'a', away: true }, { text: 'b', away: true }])
})

test('a result is added to what is asked for, on one side of it', () => {
  const asked = withItem(withItem({ ...EMPTY, text: 'head', items: [1] }, 2, false), 3, true)
  expect(asked).toMatchObject({ text: 'head', items: [1, 2], notItems: [3] })
  expect(withItem(asked, 2, true)).toMatchObject({ items: [1], notItems: [3, 2] })
  expect(withItem(asked, 1, false).items).toEqual([2, 1])
  expect(withoutItem(asked, 3).notItems).toEqual([])
})
