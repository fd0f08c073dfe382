import { afterEach, expect, test, vi } from 'vitest'
import type { Applied, Head } from '../src/api/client'
import { appliedCsv } from '../src/classify/csv'
import { forgetLabels, keepLabels, keptLabels } from '../src/classify/kept'
import {
  applyBody, areaInWords, countsOf, fromHash, inWords, labelsAfter, MAX_LABELLED, missing, modeOf, nextBody, searchBody, toHash, trainBody, USUAL, withStep, worthOf,
  wrongNames, type Form, type Step,
} from '../src/classify/labels'

const form: Form = { ...USUAL, labels: 'chest & x\nhead', text: 'ct', by: 'image', where: 'modality=CT', unit: 'series', order: 'probable', first: 'head', limit: '1000' }
const steps: readonly Step[] = [[[4, 'a']], [[7, 'b']], [[4, 'b']], [[7, null]]]

function storage(): Storage {
  const kept = new Map<string, string>()
  return new Proxy({
    getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => { kept.set(key, value) }, removeItem: (key: string) => { kept.delete(key) },
  } as Storage, { ownKeys: () => [...kept.keys()], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) })
}

afterEach(() => vi.unstubAllGlobals())

test('each step can be undone, to the label that was there before', () => {
  expect([...labelsAfter(steps)]).toEqual([[4, 'b']])
  expect([...labelsAfter(steps.slice(0, -1))]).toEqual([[7, 'b'], [4, 'b']])
  expect([...labelsAfter(steps.slice(0, -2))]).toEqual([[4, 'a'], [7, 'b']])
})

test('very many steps lose the oldest ways back, and no label', () => {
  let many: readonly Step[] = []
  for (let i = 0; i < MAX_LABELLED + 3; i += 1) many = withStep(many, [[i % 50, `l${i}`]])
  expect(many.length).toBe(MAX_LABELLED)
  expect(labelsAfter(many).size).toBe(50)
  expect(labelsAfter(many).get((MAX_LABELLED + 2) % 50)).toBe(`l${MAX_LABELLED + 2}`)
})

test('what is missing before a head can be trained is said', () => {
  const of = (...labels: string[]) => new Map(labels.map((label, i) => [i, label]))
  expect(missing(of())).toContain('two labels or more')
  expect(missing(of('a', 'a'))).toContain('“a”')
  expect(missing(of('a', 'a', 'b'))).toContain('“b”')
  expect(missing(of('a', 'a', 'b', 'b'))).toBe('')
  expect(countsOf(['b', 'c'], of('a', 'b', 'b'))).toEqual([['b', 2], ['c', 0], ['a', 1]])
  expect(wrongNames(['a', 'a'])).not.toBe('')
  expect(wrongNames(['a', 'é'.repeat(101)])).not.toBe('')
  expect(wrongNames(['a', 'é'.repeat(100)])).toBe('')
})

test('an address gives back the form, and from anybody a form or nothing', () => {
  const head = '0123456789abcdef'.repeat(2)
  const hash = toHash('a&b', { ...form, head })
  expect(modeOf(hash)).toBe('label')
  expect(fromHash(`#${hash}`)).toEqual({ ...form, head })
  expect(fromHash('mode=label&by=evil&unit=__proto__&order=x&limit=7&head=../../x&label=%0A')).toEqual(USUAL)
  expect(modeOf('view=classify&mode=evil')).toBe('words')
})

test('what is asked for is what the form says', () => {
  expect(searchBody(form)).toEqual({ text: 'ct', by: 'image', k: 1000, where: 'modality=CT' })
  expect(searchBody({ ...form, text: ' ', where: '', limit: '10000' })).toEqual({ text: ['chest & x', 'head'], by: 'image', k: 1000 })
  expect(applyBody(form)).toEqual({ by: 'series', order: 'probable', label: 'head', limit: 1000, where: 'modality=CT' })
  expect(applyBody(USUAL)).toEqual({ by: 'image', order: 'item', limit: 100 })
  expect(nextBody(USUAL, labelsAfter(steps))).toEqual({ by: 'image', order: 'uncertain', limit: 20, not_items: [4] })
  expect(trainBody(labelsAfter(steps), ' ', false)).toEqual({ items: [{ item: 4, label: 'b' }] })
  expect(trainBody(labelsAfter(steps), ' n ', true)).toEqual({ items: [{ item: 4, label: 'b' }], name: 'n', balanced: true })
})

test('figures are said in words, and wide intervals as wide', () => {
  expect(inWords({ value: 0.854, low: 0.6, high: 0.97 })).toBe('85 % (60 % to 97 %)')
  expect(inWords({ value: 1, low: null, high: null })).toBe('100 %')
  const head = (low: number | null, high: number | null): Head =>
    ({ items: Array(20).fill({ item: 1, label: 'a' }), report: { labels: ['a', 'b'], balanced_accuracy: { value: 0.9, low, high } } }) as unknown as Head
  expect(worthOf(head(0.6, 0.97))).toContain('20 images: the interval is wide')
  expect(worthOf(head(0.88, 0.93))).not.toContain('wide')
  expect(worthOf(head(null, null))).toContain('no interval')
  expect(worthOf(head(0.45, 0.97))).toContain('no better than guessing, which has a balanced accuracy of 50 %')
  expect(areaInWords({ value: 0.854, low: 0.6, high: 0.97 })).toBe('0.85 (0.60 to 0.97)')
})

test('labels are kept as numbers and words, by archive, until they are forgotten', () => {
  vi.stubGlobal('sessionStorage', storage())
  expect(keepLabels('a', steps)).toBe(true)
  expect(keptLabels('a')).toEqual(steps)
  expect(keptLabels('b')).toEqual([])
  expect(sessionStorage.getItem('mi2-labels a')).toBe('[[[4,"a"]],[[7,"b"]],[[4,"b"]],[[7,null]]]')
  for (const text of ['{', '{}', '[1]', '[[[1]]]', '[[[-1,"a"]]]', '[[["1","a"]]]', '[[[1,2]]]', `[${'[],'.repeat(MAX_LABELLED)}[]]`]) {
    sessionStorage.setItem('mi2-labels b', text)
    expect(keptLabels('b')).toEqual([])
  }
  sessionStorage.setItem('mi2-key', 'k')
  forgetLabels()
  expect(keptLabels('a')).toEqual([])
  expect(sessionStorage.getItem('mi2-key')).toBe('k')
})

test('a table of probabilities has a column per label', () => {
  const answer: Applied = {
    head: '', labels: ['a', 'b,c'], chosen: 1, snapshot: 1, more: false, results: [{ item: 4, modality: 'CT', label: 'a', probabilities: [0.75, 0.25], margin: 0.5 }],
  }
  expect(appliedCsv(answer)).toBe('item,path,frame,study,series,image,modality,date,label,margin,a,"b,c"\n4,,,,,,CT,,a,0.5,0.75,0.25\n')
})
