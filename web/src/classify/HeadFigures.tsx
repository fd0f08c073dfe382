import type { Head } from '../api/client'
import { NumberCell, Table } from '../quality/Cells'
import { count, strings } from '../strings'
import { areaInWords, inWords, worthOf } from './labels'

/// What a head is worth, in figures and in words.
export function HeadFigures({ head }: { head: Head }) {
  const { report } = head
  return (
    <section aria-labelledby="figures-title">
      <h3 id="figures-title">{strings.headFigures}</h3>
      <p role="status">{strings.headSummary(head.items.length, report.split.train.groups ?? 0, inWords(report.balanced_accuracy), inWords(report.accuracy))}</p>
      <p class="notice warn">{worthOf(head)}</p>
      {report.warnings.length > 0 && (
        <ul class="plain muted small">{report.warnings.map((warning) => <li key={warning}><bdi>{warning}</bdi></li>)}</ul>
      )}
      <Table name={strings.headPerLabel} columns={strings.headColumns} rows={report.classes} row={(one) => (
        <tr key={one.label}>
          <th scope="row"><bdi class="text" title={one.label}>{one.label}</bdi></th>
          <NumberCell value={one.train_rows} />
          <NumberCell value={one.train_groups} />
          <td>{inWords({ value: one.recall, low: null, high: null })}</td>
          <td>{inWords({ value: one.precision, low: null, high: null })}</td>
          <td>{areaInWords(one.auc)}</td>
        </tr>
      )} />
      <p class="muted searched">{strings.headHow(count(report.rows))}</p>
    </section>
  )
}
