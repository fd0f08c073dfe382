import { useMemo, useState } from 'preact/hooks'
import { ROOT, withKey } from '../api/client'
import { Failure } from '../api/failure'
import { Notice } from '../components/Notice'
import { strings } from '../strings'
import { useAnswer } from '../useAnswer'
import { mainOf } from '../views'
import { address, operationsOf, type Document, type Operation } from './openapi'

const MAX_SHOWN = 200_000

interface Answer {
  readonly status: number
  readonly ms: number
  readonly text: string
}

async function ask(operation: Operation, values: Record<string, string>, body: string): Promise<Answer> {
  const headers = withKey(new Headers())
  for (const { name, in: place } of operation.parameters) {
    const value = values[name]
    if (place === 'header' && value !== undefined && value !== '') headers.set(name, value)
  }
  if (operation.example !== null) headers.set('content-type', 'application/json')
  const start = performance.now()
  const response = await fetch(ROOT + address(operation, values), {
    method: operation.method, headers, cache: 'no-store', redirect: 'manual',
    ...(operation.example === null ? {} : { body }),
  })
  const text = await response.text()
  const shown = response.headers.get('content-type')?.includes('json') ? pretty(text) : text
  return { status: response.status, ms: performance.now() - start, text: shown.slice(0, MAX_SHOWN) }
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

function TryIt({ operation }: { operation: Operation }) {
  const [values, setValues] = useState<Record<string, string>>({})
  const [body, setBody] = useState(operation.example ?? '')
  const [answer, setAnswer] = useState<Answer | null>(null)
  const [failed, setFailed] = useState(false)
  const [busy, setBusy] = useState(false)
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setFailed(false)
    try {
      setAnswer(await ask(operation, values, body))
    } catch {
      setFailed(true)
    } finally {
      setBusy(false)
    }
  }
  if (operation.method === 'DELETE') return <p class="muted">{strings.notOffered}</p>
  return (
    <form class="try" aria-label={strings.tryIt} onSubmit={(event) => void submit(event)}>
      {operation.parameters.map(({ name, required, description }) => (
        <label key={name}>
          <span><code>{name}</code>{required === true && ` (${strings.required})`}{description !== undefined && ` ${description}`}</span>
          <input type="text" required={required === true} value={values[name] ?? ''} spellcheck={false} autocomplete="off"
            onInput={(event) => setValues({ ...values, [name]: event.currentTarget.value })} />
        </label>
      ))}
      {operation.example !== null && (
        <label>
          <span>{strings.body}</span>
          <textarea rows={8} value={body} spellcheck={false} onInput={(event) => setBody(event.currentTarget.value)} />
        </label>
      )}
      <button type="submit" disabled={busy}>{strings.send}</button>
      {failed && <p class="error" role="alert">{strings.gone}</p>}
      {answer !== null && (
        <div role="status">
          <p>{strings.answer(answer.status, answer.ms)}</p>
          <pre tabIndex={0}>{answer.text}</pre>
        </div>
      )}
    </form>
  )
}

function Entry({ operation }: { operation: Operation }) {
  const [open, setOpen] = useState(false)
  return (
    <details class="operation" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary><b>{operation.method}</b> <code>{operation.path}</code> <span class="muted">{operation.summary}</span></summary>
      {open && (
        <>
          {operation.description !== '' && <p>{operation.description}</p>}
          <TryIt operation={operation} />
          <h3>{strings.statuses}</h3>
          <ul>{operation.statuses.map(([status, text]) => <li key={status}>{status} {text}</li>)}</ul>
        </>
      )}
    </details>
  )
}

async function load(signal: AbortSignal): Promise<Document> {
  let response
  try {
    response = await fetch(`${ROOT}/openapi.json`, { signal, cache: 'no-store' })
  } catch (error) {
    if (signal.aborted) throw error
    throw new Failure('gone', '')
  }
  if (!response.ok) throw new Failure('refused', `status ${response.status}`, response.status)
  return (await response.json()) as Document
}

/// The document of the API, each entry of which can be tried.
export function Reference({ session }: { session: number }) {
  const asked = useAnswer(String(session), load, () => {})
  const operations = useMemo(() => (asked.data === null ? [] : operationsOf(asked.data)), [asked.data])
  const tags = [...new Set(operations.map(({ tag }) => tag))]
  return (
    <main id={mainOf('reference')} tabIndex={-1} class="reference">
      <h1>{strings.views.reference}</h1>
      <p class="muted">{strings.referenceIntro} <a href="../openapi.json">openapi.json</a></p>
      {asked.data === null && <Notice asked={asked} what={strings.failed} />}
      {tags.map((tag) => (
        <section key={tag}>
          <h2>{tag}</h2>
          {operations.filter((operation) => operation.tag === tag).map((operation) => (
            <Entry key={`${operation.method} ${operation.path}`} operation={operation} />
          ))}
        </section>
      ))}
    </main>
  )
}
