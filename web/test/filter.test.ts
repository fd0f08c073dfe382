import { expect, test } from 'vitest'
import { canChoose, expression, toggle } from '../src/filter'

test('values of one facet are alternatives, facets are all needed, and what was typed is one of them', () => {
  expect(expression({ modality: ['CT', 'MR'], site: ['north'] }, 'date>=2020 or sex=F')).toBe(
    '(modality="CT" or modality="MR") and site="north" and (date>=2020 or sex=F)',
  )
  expect(expression({}, ' date>=2020 or sex=F ')).toBe('date>=2020 or sex=F')
  expect(expression({ modality: ['CT'], site: ['north'] }, '', 'modality')).toBe('site="north"')
  expect(expression({ modality: [] }, '')).toBe('')
})

test('a value cannot say anything but itself', () => {
  expect(expression({ station: ['a" or modality="CT'] }, '')).toBe('station="a\\" or modality=\\"CT"')
  expect(expression({ station: ['\\'] }, '')).toBe('station="\\\\"')
  expect(expression({ label: ['finding=a=b'] }, '')).toBe('label.finding="a=b"')
})

test('a month is a date, and what has no value can be chosen', () => {
  expect(expression({ month: ['2020-05'] }, '')).toBe('date="2020-05"')
  expect(expression({ month: [null], site: [null] }, '')).toBe('not date>=0001 and not site~""')
})

test('what no filter can say cannot be chosen', () => {
  expect(canChoose('station', 'a\u0001')).toBe(false)
  expect(canChoose('station', 'x'.repeat(1025))).toBe(false)
  expect(canChoose('label', 'two words=1')).toBe(false)
  expect(canChoose('label', 'alone')).toBe(false)
  expect(canChoose('label', 'finding=two words')).toBe(true)
  expect(canChoose('site', '<b>')).toBe(true)
})

test('choosing twice is not choosing', () => {
  const once = toggle({}, 'site', 'a')
  expect(once).toEqual({ site: ['a'] })
  expect(toggle(once, 'site', 'a')).toEqual({})
  expect(toggle(once, 'site', null)).toEqual({ site: ['a', null] })
})
