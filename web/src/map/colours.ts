// The colours of a map's points: the most frequent values have one each, the others share one.
import type { Theme } from '../useTheme'

/// Values with a colour of their own. More could not be told apart.
export const NAMED = 9
/// Slots of the palettes behind those.
export const OTHER = NAMED
export const NONE = NAMED + 1
const SLOTS = NAMED + 2
/// The slot of what is not looked at now.
export const DIM = SLOTS

/// On --panel of style.css. Each has a contrast of 3 to 1 or more to it, but for DIM, which is to be looked past.
export const PALETTES: Readonly<Record<Theme, readonly string[]>> = {
  dark: [
    '#56b4e9', '#f0a030', '#2fc49a', '#f2e35c', '#f08bbb', '#b8a1ff', '#ff7a66', '#a6d96a', '#d8b48c', '#a3b2bf', '#74828f',
    '#3a4752',
  ],
  light: [
    '#0072b2', '#b45309', '#00755c', '#877000', '#b0306f', '#6d3fc4', '#c22a1c', '#4b7a00', '#7b4a2d', '#4b5a66', '#7d8994',
    '#cdd5db',
  ],
}

/// Of the marks of layers, on --panel.
export const MARKS: Readonly<Record<Theme, string>> = { dark: '#ffffff', light: '#000000' }

/// @param facet  as the legend numbers values: 0 none, then the most frequent first.
export function slotOf(facet: number): number {
  if (facet === 0) return NONE
  return facet <= NAMED ? facet - 1 : OTHER
}

export function slotsOf(facets: Uint16Array): Uint8Array {
  const slots = new Uint8Array(facets.length)
  for (let i = 0; i < slots.length; i += 1) slots[i] = slotOf(facets[i]!)
  return slots
}

/// How many points are of each slot.
export function countSlots(slots: Uint8Array): number[] {
  const counts = new Array<number>(SLOTS).fill(0)
  for (const slot of slots) counts[slot]! += 1
  return counts
}

/// Colours as the pixels of an ImageData have them: red, green, blue and alpha in this order in memory.
export function packed(colours: readonly string[]): Uint32Array {
  const bytes = new Uint8Array(colours.flatMap((colour) => {
    const rgb = parseInt(colour.slice(1), 16)
    return [rgb >> 16, (rgb >> 8) & 255, rgb & 255, 255]
  }))
  return new Uint32Array(bytes.buffer)
}
