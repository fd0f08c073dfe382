// Drift over time: the groups of an answer by month and, for each station or whatever else they are made by, in a row.
import type { Drift } from '../api/client'
import { strings } from '../strings'
import type { DriftField } from './form'

export type Group = Drift['groups'][number]

export interface Series {
  /// Of what: the values of all fields but the month.
  readonly name: string
  /// By months() of all; undefined: there are no images of that month.
  readonly groups: readonly (Group | undefined)[]
}

export interface Timeline {
  /// Every month from the first to the last: "2024-05".
  readonly months: readonly string[]
  /// Those that moved farthest first.
  readonly series: readonly Series[]
  /// The greatest distance of all.
  readonly most: number
}

/// A hundred years: what is beyond are dates of no study.
const MOST_MONTHS = 1200

const numberOf = (month: string): number => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1
const nameOf = (number: number): string => `${String(Math.floor(number / 12)).padStart(4, '0')}-${String(number % 12 + 1).padStart(2, '0')}`

/// Null: nothing is by month, or no month is known.
export function timelineOf({ groups }: Drift, by: readonly DriftField[]): Timeline | null {
  if (!by.includes('month')) return null
  const dated = groups.filter(({ month }) => /^\d{4}-(0[1-9]|1[0-2])$/.test(month ?? ''))
  if (dated.length === 0) return null
  const numbers = dated.map(({ month }) => numberOf(month!))
  const last = Math.max(...numbers)
  const first = Math.max(Math.min(...numbers), last - MOST_MONTHS + 1)
  const months = Array.from({ length: last - first + 1 }, (_, i) => nameOf(first + i))
  const rest = by.filter((field) => field !== 'month')
  const named = new Map<string, (Group | undefined)[]>()
  for (const group of dated) {
    const at = numberOf(group.month!) - first
    if (at < 0) continue
    const name = rest.length === 0 ? strings.driftAll : rest.map((field) => group[field] ?? strings.noValue).join(', ')
    const row = named.get(name) ?? new Array<Group | undefined>(months.length).fill(undefined)
    row[at] = group
    named.set(name, row)
  }
  const farthest = (row: readonly (Group | undefined)[]): number => Math.max(...row.map((group) => group?.distance ?? 0))
  const series = [...named].map(([name, row]) => ({ name, groups: row })).sort((a, b) => farthest(b.groups) - farthest(a.groups))
  return { months, series, most: Math.max(...dated.map(({ distance }) => distance)) }
}

/// Where the farthest group is.
export function peakOf({ series }: Timeline): number {
  const groups = series[0]?.groups ?? []
  return groups.reduce((best, group, i) => ((group?.distance ?? 0) > (groups[best]?.distance ?? 0) ? i : best), 0)
}

/// Points of a line in a box of 100 by 100, in pieces: a month without images is no zero.
export function linesOf(groups: readonly (Group | undefined)[], most: number): string[] {
  const pieces: string[][] = [[]]
  groups.forEach((group, i) => {
    if (group === undefined) pieces.push([])
    else pieces.at(-1)!.push(`${xOf(i, groups.length)},${yOf(group.distance, most)}`)
  })
  return pieces.filter((piece) => piece.length > 1).map((piece) => piece.join(' '))
}

const rounded = (value: number): number => Math.round(value * 100) / 100
export const xOf = (month: number, months: number): number => (months < 2 ? 50 : rounded(2 + (96 * month) / (months - 1)))
export const yOf = (distance: number, most: number): number => (most <= 0 ? 95 : rounded(95 - 90 * Math.max(0, distance / most)))
