// An answer as CSV, in the columns of the program's own --format csv (src/base/csv.cpp quotes alike). It is opened in
// spreadsheets, where a text that looks like a formula would become one: an apostrophe keeps it a text.
import type { ItemFacts } from '../api/client'
import type { Judgement } from './judge'

export type Cell = string | number | boolean | null | undefined

const FORMULA = /^[=+\-@\t\r]/

function field(cell: Cell): string {
  if (cell === null || cell === undefined) return ''
  const text = typeof cell === 'boolean' ? String(Number(cell)) : typeof cell === 'string' && FORMULA.test(cell) ? `'${cell}` : String(cell)
  return /[,"\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text
}

export const lines = (header: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  [header, ...rows].map((row) => `${row.map(field).join(',')}\n`).join('')

const kind = (item: ItemFacts): Cell[] => [item.modality, item.date]

export function toCsv(judged: Judgement): string {
  switch (judged.what) {
    case 'outliers':
      return lines(
        ['rank', 'score', 'rarity', 'outlier', 'item', 'path', 'frame', 'study', 'series', 'image', 'modality', 'date', 'images', 'nearest'],
        judged.answer.results.map((one) => [one.rank, one.score, one.rarity, one.outlier, one.item, one.path, one.frame,
          one.study, one.series, one.image, ...kind(one), one.images, one.nearest.item]))
    case 'drift':
      return lines(
        [...judged.by, 'images', 'sampled', 'patients', 'distance', 'p', 'p_holm', 'moved'],
        judged.answer.groups.map((one) => [...judged.by.map((by) => one[by]), one.images, one.sampled, one.patients, one.distance,
          one.p, one.p_holm, one.moved.map(({ item }) => item).join(' ')]))
    case 'tags':
      return lines(
        ['field', 'tag', 'suggested', 'agreement', 'same', 'item', 'path', 'study', 'series', 'modality', 'date', 'nearest', 'method', 'snapshot'],
        judged.answer.results.map((one) => [one.field, one.tag, one.suggested, one.agreement, one.same, one.item, one.path,
          one.study, one.series, ...kind(one), one.nearest?.join(' '), one.method, one.snapshot]))
    case 'dups':
      return lines(
        ['group', 'patients', 'why', 'cosine', 'bits', 'item', 'path', 'frame', 'study', 'series', 'image', 'modality', 'date'],
        judged.answer.groups.flatMap((group) => group.members.map((one) => [group.group, group.patients, one.why, one.cosine,
          one.bits, one.item, one.path, one.frame, one.study, one.series, one.image, ...kind(one)])))
  }
}
