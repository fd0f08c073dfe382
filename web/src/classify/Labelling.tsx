import { useEffect, useRef } from 'preact/hooks'
import type { ItemFacts } from '../api/client'
import { Described, Place } from '../components/Facts'
import { Thumbnail } from '../components/Thumbnail'
import { strings } from '../strings'
import { MAX_KEYS, type Labels } from './labels'

interface Props {
  archive: string
  items: readonly ItemFacts[]
  place: number
  onPlace: (place: number) => void
  names: readonly string[]
  labels: Labels
  onLabel: (item: number, label: string | null) => void
}

/// One image at a time, with a key for each label.
export function Labelling({ archive, items, place, onPlace, names, labels, onLabel }: Props) {
  const group = useRef<HTMLDivElement>(null)
  useEffect(() => group.current?.focus(), [items])
  const item = items[place]
  if (item === undefined) return null
  const label = labels.get(item.item)
  const step = (by: number): void => onPlace(Math.min(Math.max(place + by, 0), items.length - 1))
  const put = (one: string | null): void => {
    onLabel(item.item, one)
    if (one !== null) step(1)
  }
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) return
    const named = /^[1-9]$/.test(event.key) ? names[Number(event.key) - 1] : undefined
    if (named !== undefined) put(named)
    else if (event.key === '0' || event.key === 'Delete') put(null)
    else if (event.key === 'ArrowRight') step(1)
    else if (event.key === 'ArrowLeft') step(-1)
    else return
    event.preventDefault()
  }
  const done = items.filter((one) => labels.has(one.item)).length
  return (
    <div class="labelling" role="group" aria-label={strings.labelling} tabIndex={0} ref={group} onKeyDown={onKey}>
      <Thumbnail archive={archive} item={item.item} name={strings.thumbnailOf(strings.item(item.item))} label={item.modality ?? ''} exists={item.thumb === true} eager />
      <div class="facts">
        <p role="status">{strings.labelPlace(place + 1, items.length, done)} <bdi>{label === undefined ? strings.unlabelled : strings.labelledAs(label)}</bdi></p>
        <p class="place"><Place item={item} /></p>
        <Described item={item} />
        <div class="actions" role="group" aria-label={strings.labelOf(strings.item(item.item))}>
          {names.map((name, i) => (
            <button key={name} type="button" aria-pressed={label === name} aria-keyshortcuts={i < MAX_KEYS ? String(i + 1) : undefined} onClick={() => put(name)}>
              {i < MAX_KEYS && <kbd aria-hidden="true">{i + 1}</kbd>} <bdi>{name}</bdi>
            </button>
          ))}
          <button type="button" disabled={label === undefined} aria-keyshortcuts="0" onClick={() => put(null)}><kbd aria-hidden="true">0</kbd> {strings.noLabel}</button>
        </div>
        <div class="actions">
          <button type="button" disabled={place === 0} onClick={() => step(-1)}>{strings.labelBefore}</button>
          <button type="button" disabled={place === items.length - 1} onClick={() => step(1)}>{strings.labelNext}</button>
        </div>
        <p class="muted small">{strings.labelKeys}</p>
      </div>
    </div>
  )
}
