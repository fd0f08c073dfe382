import { useEffect, useRef, useState } from 'preact/hooks'
import { api, type Classified } from '../api/client'
import { ArchiveChoice, NoArchive, useArchives } from '../components/Archives'
import { Notice } from '../components/Notice'
import { Choice } from '../components/Options'
import { useImages } from '../components/SearchPage'
import type { LocalImage } from '../query'
import { Working } from '../quality/Comparison'
import { Expression } from '../quality/Fields'
import { LIMITS } from '../quality/form'
import { count, strings } from '../strings'
import { useAnswer } from '../useAnswer'
import { mainOf, type ViewProps } from '../views'
import { Answer } from './Answer'
import { LabelPage } from './LabelPage'
import { fromHash as fromLabelHash, modeOf, toHash as toLabelHash, USUAL as USUAL_LABELS, type Mode } from './labels'
import { Lines } from './Lines'
import { archiveOf, fill, fromHash, OFS, problemOf, toBody, toHash, UNITS, USUAL, type Form } from './form'

const numbers = Object.fromEntries(LIMITS.map((one) => [one, count(Number(one))])) as Record<(typeof LIMITS)[number], string>

interface FieldsProps {
  form: Form
  onForm: (form: Form) => void
  classifiers: readonly string[]
}

function Fields({ form, onForm, classifiers }: FieldsProps) {
  const put = (some: Partial<Form>): void => onForm({ ...form, ...some })
  const byNames = { '': strings.classifyByLabels, ...Object.fromEntries([...classifiers, form.classifier].filter((name) => name !== '').map((name) => [name, name])) }
  return (
    <>
      {(classifiers.length > 0 || form.classifier !== '') && (
        <Choice label={strings.classifyBy} value={form.classifier} values={Object.keys(byNames)} names={byNames} onChange={(classifier) => put({ classifier })} />
      )}
      {form.classifier === '' && (
        <div class="prompts">
          <Lines label={strings.labels} hint={strings.labelsHint} value={form.labels} onValue={(labels) => put({ labels })} />
          <Lines label={strings.templates} hint={strings.templatesHint} value={form.templates} onValue={(templates) => put({ templates })} />
          <p class="muted hint">{strings.templatesLong}</p>
        </div>
      )}
      <label class="switch"><input type="checkbox" checked={form.multilabel} onChange={() => put({ multilabel: !form.multilabel })} />{strings.multilabel}</label>
      <Choice label={strings.classifyOf} value={form.of} values={OFS} names={strings.classifyOfNames} onChange={(of) => put({ of })} />
      {form.of === 'archive' && form.items.length > 0 && (
        <p class="switch">{strings.classifyItems(form.items.length)} <button type="button" onClick={() => put({ items: [] })}>{strings.classifyByFilter}</button></p>
      )}
      {form.of === 'archive' && form.items.length === 0 && (
        <>
          <Expression label={strings.where} hint={strings.whereHint} value={form.where} onValue={(where) => put({ where })} />
          <Choice label={strings.classifyUnit} value={form.unit} values={UNITS} names={strings.classifyUnitNames} onChange={(unit) => put({ unit })} />
          <Choice label={strings.limit} value={form.limit} values={LIMITS} names={numbers} onChange={(limit) => put({ limit })} />
        </>
      )}
    </>
  )
}

interface FilesProps {
  images: readonly LocalImage[]
  onImages: (images: readonly LocalImage[]) => void
  onFiles: (files: readonly File[]) => void
}

