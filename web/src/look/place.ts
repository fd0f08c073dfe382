// Where a picture lies on the screen.
import type { Size } from '../screen'

/// How it is looked at: all of it at 1, and how far its middle is from that of the screen, in pixels of the page.
export interface View {
  readonly zoom: number
  readonly x: number
  readonly y: number
}

export const WHOLE: View = { zoom: 1, x: 0, y: 0 }
export const MOST_ZOOM = 24

/// The sides of a picture as it is in the patient: pixels need not be square.
export function sidesOf(columns: number, rows: number, spacing: readonly [number, number] | null): Size {
  const tall = spacing === null ? 1 : spacing[0] / spacing[1]
  return Number.isFinite(tall) && tall > 0.05 && tall < 20 ? { width: columns, height: rows * tall } : { width: columns, height: rows }
}

export interface Box extends Size {
  readonly left: number
  readonly top: number
}

const fit = (screen: Size, sides: Size): number => Math.min(screen.width / sides.width, screen.height / sides.height)

export function boxOf(screen: Size, sides: Size, view: View): Box {
  const scale = fit(screen, sides) * view.zoom
  const [width, height] = [sides.width * scale, sides.height * scale]
  return { left: (screen.width - width) / 2 + view.x, top: (screen.height - height) / 2 + view.y, width, height }
}

/// The middle of the screen stays on the picture.
function kept(screen: Size, sides: Size, view: View): View {
  if (view.zoom <= 1) return WHOLE
  const scale = fit(screen, sides) * view.zoom
  const within = (value: number, length: number): number => Math.min(Math.max(value, -length / 2), length / 2)
  return { zoom: view.zoom, x: within(view.x, sides.width * scale), y: within(view.y, sides.height * scale) }
}

export const moved = (screen: Size, sides: Size, view: View, dx: number, dy: number): View =>
  kept(screen, sides, { ...view, x: view.x + dx, y: view.y + dy })

/// What is at a place of the screen stays there.
export function zoomed(screen: Size, sides: Size, view: View, factor: number, at: readonly [number, number]): View {
  const zoom = Math.min(Math.max(view.zoom * factor, 1), MOST_ZOOM)
  const grown = zoom / view.zoom
  const [x, y] = [at[0] - screen.width / 2, at[1] - screen.height / 2]
  return kept(screen, sides, { zoom, x: x - (x - view.x) * grown, y: y - (y - view.y) * grown })
}

/// How many pixels of the longer side are worth asking for: a power of two, so that a few sizes are asked for.
export function worthAsking(screen: Size, fine: number, zoom: number): number {
  const wanted = Math.max(screen.width, screen.height, 1) * Math.max(fine, 1) * zoom
  return Math.min(Math.max(2 ** Math.ceil(Math.log2(wanted)), 256), 4096)
}
