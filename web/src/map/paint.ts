// Points as pixels. Not by regl-scatterplot, whose regl makes functions of text, which the page's policy forbids. Nor by WebGL
// of our own: where there is no graphics card, as on remote desktops, it takes ten times as long as this.
import type { Camera, Size } from './camera'
import { boxOnScreen } from './choose'
import { DIM } from './colours'
import { LEVELS, SIDE, tilesIn, type Tiled } from './tiles'

export interface Picture extends Size {
  /// Rows from the top, in the order of an ImageData.
  readonly pixels: Uint32Array
}

/// Of a point, in pixels of the page.
export function radiusOf(count: number): number {
  if (count <= 1000) return 4
  if (count <= 10_000) return 3
  return count <= 100_000 ? 2 : 1
}

/// A shape around a point: where it is in a picture of this width, relative to the point's own pixel.
interface Shape {
  readonly reach: number
  readonly places: Int32Array
  readonly dx: Int8Array
  readonly dy: Int8Array
}

/// @param within  whether a place, relative to the middle, is of the shape
function shapeOf(reach: number, width: number, within: (dx: number, dy: number) => boolean): Shape {
  const places: (readonly [number, number])[] = []
  for (let dy = -reach; dy <= reach; dy += 1) {
    for (let dx = -reach; dx <= reach; dx += 1) if (within(dx, dy)) places.push([dx, dy])
  }
  return {
    reach, places: Int32Array.from(places, ([dx, dy]) => dy * width + dx), dx: Int8Array.from(places, ([dx]) => dx),
    dy: Int8Array.from(places, ([, dy]) => dy),
  }
}

function discOf(radius: number, width: number): Shape {
  return shapeOf(Math.floor(radius), width, (dx, dy) => dx * dx + dy * dy <= radius * radius)
}

function put({ pixels, width, height }: Picture, shape: Shape, x: number, y: number, colour: number): void {
  const { reach, places } = shape
  if (x < -reach || x >= width + reach || y < -reach || y >= height + reach) return
  const at = y * width + x
  if (x >= reach && x < width - reach && y >= reach && y < height - reach) {
    for (let i = 0; i < places.length; i += 1) pixels[at + places[i]!] = colour
    return
  }
  for (let i = 0; i < places.length; i += 1) {
    const [column, row] = [x + shape.dx[i]!, y + shape.dy[i]!]
    if (column >= 0 && column < width && row >= 0 && row < height) pixels[at + places[i]!] = colour
  }
}

export interface Look {
  /// Of `colours`, of each point.
  readonly slots: Uint8Array
  /// Which points are not looked at; null: all are.
  readonly dim: Uint8Array | null
  readonly colours: Uint32Array
  readonly radius: number
}

/// Empties the picture and draws points; those of the same place cover each other, and what is looked at covers what is not.
/// What is of a coarser level covers what is of a finer one, so that what was drawn stays when the finer ones are drawn, too.
/// @param camera  of the picture's own pixels
/// @param level   the finest one that is drawn
export function paint(picture: Picture, map: Tiled, camera: Camera, { slots, dim, colours, radius }: Look, level = LEVELS - 1): void {
  const { pixels, width, height } = picture
  const disc = discOf(radius, width)
  const [left, top, scale] = [width / 2 - camera.x * camera.scale, height / 2 + camera.y * camera.scale, camera.scale]
  pixels.fill(0)
  const tiles = tilesIn(map, boxOnScreen(camera, picture, radius))
  if (tiles === null) return
  const range = (first: number, last: number, dimmed: number): void => {
    for (let i = last - 1; i >= first; i -= 1) {
      if (dim !== null && dim[i] !== dimmed) continue
      put(picture, disc, Math.round(left + map.x[i]! * scale), Math.round(top - map.y[i]! * scale), colours[dimmed === 1 ? DIM : slots[i]!]!)
    }
  }
  for (const dimmed of dim === null ? [0] : [1, 0]) {
    for (let drawn = level; drawn >= 0; drawn -= 1) {
      for (let row = tiles.rows[0]; row <= tiles.rows[1]; row += 1) {
        for (let column = tiles.columns[0]; column <= tiles.columns[1]; column += 1) {
          const key = (row * SIDE + column) * LEVELS + drawn
          range(map.starts[key]!, map.starts[key + 1]!, dimmed)
        }
      }
    }
  }
}

/// What a layer draws around its points: a ring or a square, so that nobody has to tell them apart by colour.
export const MARKS = ['ring', 'square'] as const
export interface Layer {
  readonly mark: (typeof MARKS)[number]
  readonly points: Uint32Array
}

/// Draws the marks of a layer, above all that is painted.
export function paintMarks(picture: Picture, map: Tiled, camera: Camera, layer: Layer, colour: number, radius: number): void {
  const { width, height } = picture
  const reach = Math.ceil(radius) + 3
  const shape = layer.mark === 'ring'
    ? shapeOf(reach, width, (dx, dy) => Math.abs(Math.hypot(dx, dy) - (reach - 0.5)) <= 0.75)
    : shapeOf(reach, width, (dx, dy) => Math.max(Math.abs(dx), Math.abs(dy)) === reach)
  for (const point of layer.points) {
    const x = Math.round(width / 2 + (map.x[point]! - camera.x) * camera.scale)
    const y = Math.round(height / 2 - (map.y[point]! - camera.y) * camera.scale)
    put(picture, shape, x, y, colour)
  }
}
