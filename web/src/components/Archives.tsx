import { api } from '../api/client'
import type { Failure } from '../api/failure'
import { strings } from '../strings'
import { useAnswer, type Asked } from '../useAnswer'
import { mainOf, type View } from '../views'
import { Notice } from './Notice'

interface List {
  archives: readonly { name: string; rights?: readonly string[] }[]
}

export function useArchives(session: number, onKey: (failure: Failure) => void) {
  return useAnswer<List>(String(session), api.archives, onKey)
}

/// In place of a view while no archive is known.
export function NoArchive({ archives, view, onKey }: { archives: Asked<List>; view: View; onKey: (failure: Failure) => void }) {
  if (archives.data === null) {
    return <main id={mainOf(view)} tabIndex={-1}><Notice asked={archives} what={strings.failed} onKey={onKey} /></main>
  }
  return (
    <main id={mainOf(view)} tabIndex={-1} class="empty">
      <h1>{strings.noArchives}</h1>
      <p class="muted">{strings.noArchivesLong}</p>
    </main>
  )
}

export function ArchiveChoice({ names, value, onChange }: { names: readonly { name: string }[]; value: string; onChange: (name: string) => void }) {
  return (
    <label>
      <span>{strings.archive}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {names.map(({ name }) => <option key={name} value={name}>{name}</option>)}
        {!names.some(({ name }) => name === value) && <option value={value}>{value}</option>}
      </select>
    </label>
  )
}