function Files({ images, onImages, onFiles }: FilesProps) {
  const chooser = useRef<HTMLInputElement>(null)
  return (
    <div class="files">
      <button type="button" onClick={() => chooser.current?.click()}>{strings.addImage}</button>
      <input ref={chooser} type="file" multiple hidden aria-label={strings.addImage} onChange={(event) => {
        onFiles([...(event.currentTarget.files ?? [])])
        event.currentTarget.value = ''
      }} />
      <span class="muted hint">{strings.imageHint}</span>
      {images.length > 0 && (
        <ul class="chips" aria-label={strings.yourFiles}>
          {images.map((image) => (
            <li key={image.id} class="chip named">
              <bdi>{image.name}</bdi>
              <button type="button" class="remove" aria-label={strings.remove(image.name)} onClick={() => onImages(images.filter((one) => one.id !== image.id))}>×</button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

interface Run {
  readonly number: number
  readonly archive: string
  readonly form: Form
  readonly images: readonly LocalImage[]
}

/// By words: of the archive, from the vectors that it has, or of files that are dropped.
function WordsPage({ archive, hash, go, session, onKey, shown }: ViewProps & { archive: string }) {
  const [form, setForm] = useState<Form>(() => fromHash(hash))
  useEffect(() => setForm((now) => fill(now, hash)), [hash])
  const { images, setImages, problem: unread, dragging, add } = useImages(shown)
  useEffect(() => {
    if (images.length > 0) setForm((now) => ({ ...now, of: 'files' }))
  }, [images.length])
  const about = useAnswer(archive === '' ? null : `${session} ${archive}`, (signal) => api.archive(archive, signal), onKey)
  const [run, setRun] = useState<Run | null>(null)
  const [problem, setProblem] = useState('')
  const runs = useRef(0)
  const button = useRef<HTMLButtonElement>(null)
  const key = run === null ? null : `${session} ${run.number}`
  const answer = useAnswer<Classified>(key, (signal) => api.classify(run!.archive, toBody(run!.form, run!.images), signal), onKey)
  useEffect(() => setRun(null), [archive])
  const classify = (event: Event): void => {
    event.preventDefault()
    const found = problemOf(form, images.length)
    setProblem(found)
    if (found !== '') return
    runs.current += 1
    setRun({ number: runs.current, archive, form, images: form.of === 'files' ? images : [] })
    go(toHash(archive, form))
  }
  const cancel = (): void => {
    setRun(null)
    button.current?.focus()
  }
  return (
    <>
      {dragging && <div class="drop" aria-hidden="true">{strings.classifyDrop}</div>}
      <p class="muted lead">{strings.classifyLead}</p>
      <form class="compare" onSubmit={classify} aria-label={strings.views.classify}>
        <Fields form={form} onForm={setForm} classifiers={about.data?.classifiers ?? []} />
        {form.of === 'files' && <Files images={images} onImages={setImages} onFiles={(files) => void add(files)} />}
        <button ref={button} class="main" type="submit">{strings.classify}</button>
      </form>
      {(problem !== '' || unread !== '') && <p class="error" role="alert"><bdi>{problem === '' ? unread : problem}</bdi></p>}
      {answer.loading && <Working key={key} onCancel={cancel} what={strings.classifying} />}
      {!(answer.loading && answer.waiting === null) && <Notice asked={answer} what={strings.classifyFailed} onKey={onKey} />}
      {run !== null && answer.data !== null && !answer.loading && answer.failure === null && (
        <Answer key={key} answer={answer.data} archive={run.archive} files={run.images.map(({ name }) => name)} words={run.form.classifier === ''} go={go} />
      )}
    </>
  )
}

const MODES: readonly Mode[] = ['words', 'label']

/// Labels for images, by words or by a head that is trained on labelled ones.
export function ClassifyPage(props: ViewProps) {
  const { hash, go, session, onKey, shown } = props
  const archives = useArchives(session, onKey)
  const names = archives.data?.archives ?? []
  const asked = archiveOf(hash)
  const archive = asked === '' ? names[0]?.name ?? '' : asked
  const mode = modeOf(hash)
  /// Where each way stands: what was typed and computed stays while the other is looked at.
  const [places, setPlaces] = useState<Partial<Record<Mode, string>>>({})
  useEffect(() => setPlaces((now) => ({ ...now, [mode]: hash })), [hash])
  if (names.length === 0) return <NoArchive archives={archives} view="classify" onKey={onKey} />
  const usual = (one: Mode, name: string): string => (one === 'label' ? toLabelHash(name, USUAL_LABELS) : toHash(name, USUAL))
  const placeOf = (one: Mode): string => {
    const place = one === mode ? hash : places[one]
    return place === undefined || archiveOf(place) !== asked ? usual(one, archive) : place
  }
  return (
    <>
      <section class="ask" aria-label={strings.archive}>
        <div class="which">
          <ArchiveChoice names={names} value={archive} onChange={(name) => {
            setPlaces({})
            go(mode === 'label' ? toLabelHash(name, { ...fromLabelHash(hash), head: '', first: '' }) : toHash(name, { ...fromHash(hash), items: [] }))
          }} />
        </div>
      </section>
      <main id={mainOf('classify')} tabIndex={-1} class="quality">
        <h1>{strings.views.classify}</h1>
        <nav class="kinds" aria-label={strings.classifyWays}>
          {MODES.map((one) => (
            <a key={one} href={`#${placeOf(one)}`} aria-current={one === mode ? 'true' : undefined} onClick={(event) => { event.preventDefault(); go(placeOf(one)) }}>{strings.classifyWay[one]}</a>
          ))}
        </nav>
        {MODES.map((one) => (one === mode || places[one] !== undefined) && (
          <div key={one} hidden={one !== mode}>
            {one === 'words'
              ? <WordsPage {...props} archive={archive} hash={placeOf(one)} shown={shown && one === mode} />
              : <LabelPage archive={archive} hash={placeOf(one)} go={go} session={session} onKey={onKey} shown={shown && one === mode} />}
          </div>
        ))}
      </main>
    </>
  )
}
