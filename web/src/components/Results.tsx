import { useState } from 'preact/hooks'
import type { Result, Results as Answer } from '../api/client'
import { judgementOf, type Found } from '../found'
import { count, strings } from '../strings'
import { Card } from './Card'

function Judgement({ results }: { results: readonly Result[] }) {
  switch (judgementOf(results)) {
    case 'none':
      return <p class="notice warn"><strong>{strings.nothingMatches}</strong> {strings.nothingMatchesLong}</p>
    case 'weak':
      return <p class="notice warn">{strings.onlyWeak}</p>
    case 'unjudged':
      return <p class="notice">{strings.noVerdict}</p>
    default:
      return null
  }
}

function Searched({ answer }: { answer: Answer }) {
  const left = Object.entries(answer.excluded).filter(([, n]) => n > 0)
  return (
    <p class="muted searched">
      {answer.exact ? strings.searchedExactly(answer.searched) : strings.searchedSome(answer.searched)}
      {left.length > 0 && ` ${strings.notSearched} ${left.map(([name, n]) => `${count(n)} ${strings.excludedNames[name] ?? name}`).join(', ')}.`}
      {answer.crowded_patient === true && ` ${strings.crowded}`}
    </p>
  )
}

export interface ResultsProps {
  archive: string
  found: Found
  loading: boolean
  stale: boolean
  onMore: (result: Result) => void
  onNot: (result: Result) => void
  onLook: (result: Result) => void
  onPage: () => void
  isPinned: (result: Result) => boolean
  onPin: (result: Result) => void
}

export function Results({ archive, found, loading, stale, onMore, onNot, onLook, onPage, isPinned, onPin }: ResultsProps) {
  const [identifiers, setIdentifiers] = useState(false)
  const { results, last } = found
  const more = last.more && last.cursor !== undefined
  return (
    <section aria-labelledby="results-title" class={stale ? 'stale' : undefined}>
      <div class="results-head">
        <h2 id="results-title">{stale ? strings.staleResults : strings.results}</h2>
        <p role="status">{strings.resultCount(results.length, last.more)}</p>
        {results.length > 0 && (
          <label class="switch">
            <input type="checkbox" checked={identifiers} onChange={() => setIdentifiers(!identifiers)} />
            {strings.identifiers}
          </label>
        )}
      </div>
      <Judgement results={results} />
      {found.replaced && <p class="notice error" role="alert">{strings.replaced}</p>}
      <ol class="cards">
        {results.map((result) => (
          <Card key={result.item} archive={archive} result={result} identifiers={identifiers}
            onMore={() => onMore(result)} onNot={() => onNot(result)} onLook={() => onLook(result)} pinned={isPinned(result)} onPin={() => onPin(result)} />
        ))}
      </ol>
      {more && !found.replaced && (
        <button type="button" class="more" disabled={loading} onClick={onPage}>
          {loading ? strings.loadingMore : strings.showMore}
        </button>
      )}
      <Searched answer={last} />
    </section>
  )
}
