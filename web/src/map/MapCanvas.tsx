import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { strings } from '../strings'
import type { Theme } from '../useTheme'
import { toScreen, type At, type Camera, type Size } from './camera'
import { boxOnScreen, inside, inView, nearest } from './choose'
import { MARKS, packed, PALETTES } from './colours'
import type { Group } from './groups'
import { paint, paintMarks, radiusOf, type Layer, type Picture } from './paint'
import { levelFor, LEVELS, type Tiled } from './tiles'
import { useGestures, ZOOM_STEP } from './useGestures'

const NEAR_PIXELS = 24
const NEAR_MOST = 6
/// Nearer than that to a side of the map, a name begins or ends at its place.
const NAME_PIXELS = 130
/// How long the cursor rests before the server is asked what is there.
const REST_MS = 120

/// Points that are drawn while the map moves; all are once it rests.
const MOVING_MOST = 120_000
const MOVING_MS = 150

interface Props {
  points: Tiled
  slots: Uint8Array
  dim: Uint8Array | null
  layers: readonly Layer[]
  groups: readonly Group[]
  theme: Theme
  /// Points near the cursor, the nearest first.
  onNear: (near: readonly number[]) => void
  onChosen: (chosen: Uint32Array) => void
}

/// What is drawn on, which is there from frame to frame.
class Sheet {
  private image: ImageData | null = null

  constructor(
    private readonly canvas: HTMLCanvasElement,
    // Kept where the processor writes it, and not sent to a graphics card and back.
    private readonly context: CanvasRenderingContext2D,
  ) {}

  static of(canvas: HTMLCanvasElement | null): Sheet | null {
    const context = canvas?.getContext('2d', { willReadFrequently: true })
    return canvas && context ? new Sheet(canvas, context) : null
  }

  draw(width: number, height: number, paintOn: (picture: Picture) => void): void {
    if (this.image?.width !== width || this.image.height !== height) {
      this.canvas.width = width
      this.canvas.height = height
      this.image = this.context.createImageData(width, height)
    }
    paintOn({ width, height, pixels: new Uint32Array(this.image.data.buffer) })
    this.context.putImageData(this.image, 0, 0)
  }
}

/// Draws at once, and what comes within the same frame together at the next. Waiting for a frame each time would leave out
/// every second one where what moves the map is in step with frames.
function useOncePerFrame(): (draw: () => void) => void {
  const wanted = useRef<(() => void) | null>(null)
  const frame = useRef<number | null>(null)
  useEffect(() => () => cancelAnimationFrame(frame.current ?? 0), [])
  const drawNow = (): void => {
    wanted.current?.()
    wanted.current = null
    frame.current = requestAnimationFrame(() => {
      frame.current = null
      if (wanted.current !== null) drawNow()
    })
  }
  return (draw) => {
    wanted.current = draw
    if (frame.current === null) drawNow()
  }
}

/// Draws whatever has changed: while the map moves no more of it than a frame has time for.
function useDrawn(
  canvas: RefObject<HTMLCanvasElement | null>, { points, slots, dim, layers, theme }: Pick<Props, 'points' | 'slots' | 'dim' | 'layers' | 'theme'>,
  camera: Camera, size: Size,
): void {
  const sheet = useRef<Sheet | null>(null)
  const before = useRef<{ points: Tiled; camera: Camera } | null>(null)
  const oncePerFrame = useOncePerFrame()
  useLayoutEffect(() => {
    if (size.width < 1 || size.height < 1) return undefined
    sheet.current ??= Sheet.of(canvas.current)
    const last = before.current?.points === points ? before.current.camera : camera
    const moves = last.x !== camera.x || last.y !== camera.y || last.scale !== camera.scale
    const level = moves ? levelFor(points, boxOnScreen(camera, size), MOVING_MOST) : LEVELS - 1
    before.current = { points, camera }
    const fine = Math.max(devicePixelRatio, 1)
    const radius = radiusOf(points.count) * fine
    const seen = { ...camera, scale: camera.scale * fine }
    const draw = (finest: number): void =>
      sheet.current?.draw(Math.round(size.width * fine), Math.round(size.height * fine), (picture) => {
        paint(picture, points, seen, { slots, dim, colours: packed(PALETTES[theme]), radius }, finest)
        for (const layer of layers) paintMarks(picture, points, seen, layer, packed([MARKS[theme]])[0]!, radius)
      })
    oncePerFrame(() => draw(level))
    const timer = level < LEVELS - 1 ? setTimeout(() => oncePerFrame(() => draw(LEVELS - 1)), MOVING_MS) : undefined
    return () => clearTimeout(timer)
  }, [points, slots, dim, layers, theme, camera.x, camera.y, camera.scale, size])
}

const corners = (polygon: readonly At[]): string => polygon.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')

export function MapCanvas({ points, slots, dim, layers, groups, theme, onNear, onChosen }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const [drawing, setDrawing] = useState(false)
  const { camera, size, cursor, lasso, pointer, onKeyDown, zoomBy, fit } = useGestures(place, points, drawing, (polygon) => {
    setDrawing(false)
    onChosen(inside(points, polygon))
  })

  useDrawn(canvas, { points, slots, dim, layers, theme }, camera, size)

  useEffect(() => {
    const timer = setTimeout(() => {
      onNear(cursor === null ? [] : nearest(points, camera, size, toScreen(camera, size, cursor.at), NEAR_PIXELS, NEAR_MOST))
    }, REST_MS)
    return () => clearTimeout(timer)
  }, [points, cursor, camera.scale])

  const at = cursor === null ? null : toScreen(camera, size, cursor.at)
  return (
    <>
      <p class="map-tools">
        <button type="button" onClick={() => zoomBy(ZOOM_STEP)}>{strings.zoomIn}</button>
        <button type="button" onClick={() => zoomBy(1 / ZOOM_STEP)}>{strings.zoomOut}</button>
        <button type="button" onClick={fit}>{strings.zoomAll}</button>
        <button type="button" aria-pressed={drawing} onClick={() => setDrawing(!drawing)}>{strings.lasso}</button>
        <button type="button" onClick={() => onChosen(inView(points, camera, size))}>{strings.listView}</button>
      </p>
      <div ref={place} class={drawing ? 'map drawing' : 'map'} role="application" tabIndex={0} aria-label={strings.mapOf(points.count)}
        aria-describedby="map-keys" onKeyDown={onKeyDown} {...pointer}>
        <canvas ref={canvas} aria-hidden="true" />
        <svg class="over" aria-hidden="true" width={size.width} height={size.height}>
          {lasso.length > 1 && <polygon class="lasso" points={corners(lasso.map((one) => toScreen(camera, size, one)))} />}
          {groups.map(({ name, at: [x, y] }) => {
            const [left, top] = toScreen(camera, size, [x, y])
            const anchor = left < NAME_PIXELS ? 'start' : left > size.width - NAME_PIXELS ? 'end' : 'middle'
            return <text key={name + x} class="group" x={left} y={top} text-anchor={anchor}>{name}</text>
          })}
          {at !== null && <circle class={cursor?.pinned === true ? 'cursor pinned' : 'cursor'} cx={at[0]} cy={at[1]} r={NEAR_PIXELS} />}
        </svg>
      </div>
      <p id="map-keys" class="muted hint">{strings.mapKeys}</p>
    </>
  )
}
