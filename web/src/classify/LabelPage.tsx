import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { api, type Head, type ItemFacts, type Results } from '../api/client'
import { Notice } from '../components/Notice'
import { Choice } from '../components/Options'
import { Working } from '../quality/Comparison'
import { Expression } from '../quality/Fields'
import { count, strings } from '../strings'
import { useAnswer, useOnce } from '../useAnswer'
import type { ViewProps } from '../views'
import { HeadPanel } from './HeadPanel'
import { keepLabels, keptLabels } from './kept'
import { BYS, countsOf, fromHash, labelsAfter, linesOf, missing, searchBody, toHash, trainBody, withStep, wrongNames, type Form, type Step } from './labels'
import { Labelling } from './Labelling'
import { Lines } from './Lines'

interface Queue {
  readonly items: readonly ItemFacts[]
  readonly place: number
}

const EMPTY: Queue = { items: [], place: 0 }

/// The steps of an archive, kept while the tab is open.
function useSteps(archive: string, session: number) {
  const [steps, setSteps] = useState<readonly Step[]>(() => keptLabels(archive))
  const [kept, setKept] = useState(true)
  useEffect(() => setSteps(keptLabels(archive)), [archive, session])
  const set = (next: readonly Step[]): void => {
    setSteps(next)
    setKept(keepLabels(archive, next))
  }
  return { steps, set, kept }
}

interface Props extends Pick<ViewProps, 'hash' | 'go' | 'session' | 'onKey' | 'shown'> {
  archive: string
}

