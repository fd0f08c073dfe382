// Scores as CSV: a column per label, in the labels' order.
import type { Applied, Classified } from '../api/client'
import { lines } from '../quality/csv'

/// @param files  names of the images that were sent.
export function toCsv(answer: Classified, files: readonly string[]): string {
  return lines(
    ['file', 'item', 'path', 'frame', 'study', 'series', 'image', 'modality', 'date', 'label', 'verdict', 'cosine', ...answer.labels],
    answer.results.map((row) => [
      ...('file' in row
        ? [files[row.file - 1] ?? row.file, null, null, null, null, null, null, null, null]
        : [null, row.item, row.path, row.frame, row.study, row.series, row.image, row.modality, row.date]),
      row.label, row.verdict, row.cosine, ...row.scores,
    ]))
}

/// Probabilities of a head's labels.
export function appliedCsv({ labels, results }: Applied): string {
  return lines(
    ['item', 'path', 'frame', 'study', 'series', 'image', 'modality', 'date', 'label', 'margin', ...labels],
    results.map((row) => [
      row.item, row.path, row.frame, row.study, row.series, row.image, row.modality, row.date, row.label, row.margin, ...row.probabilities,
    ]))
}
