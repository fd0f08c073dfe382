// What the map shows, and its form in the address.
import type { LegendQuery } from '../api/client'
import { oneOf, putFilters, readFilters, type Filters } from '../query'

export const MAP_BYS = ['image', 'series'] as const
export const COLOURS = ['modality', 'body_part', 'laterality', 'plane', 'contrast', 'month', 'site', 'station'] as const
export type MapBy = (typeof MAP_BYS)[number]
export type Colour = (typeof COLOURS)[number]

export interface MapPlace extends Filters {
  readonly archive: string
  readonly by: MapBy
  readonly colour: Colour
}

export function toHash(place: MapPlace): string {
  const fields = new URLSearchParams({ view: 'map' })
  if (place.archive !== '') fields.append('archive', place.archive)
  if (place.by !== 'image') fields.append('by', place.by)
  if (place.colour !== 'modality') fields.append('colour', place.colour)
  putFilters(fields, place)
  return fields.toString()
}

/// What makes no sense in it is passed over: it may come from anybody.
export function fromHash(hash: string): MapPlace {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  return {
    ...readFilters(fields),
    archive: fields.get('archive') ?? '',
    by: oneOf(fields.get('by'), MAP_BYS, 'image'),
    colour: oneOf(fields.get('colour'), COLOURS, 'modality'),
  }
}

export const legendQuery = ({ by, colour }: MapPlace): LegendQuery => ({ by, colour })
