import { expect, test } from 'vitest'
import type { Judgement } from '../src/quality/judge'
import { toCsv } from '../src/quality/csv'
import { driftBody, dupsBody, fill, outliersBody, placeOf, tagsBody, toHash, USUAL, type Form } from '../src/quality/form'
import { summaryOf } from '../src/quality/summary'
import { enter, viewOf } from '../src/views'

const form: Form = {
  ...USUAL, reference: 'date<2024 & x', test: 'site=north', pool: 'stats7', onlyOutliers: true, by: ['month', 'site'], field: 'plane',
  minAgreement: 0.5, level: 'reencoded', where: 'sex=F', k: 3, tagK: 5, limit: '1000',
}

test('an address gives back what a comparison was asked for', () => {
  for (const what of ['outliers', 'drift', 'tags', 'dups', 'refused'] as const) {
    const hash = toHash({ archive: 'a', what }, form)
    expect(placeOf(`#${hash}`)).toEqual({ archive: 'a', what })
    expect(toHash({ archive: 'a', what }, fill(USUAL, `#${hash}`))).toBe(hash)
  }
  expect(toHash({ archive: '', what: 'outliers' }, USUAL)).toBe('view=quality')
})

test('an address changes nothing of the comparisons that it is not about', () => {
  const filled = fill(form, 'view=quality&what=tags&field=contrast')
  expect(filled).toEqual({ ...form, field: 'contrast', tagK: 10, minAgreement: 0.8, where: '', limit: '100' })
})

test('an address from anybody is a comparison or nothing', () => {
  expect(placeOf('what=__proto__').what).toBe('outliers')
  const read = fill(USUAL, 'what=outliers&k=1e9&pool=evil&limit=7&only=yes&by=path')
  expect(read).toEqual(USUAL)
  for (const k of ['0', '-1', 'x', '', 'Infinity', '1001']) expect(fill(USUAL, `what=outliers&k=${k}`).k).toBe(2)
  expect(fill(USUAL, 'what=drift&by=path,site,site').by).toEqual(['site'])
})

test('a comparison asks for what the form says and nothing else', () => {
  expect(outliersBody(form)).toEqual({ reference: 'date<2024 & x', test: 'site=north', pool: 'stats7', k: 3, only_outliers: true, limit: 1000 })
  expect(driftBody({ ...form, test: ' ' })).toEqual({ reference: 'date<2024 & x', by: ['month', 'site'] })
  expect(tagsBody(form)).toEqual({ field: 'plane', k: 5, min_agreement: 0.5, where: 'sex=F', limit: 1000 })
  expect(dupsBody(USUAL)).toEqual({ level: 'pixels', limit: 100 })
})

const tags = (tag: string | null): Judgement => ({
  what: 'tags',
  answer: {
    judged: 9, agreed: 6, undecided: 2, alone: 1, doubtful: 1, snapshot: 1, more: false,
    results: [{ item: 4, field: 'plane', tag, suggested: 'AXIAL', agreement: 0.9, nearest: [7, 8], method: 'neighbours:10', snapshot: 3, modality: 'MR', series: '1.2' }],
  },
})

test('a table as CSV can be read back whatever it holds', () => {
  expect(toCsv(tags(null))).toBe(
    'field,tag,suggested,agreement,same,item,path,study,series,modality,date,nearest,method,snapshot\nplane,,AXIAL,0.9,,4,,,1.2,MR,,7 8,neighbours:10,3\n')
  expect(toCsv(tags('a,"b"\r\n=1+1'))).toContain('plane,"a,""b""\r\n=1+1",AXIAL')
  for (const formula of ['=1+1', '+1', '-1', '@x', '\t=1']) expect(toCsv(tags(formula))).toContain(`plane,'${formula},AXIAL`)
  const drift: Judgement = {
    what: 'drift', by: ['site', 'month'],
    answer: {
      reference: 3, sampled: 3, patients: 2, snapshot: 1,
      groups: [{ site: null, month: '2020-05', images: 2, sampled: 2, patients: 1, distance: 0.25, p: 0.001, p_holm: 0.002, moved: [{ item: 5, by: 1 }, { item: 6, by: 2 }] }],
    },
  }
  expect(toCsv(drift)).toBe('site,month,images,sampled,patients,distance,p,p_holm,moved\n,2020-05,2,2,1,0.25,0.001,0.002,5 6\n')
})

test('what was not compared is said, and only that', () => {
  expect(summaryOf(tags(null)).join(' ')).toContain('1 could not be judged')
  const dups: Judgement = { what: 'dups', answer: { duplicates: 0, compared: 5, blank: 0, unhashed: 2, snapshot: 1, more: false, groups: [] } }
  expect(summaryOf(dups)).toEqual(['0 groups among 5 images.', '2 images were added by an older version, which kept nothing to compare.'])
})

test('a view is named by the address, and entered with the archive that is looked at', () => {
  expect(['', '#archive=a&text=x', '#view=map', 'view=quality&what=dups', '#view=evil'].map(viewOf)).toEqual(['search', 'search', 'map', 'quality', 'search'])
  expect(enter('map', '#archive=a%26b&text=words')).toBe('view=map&archive=a%26b')
  expect(enter('reference', '#archive=a')).toBe('view=reference')
  expect(enter('search', '#view=map')).toBe('')
})
