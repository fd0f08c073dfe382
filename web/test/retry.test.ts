import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Failure } from '../src/api/failure'
import { untilAnswered } from '../src/retry'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a server that is away is asked again until it answers, at growing intervals', async () => {
  const waits: number[] = []
  let tries = 0
  const answer = untilAnswered(
    () => (++tries < 4 ? Promise.reject(new Failure(tries === 1 ? 'gone' : 'busy', '')) : Promise.resolve('here')),
    new AbortController().signal,
    (waiting) => waiting !== null && waits.push(waiting.seconds),
  )
  await vi.runAllTimersAsync()
  expect(await answer).toBe('here')
  expect(waits).toEqual([1, 2, 4])
})

test('what time does not mend is not tried again', async () => {
  let tries = 0
  const answer = untilAnswered(
    () => {
      tries += 1
      return Promise.reject(new Failure('refused', 'filter: byte 1', 400))
    },
    new AbortController().signal,
    () => {},
  )
  await expect(answer).rejects.toThrow('filter: byte 1')
  expect(tries).toBe(1)
})

test('a wait ends with the search that it is of', async () => {
  const stop = new AbortController()
  const answer = untilAnswered(() => Promise.reject(new Failure('gone', '')), stop.signal, () => {})
  const ended = expect(answer).rejects.toThrow('aborted')
  await vi.advanceTimersByTimeAsync(10)
  stop.abort()
  await ended
})
