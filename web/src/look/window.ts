// Which values become black and white: a window of values, which the server applies, or of the shades of a picture that
// has no values, which is applied here.

export interface Window {
  readonly center: number
  readonly width: number
}

export const PRESETS = ['lung', 'soft', 'bone', 'brain'] as const
export type Preset = (typeof PRESETS)[number]

/// All shades as they are.
export const SHADES: Window = { center: 128, width: 256 }

const LEAST = 1
const MOST = 1e6
/// Of a drag of one pixel.
const WIDER = 0.006
const HIGHER = 0.003

const rounded = (value: number, width: number): number => {
  const step = width >= 50 ? 1 : width >= 5 ? 0.1 : 0.01
  return Number((Math.round(value / step) * step).toFixed(2))
}

export function windowOf(center: number, width: number): Window {
  const kept = Math.min(Math.max(width, LEAST), MOST)
  return { center: rounded(Math.min(Math.max(center, -MOST), MOST), kept), width: rounded(kept, kept) }
}

/// To the right is a wider window, down a higher one, which is darker.
export function dragged(from: Window, dx: number, dy: number): Window {
  return windowOf(from.center + dy * HIGHER * from.width, from.width * Math.exp(dx * WIDER))
}

/// "CENTER,WIDTH" of a header; null for anything else.
export function readWindow(text: string | null): Window | null {
  const found = /^(-?[\d.]+(?:e[-+]?\d+)?),([\d.]+(?:e[-+]?\d+)?)$/.exec(text ?? '')
  const [center, width] = [Number(found?.[1]), Number(found?.[2])]
  return Number.isFinite(center) && Number.isFinite(width) && width >= LEAST ? { center, width } : null
}

export const written = ({ center, width }: Window): string => `${center},${width}`

export const isSame = (a: Window | null, b: Window | null): boolean => a?.center === b?.center && a?.width === b?.width

/// The shade that each of 256 becomes. Source: DICOM PS3.3 C.11.2.1.2, LINEAR.
export function shadesOf({ center, width }: Window): Uint8ClampedArray {
  const table = new Uint8ClampedArray(256)
  const span = Math.max(width - 1, Number.EPSILON)
  for (let shade = 0; shade < 256; shade += 1) table[shade] = ((shade - (center - 0.5)) / span + 0.5) * 255
  return table
}

/// @param pixels  RGBA, of which alpha stays.
export function applyShades(pixels: Uint8ClampedArray, table: Uint8ClampedArray): void {
  for (let i = 0; i < pixels.length; i += 4) {
    pixels[i] = table[pixels[i]!]!
    pixels[i + 1] = table[pixels[i + 1]!]!
    pixels[i + 2] = table[pixels[i + 2]!]!
  }
}
