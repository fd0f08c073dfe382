// The points of a kept map, as the server sends them (docs/archive-http.md#map).
import { Failure } from '../api/failure'

const HEADER = 40
const POINT = 12
const STEPS = 65535

export interface Points {
  readonly count: number
  /// Places in the map's own unit, from the left and the lower end of what was sent.
  readonly x: Float32Array
  readonly y: Float32Array
  readonly width: number
  readonly height: number
  readonly items: Uint32Array
  readonly facets: Uint16Array
  /// Points that were placed after the map was made.
  readonly placed: number
}

const refused = (why: string): Failure => new Failure('refused', `map: ${why}`)

/// @throws Failure for bytes that are no such points.
export function decode(buffer: ArrayBuffer): Points {
  const bytes = new DataView(buffer)
  const magic = 'MI2POINT'
  const named = buffer.byteLength >= HEADER && [...magic].every((c, i) => bytes.getUint8(i) === c.charCodeAt(0))
  if (!named) throw refused('expected MI2POINT')
  const version = bytes.getUint32(8, true)
  if (version !== 1) throw refused(`expected version 1, got ${version}`)
  const count = bytes.getUint32(12, true)
  if (buffer.byteLength !== HEADER + POINT * count) {
    throw refused(`expected ${HEADER + POINT * count} bytes, got ${buffer.byteLength}`)
  }
  const width = bytes.getFloat32(20, true) - bytes.getFloat32(16, true)
  const height = bytes.getFloat32(28, true) - bytes.getFloat32(24, true)
  if (!(width >= 0 && height >= 0 && Number.isFinite(width) && Number.isFinite(height))) throw refused('expected finite bounds')
  const points = {
    count, width, height, x: new Float32Array(count), y: new Float32Array(count), items: new Uint32Array(count),
    facets: new Uint16Array(count), placed: 0,
  }
  for (let i = 0, at = HEADER; i < count; i += 1, at += POINT) {
    points.x[i] = (bytes.getUint16(at, true) / STEPS) * width
    points.y[i] = (bytes.getUint16(at + 2, true) / STEPS) * height
    points.items[i] = bytes.getUint32(at + 4, true)
    points.facets[i] = bytes.getUint16(at + 8, true)
    points.placed += bytes.getUint16(at + 10, true) & 1
  }
  return points
}
