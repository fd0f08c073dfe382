import { useCallback, useEffect, useState } from 'preact/hooks'
import { Failure } from './api/failure'
import { untilAnswered, type Waiting } from './retry'

export interface Asked<T> {
  readonly data: T | null
  readonly loading: boolean
  readonly failure: Failure | null
  readonly waiting: Waiting | null
}

export const IDLE: Asked<never> = { data: null, loading: false, failure: null, waiting: null }

export function failureOf(error: unknown): Failure {
  return error instanceof Failure ? error : new Failure('refused', String(error))
}

/// Asks whenever `key` changes; null asks nothing. Until there is an answer, the one before is still there, and `loading` says so.
/// A failure leaves none, since the user may have lost the right to it, unless it is what was asked that made no sense.
export function useAnswer<T>(
  key: string | null,
  ask: (signal: AbortSignal) => Promise<T>,
  onKey: (failure: Failure) => void,
): Asked<T> & { set: (data: T) => void } {
  const [asked, setAsked] = useState<Asked<T>>(IDLE)
  useEffect(() => {
    if (key === null) {
      setAsked(IDLE)
      return
    }
    const stop = new AbortController()
    setAsked((now) => ({ ...now, loading: true, failure: null, waiting: null }))
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
