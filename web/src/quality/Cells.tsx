import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { ItemFacts } from '../api/client'
import { Described, Place } from '../components/Facts'
import { Thumbnail } from '../components/Thumbnail'
import { EMPTY, toHash } from '../query'
import { strings } from '../strings'

/// Of which archive a table is, and the way to a search.
export interface Of {
  readonly archive: string
  readonly go: (hash: string) => void
}

export function SearchLink({ archive, go, item, label, children }: Of & { item: number; label: string; children: ComponentChildren }) {
  const place = toHash({ ...EMPTY, archive, items: [item] })
  return <a href={`#${place}`} aria-label={label} onClick={(event) => { event.preventDefault(); go(place) }}>{children}</a>
}

function Preview({ archive, item, label = item.modality ?? '' }: { archive: string; item: ItemFacts; label?: string }) {
  return <Thumbnail archive={archive} item={item.item} name={strings.thumbnailOf(strings.item(item.item))} label={label} exists={item.thumb === true} />
}

/// An image or a series: its preview, what is known of it, and a search by it.
export function ItemCell({ archive, go, item }: Of & { item: ItemFacts }) {
  return (
    <td>
      <div class="item">
        <Preview archive={archive} item={item} />
        <div class="facts">
          <p class="place"><Place item={item} /></p>
          <Described item={item} />
          <p><SearchLink archive={archive} go={go} item={item.item} label={strings.of(strings.moreLikeThis, strings.item(item.item))}>{strings.moreLikeThis}</SearchLink></p>
        </div>
      </div>
    </td>
  )
}

/// Previews beside one another; each searches by its image. What a link shows is part of its name.
export function StripList({ archive, go, items }: Of & { items: readonly ItemFacts[] }) {
  const nameOf = ({ item, thumb }: ItemFacts): string => (thumb === true ? strings.item(item) : `${strings.item(item)}, ${strings.noThumbnail}`)
  return (
    <ul class="strip">
      {items.map((item) => (
        <li key={item.item}>
          <SearchLink archive={archive} go={go} item={item.item} label={strings.of(strings.moreLikeThis, nameOf(item))}>
            <Preview archive={archive} item={item} label="" />
          </SearchLink>
        </li>
      ))}
    </ul>
  )
}

export function StripCell(props: Of & { items: readonly ItemFacts[] }) {
  return <td><StripList {...props} /></td>
}

export function NumberCell({ value, digits = 0 }: { value: number | null | undefined; digits?: number }) {
  return <td class="number">{value === null || value === undefined ? '' : value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}</td>
}

export function TextCell({ value }: { value: string | null | undefined }) {
  return <td>{value === null || value === undefined ? <span class="muted">{strings.noValue}</span> : <bdi class="text" title={value}>{value}</bdi>}</td>
}

const ROWS = 50

/// A table some rows at a time, which scrolls by itself where it is wider than the screen.
export function Table<T>({ name, columns, rows, row }: { name: string; columns: readonly string[]; rows: readonly T[]; row: (one: T) => ComponentChildren }) {
  const [most, setMost] = useState(ROWS)
  if (rows.length === 0) return <p class="notice">{strings.noRows}</p>
  return (
    <>
      <div class="scroll" role="region" aria-label={name} tabIndex={0}>
        <table>
          <caption class="sr">{name}</caption>
          <thead><tr>{columns.map((column) => <th key={column} scope="col">{column}</th>)}</tr></thead>
          <tbody>{rows.slice(0, most).map(row)}</tbody>
        </table>
      </div>
      {rows.length > most && <button type="button" class="more" onClick={() => setMost(most + ROWS)}>{strings.showMore}</button>}
    </>
  )
}
