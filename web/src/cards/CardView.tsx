import { useState } from 'preact/hooks'
import { api, type Card, type Replay } from '../api/client'
import { Described, Place, Text } from '../components/Facts'
import { Notice } from '../components/Notice'
import { Thumbnail } from '../components/Thumbnail'
import { save } from '../save'
import { strings } from '../strings'
import { useOnce } from '../useAnswer'
import type { ViewProps } from '../views'
import { KINDS, PushPanel } from './PushPanel'

type CardResult = Card['results'][number]

function Asked({ card }: { card: Card }) {
  return (
    <ul>
      {(card.asked.parts ?? []).map((part, i) => (
        <li key={i}>
          {(part.weight ?? 1) < 0 && <strong>{strings.askedAway} </strong>}
          {strings.askedAs[part.as ?? ''] ?? part.as} <bdi>{part.as === 'text' ? strings.quoted(part.text ?? '') : part.as === 'item' ? String(part.item) : part.uid ?? part.sha256 ?? ''}</bdi>
        </li>
      ))}
    </ul>
  )
}

function Facts({ card }: { card: Card }) {
  const names = strings.cardFacts
  const rows: readonly (readonly [string, string | undefined])[] = [
    [names.id, card.id], [names.previous, card.previous], [names.made, card.made_at], [names.by, `mi2 ${card.mi2_version}`],
    [names.filter, card.asked.where], [names.searched, strings.cardSearched(card.searched.rows ?? 0, card.searched.snapshot ?? 0)],
  ]
  return (
    <dl class="identifiers">
      {rows.map(([name, value]) => value !== undefined && <div key={name}><dt>{name}</dt><dd><Text value={value} /></dd></div>)}
    </dl>
  )
}

function ResultRow({ archive, result }: { archive: string; result: CardResult }) {
  const { kind: _, ...item } = result
  return (
    <li class={result.pinned === true ? 'card pinned' : 'card'}>
      <Thumbnail archive={archive} item={result.item} name={strings.thumbnail(result.rank)} label={result.modality ?? ''} exists eager />
      <div class="facts">
        <p class="place"><span class="rank">{result.rank}</span><Place item={item} /></p>
        <Described item={item} />
        <p class="verdict">
          {result.pinned === true && <strong class="badge">{strings.pinnedResult}</strong>}
          <span class={`badge ${result.verdict ?? 'unjudged'}`}>{result.verdict === undefined ? strings.noVerdictShort : strings.verdicts[result.verdict]}</span>
          <span class="muted">{strings.score(result.score)}</span>
        </p>
        {result.note !== undefined && <p class="said"><bdi>{result.note}</bdi></p>}
      </div>
    </li>
  )
}

function Replayed({ replay }: { replay: Replay }) {
  return (
    <div class={replay.same ? 'notice' : 'notice warn'} role="status">
      <p><strong>{replay.same ? strings.replaySame : strings.replayOther(replay.differences.length)}</strong></p>
      <ul>
        {replay.differences.map((one, i) => <li key={i}><bdi>{one.text}</bdi></li>)}
        {replay.notes.map((note, i) => <li key={`note${i}`} class="muted"><bdi>{note}</bdi></li>)}
      </ul>
    </div>
  )
}

interface Props extends Pick<ViewProps, 'onKey'> {
  archive: string
  /// Of the card, as the server gave it.
  text: string
  kept: boolean
  pushTo: readonly string[]
}

export function CardView({ archive, text, kept, pushTo, onKey }: Props) {
  const card = JSON.parse(text) as Card
  const anyPinned = card.results.some((result) => result.pinned === true)
  const [onlyPinned, setOnlyPinned] = useState(anyPinned)
  const page = useOnce<string>(onKey)
  const replay = useOnce<Replay>(onKey)
  const title = strings.cardTitle(card.id)
  const shown = onlyPinned ? card.results.filter((result) => result.pinned === true) : card.results
  return (
    <article class="evidence" aria-labelledby="card-title">
      <h2 id="card-title">{title}</h2>
      <p class="research-print">{strings.researchOnlyLong}</p>
      <p class="actions">
        <button type="button" onClick={() => print()}>{strings.print}</button>
        {kept && (
          <button type="button" disabled={page.asked.loading}
            onClick={() => page.run((signal) => api.cardPage(archive, card.id, signal), (html) => save(`${card.id}.html`, html, 'text/html'))}>{strings.saveHtml}</button>
        )}
        <button type="button" onClick={() => save(`${card.id}.json`, text, 'application/json')}>{strings.saveJson}</button>
        <button type="button" disabled={replay.asked.loading} onClick={() => replay.run((signal) => api.replay(archive, text, signal))}>{strings.replay}</button>
      </p>
      {page.asked.failure !== null && <Notice asked={page.asked} what={strings.notSaved} onKey={onKey} />}
      <Notice asked={replay.asked} what={strings.notReplayed} waiting={strings.replaying} onKey={onKey} />
      {replay.asked.data !== null && <Replayed replay={replay.asked.data} />}
      {card.note !== undefined && <><h3>{strings.cardNote}</h3><p class="said"><bdi>{card.note}</bdi></p></>}
      <h3>{strings.cardAsked}</h3>
      <Asked card={card} />
      <Facts card={card} />
      <div class="results-head">
        <h3>{strings.cardFound}</h3>
        {anyPinned && <label class="switch"><input type="checkbox" checked={onlyPinned} onChange={() => setOnlyPinned(!onlyPinned)} />{strings.onlyPinned}</label>}
      </div>
      {card.results.length === 0 && <p class="notice">{strings.noRows}</p>}
      <ol class="cards">{shown.map((result) => <ResultRow key={result.rank} archive={archive} result={result} />)}</ol>
      {kept && pushTo.length > 0 && (
        <PushPanel lead={strings.pushLead} kinds={KINDS} to={pushTo} onKey={onKey} push={(body, signal) => api.push(archive, card.id, body, signal)} />
      )}
    </article>
  )
}
