import { api } from '../api/client'
import { Notice } from '../components/Notice'
import { strings } from '../strings'
import { useAnswer } from '../useAnswer'
import type { ViewProps } from '../views'
import { NumberCell, Table, TextCell } from './Cells'

const MOST = 1000

/// A reason in words: a code, or of what was skipped the reason itself.
const reasonOf = (reason: string): string => strings.refusedReasons[reason] ?? reason.replace(/^skipped: /, '')

/// What could not be added to an archive, and why.
export function Refused({ archive, session, onKey }: Pick<ViewProps, 'session' | 'onKey'> & { archive: string }) {
  const asked = useAnswer(`${session} ${archive}`, (signal) => api.refused(archive, MOST, signal), onKey)
  const { data } = asked
  return (
    <>
      <p class="muted lead">{strings.refusedLead}</p>
      <Notice asked={asked} what={strings.refusedFailed} waiting={strings.loading} onKey={onKey} />
      {data !== null && (
        <section aria-label={strings.sectionNames.refused}>
          <p role="status">{strings.refusedSummary(data.refused)}</p>
          {data.refused > 0 && (
            <Table name={strings.refusedBy} columns={strings.refusedByColumns} rows={Object.entries(data.by)} row={([reason, n]) => (
              <tr key={reason}><TextCell value={reasonOf(reason)} /><NumberCell value={n} /></tr>
            )} />
          )}
          {data.files === undefined && data.refused > 0 && <p class="muted">{strings.refusedNoPaths}</p>}
          {data.files !== undefined && data.files.length > 0 && (
            <>
              <h2>{strings.refusedFiles}</h2>
              {data.more === true && <p class="notice warn">{strings.refusedMore(data.files.length)}</p>}
              <Table name={strings.refusedFiles} columns={strings.refusedColumns} rows={data.files} row={(one) => (
                <tr key={one.path}>
                  <TextCell value={one.path} />
                  <TextCell value={reasonOf(one.code)} />
                  <TextCell value={one.reason} />
                  <TextCell value={one.at} />
                </tr>
              )} />
            </>
          )}
        </section>
      )}
    </>
  )
}
