// What of the map is shown: which of its places is in the middle, and how large it is. On the screen y points down.

import type { Size } from '../screen'

export type { Size }
export type At = readonly [number, number]

export interface Camera {
  readonly x: number
  readonly y: number
  /// Pixels per unit of the map.
  readonly scale: number
}

const MARGIN = 0.94
const MOST_ZOOM = 4000
const LEAST_ZOOM = 0.5

/// All of the map.
export function whole(map: Size, screen: Size): Camera {
  const scales = [screen.width / map.width, screen.height / map.height].filter((scale) => scale > 0 && Number.isFinite(scale))
  return { x: map.width / 2, y: map.height / 2, scale: scales.length === 0 ? 1 : Math.min(...scales) * MARGIN }
}

export const toScreen = (camera: Camera, screen: Size, [x, y]: At): At =>
  [screen.width / 2 + (x - camera.x) * camera.scale, screen.height / 2 - (y - camera.y) * camera.scale]

export const toMap = (camera: Camera, screen: Size, [x, y]: At): At =>
  [camera.x + (x - screen.width / 2) / camera.scale, camera.y - (y - screen.height / 2) / camera.scale]

/// @param at  on the screen; what is there stays there.
export function zoom(camera: Camera, map: Size, screen: Size, factor: number, at: At): Camera {
  const all = whole(map, screen).scale
  const scale = Math.min(Math.max(camera.scale * factor, all * LEAST_ZOOM), all * MOST_ZOOM)
  const [x, y] = toMap(camera, screen, at)
  return { x: x - (at[0] - screen.width / 2) / scale, y: y + (at[1] - screen.height / 2) / scale, scale }
}

/// By pixels; the middle of the screen stays on the map, so that nobody loses it.
export function pan(camera: Camera, map: Size, dx: number, dy: number): Camera {
  const within = (value: number, most: number): number => Math.min(Math.max(value, 0), most)
  return { ...camera, x: within(camera.x - dx / camera.scale, map.width), y: within(camera.y + dy / camera.scale, map.height) }
}
