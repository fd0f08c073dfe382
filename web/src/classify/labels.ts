// Labels that a user gives to images, step by step, and how that is in the address.
import type { ApplyBody, Head, HeadFigure, TrainBody } from '../api/client'
import { oneOf, type SearchBody } from '../query'
import { LIMITS } from '../quality/form'
import { count, strings } from '../strings'
import { archiveOf, linesOf, UNITS } from './form'

/// What a head may be trained on, and steps that can be undone.
export const MAX_LABELLED = 2000
/// Labels with a key of their own.
export const MAX_KEYS = 9
export const MAX_LABELS = 32
const MAX_BYTES = 200
/// Of each label; with fewer nothing can be judged.
const FEWEST = 2
/// An interval that is wider says little.
const WIDE = 0.2
/// Asked for at once.
export const ROUND = 20

/// What one press has changed: items with their labels, or with none any more.
export type Step = readonly (readonly [item: number, label: string | null])[]
export type Labels = ReadonlyMap<number, string>

/// In the order in which they came.
export function labelsAfter(steps: readonly Step[]): Labels {
  const labels = new Map<number, string>()
  for (const step of steps) {
    for (const [item, label] of step) {
      labels.delete(item)
      if (label !== null) labels.set(item, label)
    }
  }
  return labels
}

/// With one more step. Of very many the oldest become one, which cannot be undone.
export function withStep(steps: readonly Step[], step: Step): readonly Step[] {
  const next = [...steps, step]
  return next.length <= MAX_LABELLED ? next : [[...labelsAfter(next.slice(0, 2))], ...next.slice(2)]
}

/// Labels with how many images have them, those of the form first.
export function countsOf(names: readonly string[], labels: Labels): readonly (readonly [label: string, images: number])[] {
  const counts = new Map(names.map((name) => [name, 0]))
  for (const label of labels.values()) counts.set(label, (counts.get(label) ?? 0) + 1)
  return [...counts]
}

/// What is wrong with the labels that were typed; empty: nothing.
export function wrongNames(names: readonly string[]): string {
  if (new Set(names).size < names.length) return strings.labelsTwice
  if (names.length > MAX_LABELS) return strings.headLabelsMany(MAX_LABELS)
  return names.some((name) => new TextEncoder().encode(name).length > MAX_BYTES) ? strings.headLabelLong(MAX_BYTES) : ''
}

/// Why nothing can be trained yet; empty: it can.
export function missing(labels: Labels): string {
  const counts = countsOf([], labels)
  if (counts.length < 2) return strings.headNeedsLabels(counts.length === 0 ? '' : counts[0]![0])
  const few = counts.find(([, images]) => images < FEWEST)
  if (few !== undefined) return strings.headNeedsImages(few[0], FEWEST)
  if (counts.length > MAX_LABELS) return strings.headLabelsMany(MAX_LABELS)
  return labels.size > MAX_LABELLED ? strings.headTooMany(MAX_LABELLED) : ''
}

