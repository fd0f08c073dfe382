// What is classified and by what, and its form in the address. An address fills in the form and starts nothing; files are
// not in it.
import type { Classified, ClassifyBody } from '../api/client'
import { numbersOf, oneOf, type LocalImage } from '../query'
import { LIMITS } from '../quality/form'
import { strings } from '../strings'

export const OFS = ['archive', 'files'] as const
export const UNITS = ['image', 'series'] as const
/// That an address names; it is not to become too long.
export const MAX_ITEMS = 1000

export interface Form {
  /// As they were typed, one in a line.
  readonly labels: string
  readonly templates: string
  readonly multilabel: boolean
  /// Of the server, in place of labels; empty: none.
  readonly classifier: string
  readonly of: (typeof OFS)[number]
  /// In place of a filter: what was chosen on the map.
  readonly items: readonly number[]
  readonly where: string
  readonly unit: (typeof UNITS)[number]
  readonly limit: (typeof LIMITS)[number]
}

export const USUAL: Form = {
  labels: '', templates: '', multilabel: false, classifier: '', of: 'archive', items: [], where: '', unit: 'image', limit: '100',
}

export const linesOf = (text: string): string[] => text.split('\n').map((line) => line.trim()).filter((line) => line !== '')

export const archiveOf = (hash: string): string => new URLSearchParams(hash.replace(/^#/, '')).get('archive') ?? ''

export function toHash(archive: string, form: Form): string {
  const fields = new URLSearchParams({ view: 'classify' })
  const put = (name: string, value: string, usual = ''): void => {
    if (value !== usual) fields.append(name, value)
  }
  put('archive', archive)
  put('classifier', form.classifier)
  for (const label of linesOf(form.labels)) put('label', label)
  for (const template of linesOf(form.templates)) put('template', template)
  put('multilabel', form.multilabel ? '1' : '')
  put('of', form.of, USUAL.of)
  for (const item of form.items) put('item', String(item))
  put('where', form.where)
  put('unit', form.unit, USUAL.unit)
  put('limit', form.limit, USUAL.limit)
  return fields.toString()
}

/// What an address says. What makes no sense in it is passed over.
export function fromHash(hash: string): Form {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  const lines = (name: string): string => fields.getAll(name).map((line) => line.replace(/\s+/g, ' ').trim()).filter((line) => line !== '').join('\n')
  return {
    labels: lines('label'),
    templates: lines('template'),
    multilabel: fields.get('multilabel') === '1',
    classifier: fields.get('classifier') ?? '',
    of: oneOf(fields.get('of'), OFS, USUAL.of),
    items: numbersOf(fields.getAll('item'), MAX_ITEMS),
    where: fields.get('where') ?? '',
    unit: oneOf(fields.get('unit'), UNITS, USUAL.unit),
    limit: oneOf(fields.get('limit'), LIMITS, USUAL.limit),
  }
}

/// An address without labels and classifier leaves those that were typed.
export function fill(now: Form, hash: string): Form {
  const read = fromHash(hash)
  const { labels, templates, multilabel, classifier } = now
  return read.labels === '' && read.classifier === '' ? { ...read, labels, templates, multilabel, classifier } : read
}

/// Why nothing can be asked yet; empty: it can.
export function problemOf(form: Form, files: number): string {
  if (form.of === 'files' && files === 0) return strings.filesNeeded
  if (form.classifier !== '') return ''
  const labels = linesOf(form.labels)
  if (labels.length < (form.multilabel ? 1 : 2)) return strings.labelsNeeded
  if (new Set(labels).size < labels.length) return strings.labelsTwice
  return linesOf(form.templates).every((template) => template.includes('{}')) ? '' : strings.templatesWrong
}

export function toBody(form: Form, images: readonly LocalImage[]): ClassifyBody {
  const templates = linesOf(form.templates)
  const where = form.where.trim()
  return {
    ...(form.classifier !== '' ? { classifier: form.classifier } : { labels: linesOf(form.labels), ...(templates.length === 0 ? {} : { templates }) }),
    ...(form.multilabel ? { multilabel: true } : {}),
    ...(form.of === 'files'
      ? { image: images.map(({ base64 }) => base64) }
      : form.items.length > 0
        ? { items: [...form.items] }
        : { by: form.unit, limit: Number(form.limit), ...(where === '' ? {} : { where }) }),
  }
}

export type Row = Classified['results'][number]

/// The highest scores, best first.
export function bestOf(row: Pick<Row, 'scores'>, labels: readonly string[], most: number): { label: string; score: number }[] {
  return row.scores.map((score, i) => ({ label: labels[i] ?? '', score })).sort((a, b) => b.score - a.score).slice(0, most)
}
