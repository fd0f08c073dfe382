import { useState } from 'preact/hooks'
import { api, type Applied, type Head, type HeadFile, type HeadInShort, type ItemFacts } from '../api/client'
import type { Failure } from '../api/failure'
import { Notice } from '../components/Notice'
import { Choice } from '../components/Options'
import { ItemCell, NumberCell, Table } from '../quality/Cells'
import { Working } from '../quality/Comparison'
import { LIMITS } from '../quality/form'
import { save } from '../save'
import { count, strings } from '../strings'
import { useAnswer, useOnce } from '../useAnswer'
import { Scores } from './Answer'
import { appliedCsv } from './csv'
import { HeadFigures } from './HeadFigures'
import { applyBody, nameOf, nextBody, ORDERS, UNITS, type Form, type Labels } from './labels'

const numbers = Object.fromEntries(LIMITS.map((one) => [one, count(Number(one))])) as Record<(typeof LIMITS)[number], string>

interface AppliedProps {
  answer: Applied
  archive: string
  go: (hash: string) => void
  onItems: (items: readonly ItemFacts[]) => void
}

/// Probabilities as a table.
function AppliedTable({ answer, archive, go, onItems }: AppliedProps) {
  const { results, labels, chosen } = answer
  return (
    <section aria-labelledby="applied-title">
      <div class="results-head">
        <h3 id="applied-title">{strings.results}</h3>
        <p role="status">{strings.classifySummary(results.length, chosen)}</p>
        <button type="button" disabled={results.length === 0} onClick={() => onItems(results)}>{strings.labelThese}</button>
        <button type="button" onClick={() => save('applied.csv', appliedCsv(answer), 'text/csv')}>{strings.exportCsv}</button>
      </div>
      <Table name={strings.applied} columns={strings.appliedColumns} rows={results} row={(row) => (
        <tr key={row.item}>
          <ItemCell archive={archive} go={go} item={row} />
          <td><bdi class="text" title={row.label}>{row.label}</bdi></td>
          <Scores row={{ scores: row.probabilities }} labels={labels} />
          <NumberCell value={row.margin} digits={3} />
        </tr>
      )} />
      <p class="muted searched">{strings.exportHint}</p>
    </section>
  )
}

interface Props {
  archive: string
  session: number
  heads: readonly HeadInShort[]
  form: Form
  onForm: (form: Form) => void
  labels: Labels
  /// The key may train and delete.
  may: boolean
  go: (hash: string) => void
  onKey: (failure: Failure) => void
  onItems: (items: readonly ItemFacts[]) => void
  onTake: (head: Head) => void
  onRemoved: (head: string) => void
}

/// A head that was trained: what it is worth, what it says of a selection, and the way to undo it.
export function HeadPanel({ archive, session, heads, form, onForm, labels, may, go, onKey, onItems, onTake, onRemoved }: Props) {
  const head = useAnswer<Head>(form.head === '' ? null : `${session} ${archive} ${form.head}`, (signal) => api.head(archive, form.head, signal), onKey)
  const removed = useOnce<{ id: string }>(onKey)
  const next = useOnce<Applied>(onKey)
  const file = useOnce<Blob>(onKey)
  const applied = useOnce<Applied>(onKey)
  const [asked, setAsked] = useState('')
  const put = (some: Partial<Form>): void => onForm({ ...form, ...some })
  const names: Record<string, string> = { '': strings.noHead, ...Object.fromEntries(heads.map((one) => [one.id, nameOf(one)])) }
  if (form.head !== '' && names[form.head] === undefined) names[form.head] = form.head
  const shown = form.head !== '' && head.failure === null && head.data?.id === form.head ? head.data : null
  const first = shown === null || shown.report.labels.includes(form.first) ? form.first : shown.report.labels[0] ?? ''
  const apply = (event: Event): void => {
    event.preventDefault()
    setAsked(form.head)
    applied.run((signal) => api.applyHead(archive, form.head, applyBody({ ...form, first }), signal))
    onForm({ ...form, first: form.order === 'probable' ? first : '' })
  }
  const download = (name: HeadFile): void =>
    file.run((signal) => api.headFile(archive, form.head, name, signal), (blob) => save(name, blob, 'application/octet-stream'))
  return (
    <section aria-labelledby="heads-title">
      <h2 id="heads-title">{strings.heads}</h2>
      <div class="compare">
        <Choice label={strings.head} value={form.head} values={Object.keys(names)} names={names} onChange={(one) => put({ head: one, first: '' })} />
        {shown !== null && (
          <>
            <button type="button" onClick={() => download('adapter.json')}>{strings.headFile('adapter.json')}</button>
            <button type="button" onClick={() => download('adapter.safetensors')}>{strings.headFile('adapter.safetensors')}</button>
            <button type="button" onClick={() => onTake(shown)}>{strings.headTake}</button>
            {may && <button type="button" onClick={() => removed.run((signal) => api.removeHead(archive, form.head, signal), ({ id }) => onRemoved(id))}>{strings.headUndo}</button>}
          </>
        )}
      </div>
      {heads.length === 0 && <p class="muted" role="status">{strings.headsNone}</p>}
      {form.head !== '' && <Notice asked={head} what={strings.headGone} waiting={strings.loading} onKey={onKey} />}
      <Notice asked={removed.asked} what={strings.headNotUndone} waiting={strings.loading} onKey={onKey} />
      <Notice asked={file.asked} what={strings.notSaved} waiting={strings.loading} onKey={onKey} />
      {shown !== null && (
        <>
          <HeadFigures head={shown} />
          <form class="compare" onSubmit={apply} aria-label={strings.headApply}>
            <Choice label={strings.classifyUnit} value={form.unit} values={UNITS} names={strings.classifyUnitNames} onChange={(unit) => put({ unit })} />
            <Choice label={strings.headOrder} value={form.order} values={ORDERS} names={strings.headOrders} onChange={(order) => put({ order })} />
            {form.order === 'probable' && (
              <Choice label={strings.headFirst} value={first} values={shown.report.labels} names={Object.fromEntries(shown.report.labels.map((one) => [one, one]))} onChange={(one) => put({ first: one })} />
            )}
            <Choice label={strings.limit} value={form.limit} values={LIMITS} names={numbers} onChange={(limit) => put({ limit })} />
            <button class="main" type="submit">{strings.headApply}</button>
            <button type="button" onClick={() => next.run((signal) => api.applyHead(archive, form.head, nextBody(form, labels), signal), ({ results }) => onItems(results))}>{strings.headNext}</button>
          </form>
          {applied.asked.loading ? <Working onCancel={applied.reset} what={strings.applying} /> : <Notice asked={applied.asked} what={strings.headNotApplied} onKey={onKey} />}
          <Notice asked={next.asked} what={strings.headNotApplied} waiting={strings.applying} onKey={onKey} />
          {next.asked.data?.results.length === 0 && <p class="muted" role="status">{strings.nothingToLabel}</p>}
          {applied.asked.data !== null && asked === form.head && <AppliedTable answer={applied.asked.data} archive={archive} go={go} onItems={onItems} />}
        </>
      )}
    </section>
  )
}