export function trainBody(labels: Labels, name: string, balanced: boolean): TrainBody {
  return {
    items: [...labels].map(([item, label]) => ({ item, label })),
    ...(name.trim() === '' ? {} : { name: name.trim() }),
    ...(balanced ? { balanced } : {}),
  }
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`

/// "85 % (60 % to 97 %)".
export function inWords({ value, low, high }: HeadFigure): string {
  if (value === null) return strings.noValue
  return low === null || high === null ? percent(value) : strings.interval(percent(value), percent(low), percent(high))
}

/// An area under the curve, which is no share: "0.85 (0.60 to 0.97)".
export function areaInWords({ value, low, high }: HeadFigure): string {
  if (value === null) return strings.noValue
  return low === null || high === null ? value.toFixed(2) : strings.interval(value.toFixed(2), low.toFixed(2), high.toFixed(2))
}

/// What the figures are worth, in a sentence.
export function worthOf({ items, report }: Head): string {
  const { value, low, high } = report.balanced_accuracy
  const chance = 1 / report.labels.length
  if (value !== null && (low ?? value) <= chance) return strings.guessing(items.length, percent(chance))
  if (low === null || high === null) return strings.noInterval(items.length)
  return high - low > WIDE ? strings.wideInterval(items.length, percent(low), percent(high)) : strings.narrowInterval(percent(low), percent(high))
}

export const ORDERS = ['item', 'uncertain', 'probable'] as const
export const BYS = ['study', 'series', 'patient', 'image'] as const

export interface Form {
  /// As they were typed, one in a line.
  readonly labels: string
  /// By which images are found to be labelled.
  readonly text: string
  readonly by: (typeof BYS)[number]
  /// Of what is labelled and of what the head is applied to.
  readonly where: string
  readonly head: string
  readonly unit: (typeof UNITS)[number]
  readonly order: (typeof ORDERS)[number]
  /// With the order 'probable'.
  readonly first: string
  readonly limit: (typeof LIMITS)[number]
}

export const USUAL: Form = { labels: '', text: '', by: 'study', where: '', head: '', unit: 'image', order: 'item', first: '', limit: '100' }

export const isHead = (id: string): boolean => /^[0-9a-f]{32}$/.test(id)

export type Mode = 'words' | 'label'

const fieldsOf = (hash: string): URLSearchParams => new URLSearchParams(hash.replace(/^#/, ''))

export const modeOf = (hash: string): Mode => (fieldsOf(hash).get('mode') === 'label' ? 'label' : 'words')

export function toHash(archive: string, form: Form): string {
  const fields = new URLSearchParams({ view: 'classify', mode: 'label' })
  const put = (name: string, value: string, usual = ''): void => {
    if (value !== usual) fields.append(name, value)
  }
  put('archive', archive)
  for (const label of linesOf(form.labels)) put('label', label)
  put('text', form.text)
  put('by', form.by, USUAL.by)
  put('where', form.where)
  put('head', form.head)
  put('unit', form.unit, USUAL.unit)
  put('order', form.order, USUAL.order)
  put('first', form.first)
  put('limit', form.limit, USUAL.limit)
  return fields.toString()
}

/// What an address says. What makes no sense in it is passed over.
export function fromHash(hash: string): Form {
  const fields = fieldsOf(hash)
  const head = fields.get('head') ?? ''
  return {
    labels: fields.getAll('label').map((line) => line.replace(/\s+/g, ' ').trim()).filter((line) => line !== '').join('\n'),
    text: fields.get('text') ?? '',
    by: oneOf(fields.get('by'), BYS, USUAL.by),
    where: fields.get('where') ?? '',
    head: isHead(head) ? head : '',
    unit: oneOf(fields.get('unit'), UNITS, USUAL.unit),
    order: oneOf(fields.get('order'), ORDERS, USUAL.order),
    first: fields.get('first') ?? '',
    limit: oneOf(fields.get('limit'), LIMITS, USUAL.limit),
  }
}

export { archiveOf, linesOf, UNITS }

/// Images to be labelled: by words, or without any by those of the labels.
export function searchBody(form: Form): SearchBody {
  const text = form.text.trim()
  const where = form.where.trim()
  return { text: text === '' ? linesOf(form.labels) : text, by: form.by, k: Number(form.limit) > 1000 ? 1000 : Number(form.limit), ...(where === '' ? {} : { where }) }
}

export function applyBody(form: Form): ApplyBody {
  const where = form.where.trim()
  return {
    by: form.unit, order: form.order, limit: Number(form.limit),
    ...(form.order === 'probable' ? { label: form.first } : {}),
    ...(where === '' ? {} : { where }),
  }
}

/// The least decided of those that have no label.
export function nextBody(form: Form, labels: Labels): ApplyBody {
  const where = form.where.trim()
  return { by: 'image', order: 'uncertain', limit: ROUND, not_items: [...labels.keys()], ...(where === '' ? {} : { where }) }
}

/// A head among others.
export const nameOf = (head: { name: string; labels: readonly string[]; images: number; made_at: string }): string =>
  strings.headOption(head.name === '' ? head.labels.join(', ') : head.name, count(head.images), head.made_at.replace('T', ' ').replace('Z', ''))
