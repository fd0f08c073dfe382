// Which lines of the audit list are shown, their form in the address, and the list as CSV.
import type { AuditEntry, AuditQuery } from '../api/client'
import { oneOf } from '../query'
import { lines } from '../quality/csv'

export const EVENTS = [
  'search', 'card', 'read_card', 'replay', 'item', 'thumb', 'pixels', 'heatmap', 'map', 'study', 'similarity', 'matches', 'push', 'push_dry_run',
  'add', 'label', 'delete', 'erase', 'outliers', 'drift', 'tags', 'dups', 'classify', 'info', 'stats', 'facets', 'audit',
] as const
/// All, those that change or send something, or one.
export const CHOICES = ['all', 'changes', ...EVENTS] as const
export type Choice = (typeof CHOICES)[number]
const CHANGES = 'add,label,delete,erase,push'

export interface Form {
  readonly event: Choice
  readonly user: string
  /// The first digits of a key's SHA-256.
  readonly key: string
  /// A day, or nothing.
  readonly since: string
  /// A StudyInstanceUID. It is not in the address.
  readonly study: string
}

export const USUAL: Form = { event: 'all', user: '', key: '', since: '', study: '' }

export function toHash(archive: string, form: Form): string {
  const fields = new URLSearchParams({ view: 'audit' })
  if (archive !== '') fields.append('archive', archive)
  for (const name of ['event', 'user', 'key', 'since'] as const) if (form[name] !== USUAL[name]) fields.append(name, form[name])
  return fields.toString()
}

export const archiveOf = (hash: string): string => new URLSearchParams(hash.replace(/^#/, '')).get('archive') ?? ''

/// What makes no sense in it is passed over: it may come from anybody.
export function fromHash(hash: string): Form {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  const since = fields.get('since') ?? ''
  return {
    ...USUAL,
    event: oneOf(fields.get('event'), CHOICES, USUAL.event),
    user: (fields.get('user') ?? '').slice(0, 256),
    key: (fields.get('key') ?? '').slice(0, 12),
    since: /^\d{4}-\d\d-\d\d$/.test(since) ? since : '',
  }
}

const given = <K extends string>(name: K, value: string): Partial<Record<K, string>> =>
  (value.trim() === '' ? {} : { [name]: value.trim() }) as Partial<Record<K, string>>

export const toQuery = (form: Form, cursor: string): AuditQuery => ({
  ...given('event', form.event === 'all' ? '' : form.event === 'changes' ? CHANGES : form.event),
  ...given('user', form.user), ...given('key', form.key), ...given('since', form.since), ...given('study', form.study),
  ...given('cursor', cursor), limit: 100,
})

const COLUMNS = [
  'n', 'time', 'event', 'archive', 'user', 'key', 'outcome', 'status', 'item', 'study', 'card', 'query', 'to', 'found', 'searched',
  'snapshot', 'request_id', 'previous',
] as const

/// In the columns of the server's own format=csv.
export const toCsv = (entries: readonly AuditEntry[]): string =>
  lines(COLUMNS, entries.map((entry) => COLUMNS.map((column) => entry[column])))
