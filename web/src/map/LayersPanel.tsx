import { useState } from 'preact/hooks'
import { linesOf } from '../classify/form'
import { Notice } from '../components/Notice'
import { Working } from '../quality/Comparison'
import { Expression } from '../quality/Fields'
import { count, strings } from '../strings'
import type { ViewProps } from '../views'
import type { MapBy } from './address'
import type { Group } from './groups'
import type { Layers, Marked, MarkLayer } from './useLayers'

interface Props extends Pick<ViewProps, 'onKey'> {
  layers: Layers
  by: MapBy
  onChosen: (points: Uint32Array) => void
}

/// Marks of one kind: how they are asked for, and what came of it.
function Marks({ what, layer, onKey, onChosen }: { what: Marked; layer: MarkLayer } & Omit<Props, 'layers' | 'by'>) {
  const [reference, setReference] = useState('')
  const [problem, setProblem] = useState('')
  const { asked, items, points, mark, hide } = layer
  const ask = (event: Event): void => {
    event.preventDefault()
    const missing = what === 'outliers' && reference.trim() === ''
    setProblem(missing ? strings.referenceNeeded : '')
    if (!missing) mark(reference)
  }
  return (
    <form class="layer" onSubmit={ask} aria-label={strings.judgementNames[what]}>
      {what === 'outliers' && <Expression label={strings.reference} hint={strings.referenceHint} value={reference} onValue={setReference} />}
      {/* Keys: one button that became the other while it is pressed would submit at once. */}
      {asked.data === null
        ? <button key="mark" type="submit" disabled={asked.loading}>{strings.markLayer[what]}</button>
        : <button key="hide" type="button" aria-pressed="true" onClick={hide}>{strings.hideLayer[what]}</button>}
      {problem !== '' && <p class="error" role="alert">{problem}</p>}
      {asked.loading && <Working onCancel={hide} />}
      {asked.failure !== null && <Notice asked={asked} what={strings.compareFailed} onKey={onKey} />}
      {asked.data !== null && (
        <>
          <p class="muted" role="status">{strings.layerShows[what](items, points.length)}</p>
          {points.length > 0 && <button type="button" onClick={() => onChosen(points)}>{strings.listLayer[what]}</button>}
        </>
      )}
    </form>
  )
}

function Named({ groups, onChosen }: { groups: readonly Group[]; onChosen: Props['onChosen'] }) {
  return (
    <ul class="legend">
      {groups.map(({ name, points }) => (
        <li key={points[0]}>
          <button type="button" class="quiet" onClick={() => onChosen(points)}><span class="name">{name}</span><span class="count">{count(points.length)}</span></button>
        </li>
      ))}
    </ul>
  )
}

function Names({ layers: { naming, groups, dense, name, hideNames }, onKey, onChosen }: Omit<Props, 'by'>) {
  const [words, setWords] = useState(strings.groupWordsUsual)
  const [problem, setProblem] = useState('')
  const ask = (event: Event): void => {
    event.preventDefault()
    const missing = new Set(linesOf(words)).size < 2
    setProblem(missing ? strings.groupWordsNeeded : '')
    if (!missing) name(words)
  }
  return (
    <form class="layer" onSubmit={ask} aria-label={strings.groupNames}>
      <label>
        <span>{strings.groupWords}</span>
        <textarea rows={3} value={words} spellcheck={false} onInput={(event) => setWords(event.currentTarget.value)} />
      </label>
      <p class="actions">
        <button type="submit" disabled={naming.loading || dense === 0}>{strings.nameGroups}</button>
        {naming.data !== null && <button type="button" onClick={hideNames}>{strings.hideNames}</button>}
      </p>
      {problem !== '' && <p class="error" role="alert">{problem}</p>}
      {(naming.loading || naming.failure !== null) && <Notice asked={naming} what={strings.namesFailed} waiting={strings.namingGroups} onKey={onKey} />}
      {naming.data !== null && (
        <>
          <p class="muted" role="status">{strings.groupsNamed(groups.length, dense)}</p>
          <Named groups={groups} onChosen={onChosen} />
        </>
      )}
    </form>
  )
}

/// What can be laid over the points.
export function LayersPanel({ layers, by, onKey, onChosen }: Props) {
  return (
    <details class="layers">
      <summary>{strings.layers}</summary>
      <p class="muted small">{strings.layersHint}</p>
      <Names layers={layers} onKey={onKey} onChosen={onChosen} />
      <Marks what="outliers" layer={layers.marks.outliers} onKey={onKey} onChosen={onChosen} />
      {by === 'image' && <Marks what="dups" layer={layers.marks.dups} onKey={onKey} onChosen={onChosen} />}
    </details>
  )
}
