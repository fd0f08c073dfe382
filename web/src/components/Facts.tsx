import type { ItemFacts } from '../api/client'
import { strings } from '../strings'

/// A value of an archive: text of any length and direction, and never anything but text.
export function Text({ value, class: name = '', of }: { value: string | undefined; class?: string; of?: string | undefined }) {
  if (value === undefined || value === '') return null
  const text = <bdi class={`text ${name}`} title={value}>{value}</bdi>
  return of === undefined ? text : <span class="named">{of} {text}</span>
}

/// What kind of image it is, of what and when; if nobody knows, its number.
export function Place({ item }: { item: ItemFacts }) {
  const known = [item.modality, item.body_part, item.date].filter((one): one is string => one !== undefined)
  return known.length === 0 ? <span>{strings.item(item.item)}</span> : <>{known.map((value) => <Text key={value} value={value} />)}</>
}

/// What its header says of it, and where it comes from.
export function Described({ item }: { item: ItemFacts }) {
  return (
    <>
      <Text value={item.study_description} class="description" />
      <Text value={item.series_description} class="description muted" />
      <p class="origin muted"><Text value={item.site} of={strings.tagNames['site']} /><Text value={item.station} of={strings.tagNames['station']} /></p>
      {item.tile !== undefined && (
        <p class="muted small">{strings.tile(item.tile.x, item.tile.y, item.tile.width, item.tile.height)}</p>
      )}
      {item.tile === undefined && item.frame !== undefined && item.frames !== undefined && item.frames > 1 && (
        <p class="muted small">{strings.frame(item.frame, item.frames)}</p>
      )}
      {item.window !== undefined && <p class="muted small">{strings.window(item.window)}</p>}
    </>
  )
}
