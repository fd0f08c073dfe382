// Which view an address is of, and the address by which one is entered from another.
import type { Failure } from './api/failure'
import type { Theme } from './useTheme'

/// What every view is told.
export interface ViewProps {
  hash: string
  go: (hash: string) => void
  session: number
  onKey: (failure: Failure) => void
  shown: boolean
  theme: Theme
}

export const VIEWS = ['search', 'look', 'map', 'quality', 'classify', 'cards', 'audit', 'reference'] as const
export type View = (typeof VIEWS)[number]

const fieldsOf = (hash: string): URLSearchParams => new URLSearchParams(hash.replace(/^#/, ''))

export function viewOf(hash: string): View {
  const named = fieldsOf(hash).get('view')
  return VIEWS.find((view) => view === named) ?? 'search'
}

/// The id of a view's <main>: those that were opened are all there, and one is shown.
export const mainOf = (view: View): string => (view === 'search' ? 'main' : `main-${view}`)

/// For a view that was not yet open. The archive is the one that is looked at.
export function enter(view: View, from: string): string {
  const fields = new URLSearchParams(view === 'search' ? {} : { view })
  const archive = fieldsOf(from).get('archive')
  if (archive !== null && view !== 'reference') fields.append('archive', archive)
  return fields.toString()
}