/// Label some, train a head, look what it is worth, apply it, label what it is least sure of.
export function LabelPage({ archive, hash, go, session, onKey, shown }: Props) {
  const [form, setForm] = useState<Form>(() => fromHash(hash))
  useEffect(() => setForm((now) => {
    const read = fromHash(hash)
    return read.labels === '' ? { ...read, labels: now.labels } : read
  }), [hash])
  const [queue, setQueue] = useState<Queue>(EMPTY)
  const [name, setName] = useState('')
  const [balanced, setBalanced] = useState(false)
  const [trainings, setTrainings] = useState(0)
  const [problem, setProblem] = useState('')
  const { steps, set, kept } = useSteps(archive, session)
  const latest = useRef(form)
  latest.current = form
  useEffect(() => setQueue(EMPTY), [archive, session])
  const about = useAnswer(`${session} ${archive}`, (signal) => api.archive(archive, signal), onKey)
  const keeps = about.data?.keeps_heads === true
  const may = about.data?.rights?.includes('label') === true
  const heads = useAnswer(keeps ? `${session} ${archive} ${trainings}` : null, (signal) => api.heads(archive, signal), onKey)
  const found = useOnce<Results>(onKey)
  const trained = useOnce<Head>(onKey)
  const labels = labelsAfter(steps)
  const names = linesOf(form.labels)
  const put = (next: Form): void => {
    setForm(next)
    go(toHash(archive, next))
  }
  const take = (items: readonly ItemFacts[]): void => {
    const open = items.findIndex(({ item }) => !labels.has(item))
    setQueue({ items, place: Math.max(open, 0) })
  }
  const list = (event: Event): void => {
    event.preventDefault()
    const wrong = names.length < 2 ? strings.labelsTwo : wrongNames(names)
    setProblem(wrong)
    if (wrong !== '') return
    put(form)
    found.run((signal) => api.search(archive, searchBody(form), signal), ({ results }) => take(results))
  }
  const lacks = missing(labels)
  const train = (event: Event): void => {
    event.preventDefault()
    if (lacks !== '') return
    trained.run((signal) => api.trainHead(archive, trainBody(labels, name, balanced), signal), ({ id }) => {
      setTrainings((now) => now + 1)
      put({ ...latest.current, head: id, first: '' })
    })
  }
  const undo = (): void => {
    const last = steps[steps.length - 1]
    if (last === undefined) return
    set(steps.slice(0, -1))
    const place = queue.items.findIndex(({ item }) => item === last[0]?.[0])
    if (place >= 0) setQueue({ ...queue, place })
  }
  // At once, not after the next frame: a key that comes sooner would take back from the labels before.
  useLayoutEffect(() => {
    if (!shown) return undefined
    const onKeyDown = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLTextAreaElement || (event.target instanceof HTMLInputElement && event.target.type === 'text')
      if (event.key.toLowerCase() !== 'z' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || typing) return
      event.preventDefault()
      undo()
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  })
  const onTake = (head: Head): void => {
    const step = head.items.filter(({ item, label }) => labels.get(item) !== label).map(({ item, label }) => [item, label] as const)
    if (step.length > 0) set(withStep(steps, step))
    put({ ...form, labels: [...new Set([...names, ...head.report.labels])].join('\n') })
  }
  const onRemoved = (head: string): void => {
    setTrainings((now) => now + 1)
    if (latest.current.head === head) put({ ...latest.current, head: '', first: '' })
  }
  if (about.data !== null && !keeps) return <p class="notice">{strings.headsNotKept}</p>
  const counts = countsOf(names, labels)
  return (
    <div class="loop">
      <p class="muted lead">{strings.labelLead}</p>
      <Notice asked={about} what={strings.failed} waiting={strings.loading} onKey={onKey} />
      <form class="compare" onSubmit={list} aria-label={strings.labelList}>
        <div class="prompts">
          <Lines label={strings.labels} hint={strings.labelsHint} value={form.labels} onValue={(one) => setForm({ ...form, labels: one })} />
          <p class="muted hint">{strings.labelsLong}</p>
        </div>
        <Expression label={strings.labelText} hint={strings.labelTextHint} value={form.text} onValue={(text) => setForm({ ...form, text })} />
        <Expression label={strings.where} hint={strings.whereHint} value={form.where} onValue={(where) => setForm({ ...form, where })} />
        <Choice label={strings.by} value={form.by} values={BYS} names={strings.byNames} onChange={(by) => setForm({ ...form, by })} />
        <button class="main" type="submit">{strings.labelList}</button>
      </form>
      {problem !== '' && <p class="error" role="alert">{problem}</p>}
      <Notice asked={found.asked} what={strings.labelNotListed} onKey={onKey} />
      {found.asked.data?.results.length === 0 && <p class="muted" role="status">{strings.nothingToLabel}</p>}
      <Labelling archive={archive} items={queue.items} place={queue.place} onPlace={(place) => setQueue({ ...queue, place })} names={names} labels={labels}
        onLabel={(item, label) => { if ((labels.get(item) ?? null) !== label) set(withStep(steps, [[item, label]])) }} />
      <section aria-labelledby="labelled-title">
        <h2 id="labelled-title">{strings.labelled}</h2>
        <ul class="chips" aria-label={strings.labelled}>
          {counts.map(([label, images]) => <li key={label} class="chip named"><bdi>{label}</bdi> <strong>{count(images)}</strong>&nbsp;</li>)}
        </ul>
        <div class="actions">
          <button type="button" disabled={steps.length === 0} aria-keyshortcuts="Control+Z" onClick={undo}>{strings.labelUndo(steps[steps.length - 1])}</button>
          <button type="button" disabled={labels.size === 0} onClick={() => set(withStep(steps, [...labels.keys()].map((item) => [item, null] as const)))}>{strings.labelNone}</button>
        </div>
        {!kept && <p class="notice warn" role="alert">{strings.labelsNotKept}</p>}
      </section>
      {may ? (
        <form class="compare" onSubmit={train} aria-label={strings.headTrain}>
          <label class="grow">
            <span>{strings.headName}</span>
            <input type="text" value={name} maxLength={60} autocomplete="off" placeholder={strings.headNameHint} onInput={(event) => setName(event.currentTarget.value)} />
          </label>
          <label class="switch"><input type="checkbox" checked={balanced} onChange={() => setBalanced(!balanced)} />{strings.headBalanced}</label>
          <button class="main" type="submit" disabled={lacks !== '' || trained.asked.loading} aria-describedby="train-lacks">{strings.headTrain}</button>
          <p id="train-lacks" class="muted" role="status"><bdi>{lacks === '' ? strings.headReady(labels.size) : lacks}</bdi></p>
        </form>
      ) : about.data !== null && <p class="notice">{strings.headMayNot}</p>}
      {trained.asked.loading ? <Working onCancel={trained.reset} what={strings.headTraining} /> : <Notice asked={trained.asked} what={strings.headNotTrained} onKey={onKey} />}
      <Notice asked={heads} what={strings.failed} waiting={strings.loading} onKey={onKey} />
      {heads.data !== null && (
        <HeadPanel archive={archive} session={session} heads={heads.data.heads} form={form} onForm={put} labels={labels} may={may} go={go} onKey={onKey}
          onItems={take} onTake={onTake} onRemoved={onRemoved} />
      )}
    </div>
  )
}
