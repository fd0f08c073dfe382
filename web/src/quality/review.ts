// What somebody has decided of suggested tags, step by step, so that each step can be undone.
import type { Tags } from '../api/client'

export type DoubtfulTag = Tags['results'][number]
export type Decision = 'accepted' | 'rejected'

export interface Review {
  /// By item.
  readonly decided: ReadonlyMap<number, Decision>
  /// As it was before the last step; null: nothing was decided.
  readonly before: Review | null
}

export const OPEN: Review = { decided: new Map(), before: null }

/// One step, of any number of items. What changes nothing is none.
export function decide(review: Review, items: readonly number[], decision: Decision): Review {
  if (items.every((item) => review.decided.get(item) === decision)) return review
  const decided = new Map(review.decided)
  for (const item of items) decided.set(item, decision)
  return { decided, before: review }
}

export const undo = (review: Review): Review => review.before ?? review

export const acceptedOf = (review: Review, results: readonly DoubtfulTag[]): DoubtfulTag[] =>
  results.filter(({ item }) => review.decided.get(item) === 'accepted')

export function countsOf(review: Review, results: readonly DoubtfulTag[]): { accepted: number; rejected: number; open: number } {
  const accepted = acceptedOf(review, results).length
  const rejected = results.filter(({ item }) => review.decided.get(item) === 'rejected').length
  return { accepted, rejected, open: results.length - accepted - rejected }
}
