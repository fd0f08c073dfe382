import { expect, test } from 'vitest'
import { archiveOf, CHOICES, EVENTS, fromHash, toCsv, toHash, toQuery, USUAL, type Form } from '../src/audit/form'
import { strings } from '../src/strings'
import { viewOf } from '../src/views'

const form: Form = { event: 'changes', user: 'HOSP\\alice & co', key: '8cdcb8dc1234', since: '2026-11-25', study: '' }

test('an address gives back which lines are shown, and has no study', () => {
  const hash = toHash('a', { ...form, study: '1.2.3' })
  expect(viewOf(hash)).toBe('audit')
  expect(archiveOf(`#${hash}`)).toBe('a')
  expect(fromHash(`#${hash}`)).toEqual(form)
  expect(hash).not.toContain('1.2.3')
  expect(toHash('', USUAL)).toBe('view=audit')
})

test('an address from anybody chooses lines or nothing', () => {
  expect(fromHash('event=__proto__&since=yesterday')).toEqual(USUAL)
  expect(fromHash(`user=${'x'.repeat(1000)}&key=${'x'.repeat(1000)}`)).toMatchObject({ user: 'x'.repeat(256), key: 'x'.repeat(12) })
})

test('the server is asked for what the form says and nothing else', () => {
  expect(toQuery(USUAL, '')).toEqual({ limit: 100 })
  expect(toQuery({ ...form, study: ' 1.2.3 ' }, '1.1.9')).toEqual({
    event: 'add,label,delete,erase,push', user: 'HOSP\\alice & co', key: '8cdcb8dc1234', since: '2026-11-25', study: '1.2.3', cursor: '1.1.9', limit: 100,
  })
  expect(toQuery({ ...USUAL, event: 'erase' }, '').event).toBe('erase')
})

test('every event has a name, and can be chosen', () => {
  for (const event of EVENTS) expect(strings.auditEvents[event]).toBeTruthy()
  expect(Object.keys(strings.auditChoices).sort()).toEqual([...CHOICES].sort())
})

test('a user is no formula of a spreadsheet', () => {
  const [, row] = toCsv([{ n: 7, time: '2026-11-25T01:57:00.123Z', event: 'item', user: '=cmd()', outcome: 'ok', item: 4, previous: '' }]).split('\n')
  expect(row).toBe("7,2026-11-25T01:57:00.123Z,item,,'=cmd(),,ok,,4,,,,,,,,,")
})
