import { api, type Facets } from './api/client'
import type { Failure } from './api/failure'
import { expression } from './filter'
import type { Filters } from './query'
import { useAnswer } from './useAnswer'

/// Counts under the filters; of a facet with a choice, under all filters but its own.
async function facetsOf(archive: string, { chosen, where }: Filters, signal: AbortSignal): Promise<Facets> {
  const ask = (without?: string) => api.facets(archive, expression(chosen, where, without), signal)
  const own = Object.keys(chosen)
  const [all, ...others] = await Promise.all([ask(), ...own.map(ask)])
  const facets = { ...all!.facets }
  own.forEach((name, i) => {
    const facet = others[i]?.facets[name]
    if (facet !== undefined) facets[name] = facet
  })
  return { ...all!, facets }
}

export function useFacets(archive: string, filters: Filters, session: number, onKey: (failure: Failure) => void) {
  const key = archive === '' ? null : `${session} ${archive} ${expression(filters.chosen, filters.where)}`
  return useAnswer(key, (signal) => facetsOf(archive, filters, signal), onKey)
}
