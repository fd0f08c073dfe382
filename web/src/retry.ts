// Another try of what may work later, at growing intervals; the user sees the wait and can end it.
import { Failure } from './api/failure'

export interface Waiting {
  readonly failure: Failure
  readonly seconds: number
  readonly now: () => void
}

const SECONDS = [1, 2, 4, 8, 15]

function pause(seconds: number, signal: AbortSignal, show: (now: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      resolve()
    }
    const abort = (): void => {
      clearTimeout(timer)
      reject(new DOMException('aborted', 'AbortError'))
    }
    const timer = setTimeout(end, seconds * 1000)
    signal.addEventListener('abort', abort, { once: true })
    show(end)
  })
}

/// Tries until there is an answer, or a failure that time does not mend.
export async function untilAnswered<T>(
  ask: () => Promise<T>,
  signal: AbortSignal,
  onWait: (waiting: Waiting | null) => void,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      const answer = await ask()
      onWait(null)
      return answer
    } catch (error) {
      if (signal.aborted || !(error instanceof Failure) || (error.kind !== 'gone' && error.kind !== 'busy')) throw error
      const seconds = SECONDS[Math.min(tries, SECONDS.length - 1)]!
      await pause(seconds, signal, (now) => onWait({ failure: error, seconds, now }))
    }
  }
}
