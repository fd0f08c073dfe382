import type { Classified } from '../api/client'
import { ItemCell, Table } from '../quality/Cells'
import { save } from '../save'
import { strings } from '../strings'
import type { ViewProps } from '../views'
import { toCsv } from './csv'
import { bestOf, type Row } from './form'

const SHOWN = 5

export function Scores({ row, labels }: { row: Pick<Row, 'scores'>; labels: readonly string[] }) {
  const best = bestOf(row, labels, SHOWN)
  return (
    <td>
      <ul class="plain scores">
        {best.map(({ label, score }) => {
          const text = score.toFixed(3)
          return (
            <li key={label}>
              <meter min={0} max={1} value={score} aria-label={strings.scoreOf(label, text)} />
              <span class="number">{text}</span> <bdi class="text" title={label}>{label}</bdi>
            </li>
          )
        })}
        {labels.length > best.length && <li class="muted small">{strings.furtherLabels(labels.length - best.length)}</li>}
      </ul>
    </td>
  )
}

function Label({ row }: { row: Row }) {
  return (
    <td>
      <p><bdi class={row.verdict === 'none' ? 'text muted' : 'text'} title={row.label}>{row.label}</bdi></p>
      {row.verdict !== undefined && <p><span class={`badge ${row.verdict}`}>{strings.fits[row.verdict]}</span></p>}
      {row.cosine !== undefined && <p class="muted small">{strings.score(row.cosine)}</p>}
    </td>
  )
}

interface Props extends Pick<ViewProps, 'go'> {
  answer: Classified
  archive: string
  /// Names of the images that were sent.
  files: readonly string[]
  /// Labels are words: there is something to say whether one fits.
  words: boolean
}

export function Answer({ answer, archive, files, words, go }: Props) {
  const { results, labels, chosen } = answer
  const none = results.filter(({ verdict }) => verdict === 'none').length
  return (
    <section aria-labelledby="classified-title">
      <div class="results-head">
        <h2 id="classified-title">{strings.results}</h2>
        <p role="status">{strings.classifySummary(results.length, chosen)}</p>
        <button type="button" onClick={() => save('classified.csv', toCsv(answer, files), 'text/csv')}>{strings.exportCsv}</button>
      </div>
      {none > 0 && <p class="notice warn">{strings.noneFits(none)}</p>}
      {words && results.length > 0 && results.every(({ verdict }) => verdict === undefined) && <p class="notice">{strings.noVerdictOfLabels}</p>}
      <Table name={strings.views.classify} columns={strings.classifyColumns} rows={results} row={(row) => (
        <tr key={'file' in row ? `file${row.file}` : row.item} class={row.verdict === 'none' ? 'marked' : undefined}>
          {'file' in row ? <td><bdi class="text">{files[row.file - 1] ?? String(row.file)}</bdi></td> : <ItemCell archive={archive} go={go} item={row} />}
          <Label row={row} />
          <Scores row={row} labels={labels} />
        </tr>
      )} />
      <p class="muted searched">{strings.exportHint}</p>
    </section>
  )
}
