import { useEffect, useState } from 'preact/hooks'
import type { Failure } from '../api/failure'
import type { Asked } from '../useAnswer'
import { strings } from '../strings'

const SLOW_MS = 3000

function titleOf(failure: Failure, what: string): string {
  return { key: strings.keyTitle, gone: strings.gone, busy: strings.busy, refused: what }[failure.kind]
}

interface Props {
  asked: Asked<unknown>
  /// What was not done, if the server refused it.
  what: string
  /// What is said while there is no answer yet.
  waiting?: string
  onKey?: (failure: Failure) => void
}

/// What is amiss with an answer, or how long it takes.
export function Notice({ asked, what, waiting: meanwhile = strings.searching, onKey }: Props) {
  const [slow, setSlow] = useState(false)
  useEffect(() => {
    setSlow(false)
    if (!asked.loading) return undefined
    const timer = setTimeout(() => setSlow(true), SLOW_MS)
    return () => clearTimeout(timer)
  }, [asked.loading])
  const { waiting, failure } = asked
  if (waiting !== null) {
    return (
      <div class="notice warn" role="alert">
        <p>
          <strong>{waiting.failure.kind === 'busy' ? strings.busy : strings.gone}</strong>{' '}
          {strings.retryIn(waiting.seconds)}
        </p>
        <button type="button" onClick={waiting.now}>{strings.retryNow}</button>
      </div>
    )
  }
  if (failure !== null) {
    return (
      <div class="notice error" role="alert">
        <p><strong>{titleOf(failure, what)}</strong></p>
        {failure.kind === 'key'
          ? onKey !== undefined && <button type="button" onClick={() => onKey(failure)}>{strings.keyEnter}</button>
          : <p><bdi>{failure.message}</bdi></p>}
      </div>
    )
  }
  if (asked.loading) return <p class="muted" role="status">{slow ? strings.slow : meanwhile}</p>
  return null
}
