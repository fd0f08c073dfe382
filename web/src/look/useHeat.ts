import { useState } from 'preact/hooks'
import { api } from '../api/client'
import type { Failure } from '../api/failure'
import { useAnswer } from '../useAnswer'
import type { queryOf } from './address'
import { readHeat, type Heat } from './heat'

/// How long a slice rests before the server computes a map of it.
const REST_MS = 250

function rest(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, REST_MS)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(new DOMException('aborted', 'AbortError'))
    }, { once: true })
  })
}

/// Where in an image a query is, once somebody wants to know.
export function useHeat(archive: string, item: number | undefined, query: ReturnType<typeof queryOf>, session: number, onKey: (failure: Failure) => void) {
  const [wanted, setWanted] = useState(false)
  const key = wanted && query !== null && item !== undefined ? `${session} ${archive} ${item} ${JSON.stringify(query)}` : null
  const asked = useAnswer<{ key: string; heat: Heat }>(
    key,
    async (signal) => {
      await rest(signal)
      return { key: key!, heat: readHeat(await api.heatmap(archive, item!, query!, signal)) }
    },
    onKey,
  )
  // A map of what was asked before lies over nothing.
  const heat = key !== null && asked.data?.key === key ? asked.data.heat : null
  return { wanted, setWanted, asked, heat }
}
