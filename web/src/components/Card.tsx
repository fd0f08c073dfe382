import type { Result } from '../api/client'
import { strings } from '../strings'
import { Thumbnail } from './Thumbnail'

const IDENTIFIERS = ['study', 'series', 'image', 'path'] as const

function names(tags: readonly string[]): string {
  return tags.map((tag) => strings.tagNames[tag] ?? tag).join(', ')
}

/// A value of an archive: text of any length and direction, and never anything but text.
function Text({ value, class: name = '', of }: { value: string | undefined; class?: string; of?: string | undefined }) {
  if (value === undefined || value === '') return null
  const text = <bdi class={`text ${name}`} title={value}>{value}</bdi>
  return of === undefined ? text : <span class="named">{of} {text}</span>
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
}

export function Card({ archive, result, identifiers, onMore, onNot }: CardProps) {
  const { rank } = result
  const place = [result.modality, result.body_part, result.date].filter((one): one is string => one !== undefined)
  return (
    <li class="card" id={`result-${rank}`} tabIndex={-1} aria-label={strings.resultName(rank)}>
      <Thumbnail archive={archive} item={result.item} rank={rank} label={result.modality ?? ''} exists={result.thumb === true} />
      <div class="facts">
        <p class="place"><span class="rank">{rank}</span>{place.map((value) => <Text key={value} value={value} />)}{place.length === 0 && strings.item(result.item)}</p>
        <Text value={result.study_description} class="description" />
        <Text value={result.series_description} class="description muted" />
        <p class="origin muted"><Text value={result.site} of={strings.tagNames['site']} /><Text value={result.station} of={strings.tagNames['station']} /></p>
        {result.frame !== undefined && result.frames !== undefined && result.frames > 1 && (
          <p class="muted small">{strings.frame(result.frame, result.frames)}</p>
        )}
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
          <button type="button" aria-label={strings.ofResult(strings.moreLikeThis, rank)} onClick={onMore}>{strings.moreLikeThis}</button>
          <button type="button" aria-label={strings.ofResult(strings.notLikeThis, rank)} onClick={onNot}>{strings.notLikeThis}</button>
        </p>
      </div>
    </li>
  )
}
