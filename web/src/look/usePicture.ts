import { useEffect, useRef, useState } from 'preact/hooks'
import type { Failure } from '../api/failure'
import { failureOf } from '../useAnswer'
import { nameOf, type Picture, type Pictures, type Wanted } from './pictures'

interface Shown {
  readonly picture: Picture | null
  /// Whether it is what is wanted, and not what was before.
  readonly current: boolean
  readonly failure: Failure | null
}

/// The picture that is wanted, or the one before until it is there. One is asked for at a time: while somebody drags or
/// turns the wheel, what comes next is what is wanted then, and what was wanted in between is never asked for.
/// @param next  what is likely to be wanted after it.
export function usePicture(pictures: Pictures, wanted: Wanted | null, next: readonly Wanted[], onKey: (failure: Failure) => void): Shown {
  const [shown, setShown] = useState<{ name: string; picture: Picture | null; failure: Failure | null }>({ name: '', picture: null, failure: null })
  const latest = useRef<{ wanted: Wanted | null; next: readonly Wanted[] }>({ wanted, next })
  latest.current = { wanted, next }
  const asking = useRef<AbortController | null>(null)
  const source = useRef(pictures)
  const name = wanted === null ? '' : nameOf(wanted)

  const work = async (stop: AbortController): Promise<void> => {
    const tried = new Set<string>()
    for (let last = ''; !stop.signal.aborted;) {
      const { wanted: now, next: later } = latest.current
      const first = now !== null && nameOf(now) !== last
      const one = first ? now : later.find((each) => !tried.has(nameOf(each)) && pictures.get(each) === undefined)
      if (one === undefined || one === null) return
      if (!first) tried.add(nameOf(one))
      try {
        const picture = await pictures.fetch(one, stop.signal)
        if (first && !stop.signal.aborted) setShown({ name: nameOf(one), picture, failure: null })
      } catch (error) {
        if (stop.signal.aborted) return
        if (!first) return // it will be asked for again when it is wanted
        const failure = failureOf(error)
        if (failure.kind === 'key') onKey(failure)
        setShown({ name: nameOf(one), picture: null, failure })
      }
      if (first) last = nameOf(one)
    }
  }
  useEffect(() => {
    if (wanted === null) {
      setShown({ name: '', picture: null, failure: null })
      return
    }
    const there = pictures.get(wanted)
    if (there !== undefined) setShown({ name, picture: there, failure: null })
    if (source.current !== pictures) {
      // Another key, or archive: what is on its way, and what is shown, is of the one before.
      source.current = pictures
      asking.current?.abort()
      asking.current = null
      if (there === undefined) setShown({ name: '', picture: null, failure: null })
    }
    if (asking.current !== null) return
    const stop = new AbortController()
    asking.current = stop
    void work(stop).finally(() => { if (asking.current === stop) asking.current = null })
  }, [pictures, name])
  useEffect(() => () => asking.current?.abort(), [])
  return { picture: shown.picture, current: shown.name === name, failure: shown.name === name ? shown.failure : null }
}
