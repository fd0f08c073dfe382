// What is compared, and its form in the address. A comparison takes up to minutes: an address fills in the form and starts none.
import type { components } from '../api/schema'
import { oneOf } from '../query'

type Schemas = components['schemas']

export const JUDGEMENTS = ['outliers', 'drift', 'tags', 'dups'] as const
/// What of an archive is looked at: the comparisons, and what is not in it.
export const SECTIONS = [...JUDGEMENTS, 'refused'] as const
export const POOLS = ['mean', 'image', 'stats7', 'center20'] as const
export const DRIFT_FIELDS = ['station', 'month', 'modality', 'body_part', 'site'] as const
export const TAG_FIELDS = ['modality', 'body_part', 'laterality', 'plane', 'contrast', 'sequence', 'protocol'] as const
export const LEVELS = ['pixels', 'reencoded'] as const
export const LIMITS = ['100', '1000', '10000'] as const
export type What = (typeof JUDGEMENTS)[number]
export type Section = (typeof SECTIONS)[number]
export type DriftField = (typeof DRIFT_FIELDS)[number]

/// Of all four, so that a reference is typed once.
export interface Form {
  readonly reference: string
  readonly test: string
  readonly pool: (typeof POOLS)[number]
  readonly onlyOutliers: boolean
  readonly by: readonly DriftField[]
  readonly field: (typeof TAG_FIELDS)[number]
  readonly minAgreement: number
  readonly level: (typeof LEVELS)[number]
  readonly where: string
  /// Neighbours of outliers and of tags, which are not of one size.
  readonly k: number
  readonly tagK: number
  readonly limit: (typeof LIMITS)[number]
}

export const USUAL: Form = {
  reference: '', test: '', pool: 'mean', onlyOutliers: false, by: ['station', 'month'], field: 'body_part', minAgreement: 0.8,
  level: 'pixels', where: '', k: 2, tagK: 10, limit: '100',
}

export const MAX_K = 1000

export interface Place {
  readonly archive: string
  readonly what: Section
}

type Field = readonly [name: string, value: string, usual: string]

function fieldsOf(what: Section, form: Form): readonly Field[] {
  const reference: readonly Field[] = [['reference', form.reference, ''], ['test', form.test, '']]
  const limit: Field = ['limit', form.limit, USUAL.limit]
  const where: Field = ['where', form.where, '']
  switch (what) {
    case 'outliers':
      return [
        ...reference, ['pool', form.pool, USUAL.pool], ['k', String(form.k), String(USUAL.k)],
        ['only', form.onlyOutliers ? '1' : '', ''], limit,
      ]
    case 'drift':
      return [...reference, ['by', form.by.join(), USUAL.by.join()]]
    case 'tags':
      return [
        ['field', form.field, USUAL.field], ['k', String(form.tagK), String(USUAL.tagK)],
        ['agreement', String(form.minAgreement), String(USUAL.minAgreement)], where, limit,
      ]
    case 'dups':
      return [['level', form.level, USUAL.level], where, limit]
    case 'refused':
      return []
  }
}

export function toHash({ archive, what }: Place, form: Form): string {
  const fields = new URLSearchParams({ view: 'quality' })
  if (archive !== '') fields.append('archive', archive)
  if (what !== JUDGEMENTS[0]) fields.append('what', what)
  for (const [name, value, usual] of fieldsOf(what, form)) if (value !== usual) fields.append(name, value)
  return fields.toString()
}

function within(text: string | null, low: number, high: number, usual: number): number {
  const value = text === null || text.trim() === '' ? NaN : Number(text)
  return value >= low && value <= high ? value : usual
}

export function placeOf(hash: string): Place {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  return { archive: fields.get('archive') ?? '', what: oneOf(fields.get('what'), SECTIONS, SECTIONS[0]) }
}

/// What an address says; of what it is not about, what was there stays. What makes no sense in it is passed over.
export function fill(form: Form, hash: string): Form {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  const { what } = placeOf(hash)
  const text = (name: string): string => fields.get(name) ?? ''
  const limit = oneOf(fields.get('limit'), LIMITS, USUAL.limit)
  const k = (usual: number): number => Math.round(within(fields.get('k'), 1, MAX_K, usual))
  switch (what) {
    case 'outliers':
      return {
        ...form, reference: text('reference'), test: text('test'), pool: oneOf(fields.get('pool'), POOLS, USUAL.pool), k: k(USUAL.k),
        onlyOutliers: text('only') === '1', limit,
      }
    case 'drift': {
      const asked = text('by').split(',')
      const by = DRIFT_FIELDS.filter((one) => asked.includes(one))
      return { ...form, reference: text('reference'), test: text('test'), by: by.length === 0 ? USUAL.by : by }
    }
    case 'tags':
      return {
        ...form, field: oneOf(fields.get('field'), TAG_FIELDS, USUAL.field), tagK: k(USUAL.tagK),
        minAgreement: within(fields.get('agreement'), 0, 1, USUAL.minAgreement), where: text('where'), limit,
      }
    case 'dups':
      return { ...form, level: oneOf(fields.get('level'), LEVELS, USUAL.level), where: text('where'), limit }
    case 'refused':
      return form
  }
}

const chosen = <K extends string>(name: K, filter: string): Partial<Record<K, string>> =>
  (filter.trim() === '' ? {} : { [name]: filter.trim() }) as Partial<Record<K, string>>

export const outliersBody = (form: Form): Schemas['OutliersRequest'] => ({
  reference: form.reference.trim(), ...chosen('test', form.test), pool: form.pool, k: form.k,
  only_outliers: form.onlyOutliers, limit: Number(form.limit),
})

export const driftBody = (form: Form): Schemas['DriftRequest'] =>
  ({ reference: form.reference.trim(), ...chosen('test', form.test), by: [...form.by] })

export const tagsBody = (form: Form): Schemas['TagsRequest'] =>
  ({ field: form.field, k: form.tagK, min_agreement: form.minAgreement, ...chosen('where', form.where), limit: Number(form.limit) })

export const dupsBody = (form: Form): Schemas['DupsRequest'] =>
  ({ level: form.level, ...chosen('where', form.where), limit: Number(form.limit) })
