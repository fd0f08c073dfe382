import { useState } from 'preact/hooks'
import { api, type Tags } from '../api/client'
import { PushPanel } from '../cards/PushPanel'
import { save } from '../save'
import { strings } from '../strings'
import { useAnswer } from '../useAnswer'
import type { ViewProps } from '../views'
import { ItemCell, NumberCell, SearchLink, Table, TextCell, type Of } from './Cells'
import { toCsv } from './csv'
import { acceptedOf, countsOf, decide, OPEN, undo, type Decision, type DoubtfulTag } from './review'

const column = strings.columns
const DECISIONS = ['accepted', 'rejected'] as const

/// What a push is told of a suggestion.
const fixOf = ({ field, tag, suggested, agreement, method, item, snapshot, study, series }: DoubtfulTag) => ({
  field: field as 'modality', tag, suggested, agreement, method, item, snapshot, ...(study === undefined ? {} : { study }),
  ...(series === undefined ? {} : { series }),
})

/// The row of the table that has the focus, and those beside it.
function rowOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>('tr[data-item]') : null
}

function focusBeside(row: HTMLElement, step: 1 | -1): void {
  const next = step === 1 ? row.nextElementSibling : row.previousElementSibling
  next?.querySelector<HTMLElement>('input')?.focus()
}

interface RowProps extends Of {
  one: DoubtfulTag
  chosen: boolean
  decision: Decision | undefined
  onChosen: () => void
  onDecision: (decision: Decision) => void
}

function Row({ one, chosen, decision, onChosen, onDecision, ...of }: RowProps) {
  const name = strings.item(one.item)
  return (
    <tr data-item={one.item} class={decision}>
      <td><input type="checkbox" checked={chosen} aria-label={strings.of(strings.tagChoose, name)} onChange={onChosen} /></td>
      <TextCell value={one.tag} />
      <TextCell value={one.suggested} />
      <NumberCell value={one.agreement} digits={2} />
      <td>
        <div class="decisions">
          {DECISIONS.map((which) => (
            <button key={which} type="button" aria-pressed={decision === which} aria-label={strings.of(strings.tagDecide[which], name)}
              onClick={() => onDecision(which)}>{strings.tagDecide[which]}</button>
          ))}
        </div>
      </td>
      <ItemCell {...of} item={one} />
      <td>
        <ul class="plain">
          {(one.nearest ?? []).map((item) => (
            <li key={item}><SearchLink {...of} item={item} label={strings.of(strings.moreLikeThis, strings.item(item))}>{strings.item(item)}</SearchLink></li>
          ))}
        </ul>
      </td>
    </tr>
  )
}

interface Props extends Of, Pick<ViewProps, 'session' | 'onKey'> {
  answer: Tags
}

/// Suggested tags, each of which is accepted or rejected; what is accepted is saved or sent.
export function TagReview({ answer, archive, go, session, onKey }: Props) {
  const { results } = answer
  const [review, setReview] = useState(OPEN)
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set())
  const about = useAnswer(`${session} ${archive}`, (signal) => api.archive(archive, signal), onKey)
  const accepted = acceptedOf(review, results)
  const counts = countsOf(review, results)
  const to = about.data?.push_to ?? []
  const choose = (item: number): void => {
    const next = new Set(chosen)
    if (!next.delete(item)) next.add(item)
    setChosen(next)
  }
  /// Of those that are chosen, or of the one at hand.
  const decideOn = (decision: Decision, item?: number): void => {
    const items = chosen.size > 0 || item === undefined ? [...chosen] : [item]
    setReview(decide(review, items, decision))
    setChosen(new Set())
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rowOf(event.target)
    if (row === null || event.ctrlKey || event.metaKey || event.altKey) return
    const item = Number(row.dataset['item'])
    const acts: Record<string, () => void> = {
      a: () => decideOn('accepted', item), r: () => decideOn('rejected', item), u: () => setReview(undo(review)),
      ArrowDown: () => focusBeside(row, 1), ArrowUp: () => focusBeside(row, -1),
    }
    const act = acts[event.key]
    if (act === undefined) return
    event.preventDefault()
    act()
  }
  if (results.length === 0) return <p class="notice">{strings.noRows}</p>
  return (
    <>
      <p class="muted lead">{strings.tagReviewLead}</p>
      <div class="actions" role="group" aria-label={strings.tagReview}>
        <button type="button" onClick={() => setChosen(new Set(chosen.size === results.length ? [] : results.map(({ item }) => item)))}>
          {chosen.size === results.length ? strings.tagChooseNone : strings.tagChooseAll}
        </button>
        {DECISIONS.map((which) => (
          <button key={which} type="button" disabled={chosen.size === 0} onClick={() => decideOn(which)}>{strings.tagDecideChosen[which](chosen.size)}</button>
        ))}
        <button type="button" disabled={review.before === null} onClick={() => setReview(undo(review))}>{strings.tagUndo}</button>
        <button type="button" disabled={accepted.length === 0}
          onClick={() => save('fixes.csv', toCsv({ what: 'tags', answer: { ...answer, results: accepted } }), 'text/csv')}>{strings.tagSaveAccepted}</button>
        <span role="status" class="muted">{strings.tagCounts(counts.accepted, counts.rejected, counts.open)}</span>
      </div>
      <div class="review" onKeyDown={onKeyDown}>
        <Table name={strings.judgementNames.tags}
          columns={[strings.tagChosen, column.tag, column.suggested, column.agreement, strings.tagDecision, column.series, column.examples]}
          rows={results} row={(one) => (
            <Row key={one.item} one={one} archive={archive} go={go} chosen={chosen.has(one.item)} decision={review.decided.get(one.item)}
              onChosen={() => choose(one.item)} onDecision={(decision) => setReview(decide(review, [one.item], decision))} />
          )} />
      </div>
      {accepted.length > 0 && to.length > 0 && (
        <PushPanel key={accepted.map(({ item }) => item).join()} to={to} kinds={['sr']} lead={strings.tagPushLead(accepted.length)} onKey={onKey}
          push={({ to: where, send }, signal) => api.pushTags(archive, { to: where, send, fixes: accepted.map(fixOf) }, signal)} />
      )}
    </>
  )
}
