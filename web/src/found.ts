import type { Result, Results as Answer } from './api/client'

/// Pages of one search, one behind another.
export interface Found {
  /// Its name.
  readonly archive: string
  readonly results: readonly Result[]
  readonly last: Answer
  readonly replaced: boolean
}

export function firstPage(archive: string, answer: Answer): Found {
  return { archive, results: answer.results, last: answer, replaced: false }
}

export function withPage(found: Found, answer: Answer): Found {
  if (answer.provenance.archive !== found.last.provenance.archive) return { ...found, replaced: true }
  return { ...found, results: [...found.results, ...answer.results], last: answer, replaced: false }
}

/// What all verdicts together say: nothing matches, what matches is weak, or there is nothing to say.
export function judgementOf(results: readonly Result[]): 'none' | 'weak' | 'unjudged' | null {
  if (results.length === 0) return null
  if (results.every((result) => result.verdict === undefined)) return 'unjudged'
  if (results.some((result) => result.verdict === 'match')) return null
  return results.some((result) => result.verdict === 'weak') ? 'weak' : 'none'
}
