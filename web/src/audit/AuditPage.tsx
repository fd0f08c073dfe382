import { useEffect, useState } from 'preact/hooks'
import { api, type AuditEntry, type AuditList } from '../api/client'
import { ArchiveChoice, NoArchive, useArchives } from '../components/Archives'
import { Notice } from '../components/Notice'
import { Choice } from '../components/Options'
import { NumberCell, Table } from '../quality/Cells'
import { Expression } from '../quality/Fields'
import { save } from '../save'
import { strings } from '../strings'
import { useAnswer, useOnce } from '../useAnswer'
import { mainOf, type ViewProps } from '../views'
import { archiveOf, CHOICES, fromHash, toCsv, toHash, toQuery, type Form } from './form'

/// What it was done with.
function whatOf({ item, study, card, to, found }: AuditEntry): string {
  const parts = [
    item !== undefined && strings.item(item), study !== undefined && strings.auditStudy(study), card !== undefined && strings.auditCard(card),
    to !== undefined && strings.auditTo(to), found !== undefined && strings.auditFound(found),
  ]
  return parts.filter((part) => part !== false).join(', ')
}

function Row({ entry }: { entry: AuditEntry }) {
  const ok = entry.outcome === 'ok' || entry.outcome === 'begun'
  return (
    <tr class={ok ? undefined : 'marked'}>
      <NumberCell value={entry.n} />
      <td><time dateTime={entry.time}>{entry.time.replace('T', ' ')}</time></td>
      <td><bdi class="text">{entry.user ?? (entry.key === undefined ? strings.auditAnybody : strings.callerKey(entry.key))}</bdi></td>
      <td>{strings.auditEvents[entry.event] ?? entry.event}</td>
      <td><bdi class="text">{whatOf(entry)}</bdi></td>
      <td>{strings.auditOutcomes[entry.outcome] ?? entry.outcome}</td>
    </tr>
  )
}

interface ListProps extends Pick<ViewProps, 'session' | 'onKey'> {
  archive: string
  form: Form
  /// Another number asks again.
  turn: number
}

/// The newest lines, and older ones on request.
function List({ archive, form, session, turn, onKey }: ListProps) {
  const key = `${session} ${turn} ${archive} ${JSON.stringify(form)}`
  const asked = useAnswer<AuditList>(key, (signal) => api.audit(archive, toQuery(form, ''), signal), onKey)
  const older = useOnce<AuditList>(onKey)
  useEffect(() => older.reset(), [key])
  const { data } = asked
  const more = (cursor: string): void => older.run((signal) => api.audit(archive, toQuery(form, cursor), signal),
    (next) => { if (data !== null) asked.set({ ...next, entries: [...data.entries, ...next.entries], damaged: data.damaged + next.damaged }) })
  if (data === null || asked.failure !== null) return <Notice asked={asked} what={strings.auditFailed} waiting={strings.loading} onKey={onKey} />
  return (
    <section aria-labelledby="audit-title">
      <div class="results-head">
        <h2 id="audit-title">{strings.results}</h2>
        <p role="status">{strings.auditSummary(data.entries.length, data.more)}</p>
        <button type="button" onClick={() => save('audit.csv', toCsv(data.entries), 'text/csv')} aria-label={strings.of(strings.exportCsv, strings.views.audit)}>{strings.exportCsv}</button>
      </div>
      {data.damaged > 0 && <p class="notice error">{strings.auditDamaged(data.damaged)}</p>}
      <Table name={strings.views.audit} columns={strings.auditColumns} rows={data.entries} row={(entry) => <Row key={entry.n} entry={entry} />} />
      <Notice asked={older.asked} what={strings.auditFailed} waiting={strings.loading} onKey={onKey} />
      {data.cursor !== undefined && <button type="button" class="more" disabled={older.asked.loading} onClick={() => more(data.cursor!)}>{strings.auditOlder}</button>}
    </section>
  )
}

/// Who did what with an archive, for those who administer it.
export function AuditPage({ hash, go, session, onKey }: ViewProps) {
  const archives = useArchives(session, onKey)
  const names = (archives.data?.archives ?? []).filter(({ rights }) => rights?.includes('administer') === true)
  const archive = archiveOf(hash) === '' ? names[0]?.name ?? '' : archiveOf(hash)
  const [form, setForm] = useState<Form>(() => fromHash(hash))
  const [shown, setShown] = useState({ form, turn: 0 })
  useEffect(() => {
    const asked = fromHash(hash)
    if (toHash('', asked) === toHash('', shown.form)) return
    setForm(asked)
    setShown((now) => ({ form: asked, turn: now.turn + 1 }))
  }, [hash])
  if (names.length === 0) return <NoArchive archives={archives} view="audit" onKey={onKey} />
  const put = (some: Partial<Form>): void => setForm({ ...form, ...some })
  const show = (event: Event): void => {
    event.preventDefault()
    setShown((now) => ({ form, turn: now.turn + 1 }))
    go(toHash(archive, form))
  }
  return (
    <>
      <section class="ask" aria-label={strings.archive}>
        <div class="which"><ArchiveChoice names={names} value={archive} onChange={(name) => go(toHash(name, shown.form))} /></div>
      </section>
      <main id={mainOf('audit')} tabIndex={-1} class="quality">
        <h1>{strings.views.audit}</h1>
        <p class="muted lead">{strings.auditLead}</p>
        <form class="compare" onSubmit={show} aria-label={strings.views.audit}>
          <Choice label={strings.auditEvent} value={form.event} values={CHOICES} names={strings.auditChoices} onChange={(event) => put({ event })} />
          <Expression label={strings.auditUser} hint="" value={form.user} onValue={(user) => put({ user })} />
          <Expression label={strings.auditKey} hint={strings.auditKeyHint} value={form.key} onValue={(key) => put({ key })} />
          <Expression label={strings.auditOfStudy} hint={strings.auditOfStudyHint} value={form.study} onValue={(study) => put({ study })} />
          <label>
            <span>{strings.auditSince}</span>
            <input type="date" value={form.since} onChange={(event) => put({ since: event.currentTarget.value })} />
          </label>
          <button class="main" type="submit">{strings.auditShow}</button>
        </form>
        <List archive={archive} form={shown.form} turn={shown.turn} session={session} onKey={onKey} />
      </main>
    </>
  )
}
