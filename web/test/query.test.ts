import { expect, test } from 'vitest'
import { EMPTY, fromHash, hasPositive, toBody, toHash, type LocalImage, type Query } from '../src/query'

const query: Query = {
  ...EMPTY,
  archive: 'chest', text: 'a & b = "c" # 100 %', notText: '\u05e9\u05dc\u05d5\u05dd', items: [3, 4], notItems: [5],
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

test('a search asks for what the query says and nothing else', () => {
  expect(toBody({ ...EMPTY, text: ' head ' }, [])).toEqual({ k: 24, by: 'study', text: 'head' })
  expect(toBody(query, [image, { ...image, id: 2, away: true }], '1.2')).toEqual({
    k: 24, by: 'series', text: query.text, not_text: query.notText, item: [3, 4], not_item: [5], image: ['QUJD'],
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
