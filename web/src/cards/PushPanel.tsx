import { useRef, useState } from 'preact/hooks'
import type { Pushed } from '../api/client'
import { Choice } from '../components/Options'
import { Notice } from '../components/Notice'
import { NumberCell, Table, TextCell } from '../quality/Cells'
import { strings } from '../strings'
import { useOnce } from '../useAnswer'
import type { ViewProps } from '../views'

/// What may be made of a card.
export const KINDS = ['both', 'sr', 'sc'] as const
type Kind = (typeof KINDS)[number]

/// What was sent, or would be.
function Outcome({ pushed }: { pushed: Pushed }) {
  return (
    <>
      <p role="status">
        {pushed.send ? strings.pushDone(pushed.sent, pushed.failed, pushed.to) : strings.pushDryDone(pushed.objects.length, pushed.to)}
        {pushed.of_no_study > 0 && ` ${strings.pushNoStudy(pushed.of_no_study)}`}
      </p>
      {pushed.left_out.length > 0 && (
        <div class="notice warn">
          <p><strong>{strings.pushLeftOut}</strong></p>
          <ul>{pushed.left_out.map((one) => <li key={one.what}><bdi>{one.what}: {one.reason}</bdi></li>)}</ul>
        </div>
      )}
      {pushed.objects.length > 0 && (
        <Table name={strings.pushTitle} columns={strings.pushColumns} rows={pushed.objects} row={(one) => (
          <tr key={one.object} class={one.outcome === 'failed' ? 'marked' : undefined}>
            <td>{one.kind}</td>
            <TextCell value={one.study} />
            <NumberCell value={one.results} />
            <NumberCell value={one.bytes} />
            <td>{strings.pushOutcomes[one.outcome]}</td>
            <td><bdi>{one.reason ?? ''}</bdi></td>
          </tr>
        )} />
      )}
    </>
  )
}

interface Props extends Pick<ViewProps, 'onKey'> {
  lead: string
  kinds: readonly Kind[]
  push: (body: { to: string; as: Kind; send: boolean }, signal: AbortSignal) => Promise<Pushed>
  /// Where the operator lets results be sent.
  to: readonly string[]
}

/// Sends what was shown before, and nothing else.
export function PushPanel({ lead, kinds, push: ask, to, onKey }: Props) {
  const [where, setWhere] = useState(to[0] ?? '')
  const [as, setAs] = useState<Kind>(kinds[0] ?? 'sr')
  const { asked, run, reset } = useOnce<Pushed>(onKey)
  const title = useRef<HTMLHeadingElement>(null)
  const push = (send: boolean): void => {
    run((signal) => ask({ to: where, as, send }, signal))
  }
  /// The button goes; the keyboard stays here.
  const send = (): void => {
    push(true)
    title.current?.focus()
  }
  const { data } = asked
  return (
    <div class="push">
      <h3 id="push-title" ref={title} tabIndex={-1}>{strings.pushTitle}</h3>
      <p class="muted lead">{lead}</p>
      <form class="compare" aria-label={strings.pushTitle} onSubmit={(event) => { event.preventDefault(); if (!asked.loading) push(false) }}>
        <Choice label={strings.pushTo} value={where} values={to} names={Object.fromEntries(to.map((name) => [name, name]))} onChange={(name) => { setWhere(name); reset() }} />
        <Choice label={strings.pushAs} value={as} values={kinds} names={strings.pushAsNames} onChange={(kind) => { setAs(kind); reset() }} />
        <button type="submit" disabled={asked.loading}>{strings.pushDry}</button>
        {data !== null && !data.send && data.objects.length > 0 && <button type="button" class="main" onClick={send}>{strings.pushSend(data.objects.length)}</button>}
      </form>
      <Notice asked={asked} what={strings.notPushed} waiting={strings.pushing} onKey={onKey} />
      {data !== null && <Outcome pushed={data} />}
    </div>
  )
}
