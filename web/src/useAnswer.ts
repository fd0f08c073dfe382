import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { Failure } from './api/failure'
import { untilAnswered, type Waiting } from './retry'

export interface Asked<T> {
  readonly data: T | null
  readonly loading: boolean
  readonly failure: Failure | null
  readonly waiting: Waiting | null
}

export const IDLE: Asked<never> = { data: null, loading: false, failure: null, waiting: null }

/// Whether nothing is known yet, and nothing has gone wrong.
export const isComing = ({ data, failure, waiting }: Asked<unknown>): boolean => data === null && failure === null && waiting === null

/// Of a key that is nothing else none: a list of names may stay, and with it what is typed in the views that it is for.
const sessionOf = (key: string): string => key.slice(0, Math.max(key.indexOf(' '), 0))

export function failureOf(error: unknown): Failure {
  return error instanceof Failure ? error : new Failure('refused', String(error))
}

/// Asks whenever `key` changes; null asks nothing. Until there is an answer, the one before is still there, and `loading` says so.
/// A failure leaves none, since the user may have lost the right to it, unless it is what was asked that made no sense.
/// @param key  begins with the session: what one key of the server has shown is gone once there is another, or none.
export function useAnswer<T>(
  key: string | null,
  ask: (signal: AbortSignal) => Promise<T>,
  onKey: (failure: Failure) => void,
): Asked<T> & { set: (data: T) => void } {
  const [asked, setAsked] = useState<Asked<T>>(IDLE)
  const session = useRef('')
  useEffect(() => {
    if (key === null) {
      setAsked(IDLE)
      return
    }
    const stop = new AbortController()
    const before = session.current
    session.current = sessionOf(key)
    const kept = before === session.current
    setAsked((now) => ({ data: kept ? now.data : null, loading: true, failure: null, waiting: null }))
    untilAnswered(
      () => ask(stop.signal),
      stop.signal,
      (waiting) => setAsked((now) => ({ ...now, waiting })),
    ).then(
      (data) => setAsked({ data, loading: false, failure: null, waiting: null }),
      (error: unknown) => {
        if (stop.signal.aborted) return
        const failure = failureOf(error)
        if (failure.kind === 'key') onKey(failure)
        setAsked((now) => ({ data: failure.status === 400 ? now.data : null, loading: false, failure, waiting: null }))
      },
    )
    return () => stop.abort()
  }, [key])
  const set = useCallback((data: T) => setAsked((now) => ({ ...now, data })), [])
  return { ...asked, set }
}

/// Asks when it is told to, and never again by itself: for what makes or sends something. Leaving ends it.
export function useOnce<T>(onKey: (failure: Failure) => void) {
  const [asked, setAsked] = useState<Asked<T>>(IDLE)
  const running = useRef<AbortController | null>(null)
  const reset = useCallback(() => {
    running.current?.abort()
    setAsked(IDLE)
  }, [])
  useEffect(() => () => running.current?.abort(), [])
  const run = (ask: (signal: AbortSignal) => Promise<T>, then?: (data: T) => void): void => {
    running.current?.abort()
    const stop = new AbortController()
    running.current = stop
    setAsked({ ...IDLE, loading: true })
    ask(stop.signal).then(
      (data) => {
        if (stop.signal.aborted) return
        setAsked({ ...IDLE, data })
        then?.(data)
      },
      (error: unknown) => {
        if (stop.signal.aborted) return
        const failure = failureOf(error)
        if (failure.kind === 'key') onKey(failure)
        setAsked({ ...IDLE, failure })
      },
    )
  }
  return { asked, run, reset }
}
