import { useEffect, useRef, useState } from 'preact/hooks'
import { Notice } from '../components/Notice'
import { save } from '../save'
import { strings } from '../strings'
import { useAnswer } from '../useAnswer'
import type { ViewProps } from '../views'
import { toCsv } from './csv'
import { Fields } from './Fields'
import type { Form, What } from './form'
import { judge, type Judgement } from './judge'
import { hasMore, summaryOf } from './summary'
import { JudgementTable } from './Tables'

/// That something is being done, for how long, and the way out.
export function Working({ onCancel, what = strings.comparing }: { onCancel: () => void; what?: string }) {
  const [seconds, setSeconds] = useState(0)
  useEffect(() => {
    const start = performance.now()
    const timer = setInterval(() => setSeconds(Math.floor((performance.now() - start) / 1000)), 1000)
    return () => clearInterval(timer)
  }, [])
  return (
    <div class="notice working">
      <p><strong role="status">{what}</strong> <span class="muted">{strings.compareSeconds(seconds)}</span></p>
      <progress aria-label={what} />
      <button type="button" onClick={onCancel}>{strings.cancel}</button>
    </div>
  )
}

function Answer({ judged, ...of }: Pick<ViewProps, 'go' | 'session' | 'onKey'> & { judged: Judgement; archive: string }) {
  const name = strings.judgementNames[judged.what]
  return (
    <section aria-labelledby={`${judged.what}-title`}>
      <div class="results-head">
        <h2 id={`${judged.what}-title`}>{strings.results}</h2>
        <p role="status">{summaryOf(judged).join(' ')}</p>
        <button type="button" onClick={() => save(`${judged.what}.csv`, toCsv(judged), 'text/csv')} aria-label={strings.of(strings.exportCsv, name)}>{strings.exportCsv}</button>
      </div>
      {hasMore(judged) && <p class="notice warn">{strings.furtherRows}</p>}
      <JudgementTable judged={judged} {...of} />
      <p class="muted searched">{strings.exportHint}</p>
    </section>
  )
}

interface Props extends Pick<ViewProps, 'go' | 'session' | 'onKey'> {
  what: What
  archive: string
  form: Form
  onForm: (form: Form) => void
  /// The form is now what the address says.
  onAsked: () => void
}

interface Run {
  readonly number: number
  readonly form: Form
}

/// One kind of comparison: its form, and the answer to what was asked last.
export function Comparison({ what, archive, form, onForm, onAsked, go, session, onKey }: Props) {
  const [run, setRun] = useState<Run | null>(null)
  const [problem, setProblem] = useState('')
  const [cancelled, setCancelled] = useState(false)
  const runs = useRef(0)
  const button = useRef<HTMLButtonElement>(null)
  const key = run === null ? null : `${session} ${run.number}`
  const asked = useAnswer<Judgement>(key, (signal) => judge(what, archive, run!.form, signal), onKey)
  const compare = (event: Event): void => {
    event.preventDefault()
    const needsReference = (what === 'outliers' || what === 'drift') && form.reference.trim() === ''
    const needsGroups = what === 'drift' && form.by.length === 0
    setProblem(needsReference ? strings.referenceNeeded : needsGroups ? strings.groupsNeeded : '')
    setCancelled(false)
    if (needsReference || needsGroups) return
    runs.current += 1
    setRun({ number: runs.current, form })
    onAsked()
  }
  const cancel = (): void => {
    setRun(null)
    setCancelled(true)
    button.current?.focus()
  }
  return (
    <>
      <p class="muted lead">{strings.judgementLeads[what]}</p>
      <form class="compare" onSubmit={compare} aria-label={strings.judgementNames[what]}>
        <Fields what={what} form={form} onForm={onForm} />
        <button ref={button} class="main" type="submit">{strings.compare}</button>
      </form>
      {problem !== '' && <p class="error" role="alert">{problem}</p>}
      {asked.loading && <Working key={key} onCancel={cancel} />}
      {!(asked.loading && asked.waiting === null) && <Notice asked={asked} what={strings.compareFailed} onKey={onKey} />}
      {cancelled && <p class="muted" role="status">{strings.compareCancelled}</p>}
      {asked.data !== null && !asked.loading && asked.failure === null && <Answer key={key} judged={asked.data} archive={archive} go={go} session={session} onKey={onKey} />}
    </>
  )
}
