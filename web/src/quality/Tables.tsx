import type { Drift, Dups, Outliers } from '../api/client'
import { strings } from '../strings'
import type { ViewProps } from '../views'
import { ItemCell, NumberCell, StripCell, Table, TextCell, type Of } from './Cells'
import { DriftTimeline } from './DriftTimeline'
import type { DriftField } from './form'
import type { Judgement } from './judge'
import { TagReview } from './TagReview'

const names = strings.judgementNames
const column = strings.columns

function OutliersTable({ answer, ...of }: Of & { answer: Outliers }) {
  return (
    <Table name={names.outliers} columns={[column.rank, column.score, column.rarity, column.outlier, column.judged, column.nearest]}
      rows={answer.results} row={(one) => (
        <tr key={one.rank} class={one.outlier ? 'marked' : undefined}>
          <NumberCell value={one.rank} />
          <NumberCell value={one.score} digits={4} />
          <NumberCell value={one.rarity} digits={4} />
          <td>{one.outlier ? strings.yes : strings.no}</td>
          <ItemCell {...of} item={one} />
          <ItemCell {...of} item={one.nearest} />
        </tr>
      )} />
  )
}

function DriftTable({ answer, by, ...of }: Of & { answer: Drift; by: readonly DriftField[] }) {
  const named = by.map((one) => strings.facetNames[one] ?? one)
  return (
    <Table name={names.drift} columns={[...named, column.images, column.patients, column.distance, column.p, column.p_holm, column.moved]}
      rows={answer.groups} row={(one) => (
        <tr key={by.map((field) => JSON.stringify(one[field])).join()}>
          {by.map((field) => <TextCell key={field} value={one[field]} />)}
          <NumberCell value={one.images} />
          <NumberCell value={one.patients} />
          <NumberCell value={one.distance} digits={4} />
          <NumberCell value={one.p} digits={4} />
          <NumberCell value={one.p_holm} digits={4} />
          <StripCell {...of} items={one.moved} />
        </tr>
      )} />
  )
}

function DupsTable({ answer, ...of }: Of & { answer: Dups }) {
  return (
    <Table name={names.dups} columns={[column.group, column.patients, column.image, column.why, column.cosine, column.bits]}
      rows={answer.groups} row={(group) => group.members.map((one, i) => (
        <tr key={`${group.group} ${one.item}`}>
          {i === 0 && <th scope="rowgroup" rowSpan={group.members.length}>{group.group}</th>}
          {i === 0 && <td class="number" rowSpan={group.members.length}>{group.patients}</td>}
          <ItemCell {...of} item={one} />
          <TextCell value={one.why} />
          <NumberCell value={one.cosine} digits={4} />
          <NumberCell value={one.bits} />
        </tr>
      ))} />
  )
}

export function JudgementTable({ judged, session, onKey, ...of }: Of & Pick<ViewProps, 'session' | 'onKey'> & { judged: Judgement }) {
  switch (judged.what) {
    case 'outliers':
      return <OutliersTable {...of} answer={judged.answer} />
    case 'drift':
      return <><DriftTimeline {...of} answer={judged.answer} by={judged.by} /><DriftTable {...of} answer={judged.answer} by={judged.by} /></>
    case 'tags':
      return <TagReview {...of} answer={judged.answer} session={session} onKey={onKey} />
    case 'dups':
      return <DupsTable {...of} answer={judged.answer} />
  }
}
