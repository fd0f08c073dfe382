import { strings } from '../strings'
import type { Judgement } from './judge'

/// Of fewer the 0.99 quantile rests on fewer than five; docs/archive.md.
const SMALL_REFERENCE = 500
const FEW_PATIENTS = 10

/// What was compared and what could not be, in sentences.
export function summaryOf(judged: Judgement): string[] {
  const some = (n: number | undefined, sentence: (n: number) => string): string[] => (n === undefined || n === 0 ? [] : [sentence(n)])
  switch (judged.what) {
    case 'outliers': {
      const { answer } = judged
      return [
        strings.outliersSummary(answer.judged, answer.outliers, answer.reference, answer.threshold),
        ...(answer.reference < SMALL_REFERENCE ? [strings.smallReference] : []),
        ...some(answer.alone, strings.alone), ...some(answer.too_few, strings.tooFew),
      ]
    }
    case 'drift': {
      const { answer } = judged
      return [
        strings.driftSummary(answer.reference, answer.sampled, answer.patients, answer.groups.length),
        ...(answer.groups.some(({ patients }) => patients < FEW_PATIENTS) ? [strings.fewPatients] : []),
      ]
    }
    case 'tags': {
      const { answer } = judged
      return [
        strings.tagsSummary(answer.judged, answer.agreed, answer.undecided, answer.doubtful), ...some(answer.alone, strings.alone),
      ]
    }
    case 'dups': {
      const { answer } = judged
      return [
        strings.dupsSummary(answer.duplicates, answer.compared), ...some(answer.blank, strings.blank),
        ...some(answer.plain, strings.plain), ...some(answer.unhashed, strings.unhashed),
      ]
    }
  }
}

export function hasMore(judged: Judgement): boolean {
  return judged.what !== 'drift' && judged.answer.more
}
