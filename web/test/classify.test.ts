import { expect, test } from 'vitest'
import type { Classified } from '../src/api/client'
import { toCsv } from '../src/classify/csv'
import { archiveOf, bestOf, fill, fromHash, problemOf, toBody, toHash, USUAL, type Form } from '../src/classify/form'
import type { LocalImage } from '../src/query'
import { viewOf } from '../src/views'

const form: Form = {
  ...USUAL, labels: ' chest & head \n\na=b', templates: 'a {}\nthe {}', multilabel: true, where: 'modality=CT', unit: 'series', limit: '1000',
}
const image: LocalImage = { id: 1, name: 'a.dcm', base64: 'QUJD', file: new Blob([]), away: false }

test('an address gives back what was classified', () => {
  const hash = toHash('a&b', form)
  expect(viewOf(hash)).toBe('classify')
  expect(archiveOf(`#${hash}`)).toBe('a&b')
  expect(fromHash(`#${hash}`)).toEqual({ ...form, labels: 'chest & head\na=b' })
  expect(fromHash(toHash('', { ...USUAL, of: 'files', classifier: 'x' }))).toEqual({ ...USUAL, of: 'files', classifier: 'x' })
  expect(toHash('', USUAL)).toBe('view=classify')
})

test('an address from anybody is a form or nothing', () => {
  expect(fromHash('of=evil&unit=__proto__&limit=7&multilabel=yes&label=&label=%0A&template=+')).toEqual(USUAL)
  expect(fromHash('label=a%0Ab').labels).toBe('a b')
})

test('what the form says is asked for, and nothing else', () => {
  expect(toBody(form, [image])).toEqual({
    labels: ['chest & head', 'a=b'], templates: ['a {}', 'the {}'], multilabel: true, where: 'modality=CT', by: 'series', limit: 1000,
  })
  expect(toBody({ ...form, of: 'files', classifier: 'c', multilabel: false }, [image])).toEqual({ classifier: 'c', image: ['QUJD'] })
  expect(toBody({ ...USUAL, labels: 'a\nb' }, [])).toEqual({ labels: ['a', 'b'], by: 'image', limit: 100 })
})

test('what was chosen on the map is classified in place of what a filter lets by, by the labels that were typed', () => {
  const hash = toHash('a', { ...USUAL, items: [3, 7] })
  expect(hash).toBe('view=classify&archive=a&item=3&item=7')
  expect(fill(form, hash)).toEqual({ ...form, items: [3, 7], where: '', unit: 'image', limit: '100' })
  expect(fill(form, 'label=x').labels).toBe('x')
  expect(fromHash('item=3&item=x&item=3&item=-1&item=1e9').items).toEqual([3])
  expect(toBody({ ...form, items: [3] }, [])).toEqual({ labels: ['chest & head', 'a=b'], templates: ['a {}', 'the {}'], multilabel: true, items: [3] })
})

test('what cannot be asked is said before it is', () => {
  expect(problemOf(form, 0)).toBe('')
  expect(problemOf({ ...USUAL, labels: 'a' }, 0)).toContain('Two labels')
  expect(problemOf({ ...USUAL, labels: 'a', multilabel: true }, 0)).toBe('')
  expect(problemOf({ ...USUAL, labels: 'a\n a ' }, 0)).toContain('twice')
  expect(problemOf({ ...form, templates: 'a {}\nnone' }, 0)).toContain('{}')
  expect(problemOf({ ...USUAL, of: 'files', classifier: 'c' }, 0)).toContain('Add a file')
  expect(problemOf({ ...USUAL, of: 'files', classifier: 'c' }, 1)).toBe('')
})

test('scores are shown best first, and saved label by label', () => {
  const answer: Classified = {
    labels: ['a', '"b"'], multilabel: false, chosen: 2, snapshot: 1, more: false,
    results: [{ item: 4, modality: 'CT', label: '"b"', scores: [0.25, 0.75], cosine: 0.5, verdict: 'none' }, { file: 1, label: 'a', scores: [0.9, 0.1] }],
  }
  expect(bestOf(answer.results[0]!, answer.labels, 1)).toEqual([{ label: '"b"', score: 0.75 }])
  expect(toCsv(answer, ['x,y.png'])).toBe([
    'file,item,path,frame,study,series,image,modality,date,label,verdict,cosine,a,"""b"""',
    ',4,,,,,,CT,,"""b""",none,0.5,0.25,0.75',
    '"x,y.png",,,,,,,,,a,,,0.9,0.1', '',
  ].join('\n'))
  const hostile: Classified = { ...answer, labels: ['=a', 'b'], results: [{ file: 1, label: '=a', scores: [-0.5, 0.5] }] }
  expect(toCsv(hostile, ['@x.png']).split('\n').slice(0, 2).map((line) => line.split(','))).toEqual([
    expect.arrayContaining(["'=a"]), ["'@x.png", ...Array.from({ length: 8 }, () => ''), "'=a", '', '', '-0.5', '0.5'],
  ])
})
