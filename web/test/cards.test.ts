import { expect, test } from 'vitest'
import type { Result } from '../src/api/client'
import { isId, placeOf, toHash } from '../src/cards/address'
import { cardBody, carded, isPinned, noted, tooLong, turned, type Search, type Tray } from '../src/cards/tray'
import { enter, viewOf } from '../src/views'

const result = (item: number, rank: number): Result => ({ item, rank, score: 0.5 })
const search = (key: string): Search => ({ key, archive: 'a', place: `text=${key}`, body: { k: 24, by: 'study', text: key, cursor: 'x' }, files: [] })

test('results are pinned by the search that found them, in the order of their ranks', () => {
  const one = search('one')
  let tray: Tray = turned(turned(turned([], one, result(7, 30)), one, result(5, 2)), search('two'), result(5, 1))
  expect(tray.map(({ key, pins }) => [key, pins.map((pin) => pin.result.rank)])).toEqual([['one', [2, 30]], ['two', [1]]])
  expect([isPinned(tray, 'one', 7), isPinned(tray, 'two', 7), isPinned(tray, 'two', 5)]).toEqual([true, false, true])
  tray = turned(tray, search('two'), result(5, 1))
  expect(tray.map(({ key }) => key)).toEqual(['one'])
  expect(turned(tray, one, result(5, 2))[0]!.pins.map((pin) => pin.result.item)).toEqual([7])
})

test('a card is of the search again, with all that is pinned and what was written', () => {
  const one = search('one')
  const tray = noted(noted(turned(turned([], one, result(7, 30)), one, result(5, 2)), 'one', ' for Tuesday '), 'one', 'the nearest', 5)
  expect(cardBody(tray[0]!)).toEqual({
    k: 30, by: 'study', text: 'one', notes: { text: 'for Tuesday', results: [{ item: 5, text: 'the nearest' }, { item: 7 }] },
  })
  expect(cardBody(turned([], one, result(5, 2))[0]!)).toEqual({ k: 24, by: 'study', text: 'one', notes: { results: [{ item: 5 }] } })
})

test('what is written while a card is made stays, and all of other searches', () => {
  const sent = turned(turned([], search('one'), result(7, 30)), search('two'), result(5, 2))
  expect(carded(sent, sent[0]!).map(({ key }) => key)).toEqual(['two'])
  const now = noted(sent, 'one', 'and this')
  expect(carded(now, sent[0]!)).toEqual(now)
  expect(carded(noted(sent, 'two', 'else'), sent[0]!).map(({ key }) => key)).toEqual(['two'])
})

test('a note is measured in bytes', () => {
  expect([tooLong('x'.repeat(4000)), tooLong('x'.repeat(4001)), tooLong('\u05e9'.repeat(2001))]).toEqual([false, true, true])
})

test('an address names a card or none', () => {
  const card = '0123456789abcdef'.repeat(4)
  expect(placeOf(`#${toHash({ archive: 'a&b', card })}`)).toEqual({ archive: 'a&b', card })
  expect(toHash({ archive: '', card: '' })).toBe('view=cards')
  for (const text of ['x', card.slice(1), card.toUpperCase(), `${card}0`, '../chain']) {
    expect(isId(text)).toBe(false)
    expect(placeOf(`view=cards&card=${encodeURIComponent(text)}`).card).toBe('')
  }
  expect(viewOf('#view=cards')).toBe('cards')
  expect(enter('cards', '#archive=a&text=x')).toBe('view=cards&archive=a')
})
