import type { Result } from '../api/client'
import { strings } from '../strings'
import { Described, Place, Text } from './Facts'
import { Thumbnail } from './Thumbnail'

const IDENTIFIERS = ['study', 'series', 'image', 'path'] as const

function names(tags: readonly string[]): string {
  return tags.map((tag) => strings.tagNames[tag] ?? tag).join(', ')
}

function Verdict({ result }: { result: Result }) {
  const { verdict, percentile, score } = result
  return (
    <p class="verdict">
      <span class={`badge ${verdict ?? 'unjudged'}`}>{verdict === undefined ? strings.noVerdictShort : strings.verdicts[verdict]}</span>
      <span class="muted">{strings.score(score)}</span>
      {percentile !== undefined && (
        <>
          <meter min={0} max={100} value={percentile} aria-label={strings.percentile(percentile)} />
          <span class="muted small">{strings.percentile(percentile)}</span>
        </>
      )}
    </p>
  )
}

export interface CardProps {
  archive: string
  result: Result
  identifiers: boolean
  onMore: () => void
  onNot: () => void
  pinned: boolean
  onPin: () => void
  onLook: () => void
}

export function Card({ archive, result, identifiers, onMore, onNot, pinned, onPin, onLook }: CardProps) {
  const { rank } = result
  return (
    <li class="card" id={`result-${rank}`} tabIndex={-1} aria-label={strings.resultName(rank)}>
      <Thumbnail archive={archive} item={result.item} name={strings.thumbnail(rank)} label={result.modality ?? ''} exists={result.thumb === true} />
      <div class="facts">
        <p class="place"><span class="rank">{rank}</span><Place item={result} /></p>
        <Described item={result} />
        <Verdict result={result} />
        {(result.agrees ?? []).length > 0 && <p class="small agrees">{strings.agrees(names(result.agrees ?? []))}</p>}
        {(result.differs ?? []).length > 0 && <p class="small differs">{strings.differs(names(result.differs ?? []))}</p>}
        {identifiers && (
          <dl class="identifiers">
            {IDENTIFIERS.map((name) => result[name] !== undefined && (
              <div key={name}><dt>{strings.identifierNames[name]}</dt><dd><Text value={result[name]} /></dd></div>
            ))}
          </dl>
        )}
        <p class="actions">
          {result.study !== undefined && <button type="button" aria-label={strings.ofResult(strings.look, rank)} onClick={onLook}>{strings.look}</button>}
          <button type="button" aria-label={strings.ofResult(strings.moreLikeThis, rank)} onClick={onMore}>{strings.moreLikeThis}</button>
          <button type="button" aria-label={strings.ofResult(strings.notLikeThis, rank)} onClick={onNot}>{strings.notLikeThis}</button>
          <button type="button" aria-label={strings.ofResult(strings.pin, rank)} aria-pressed={pinned} onClick={onPin}>{strings.pin}</button>
        </p>
      </div>
    </li>
  )
}
