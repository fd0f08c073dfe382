import type { RefObject } from 'preact'
import { useEffect, useRef, useState, type Dispatch, type StateUpdater } from 'preact/hooks'
import { placeOf, useSize, type Size } from '../screen'
import { pan, toMap, toScreen, whole, zoom, type At, type Camera } from './camera'
import type { Points } from './points'

const CLICK_PIXELS = 4
/// The shortest side of a lasso: a slow hand draws no more corners than a quick one.
const LASSO_PIXELS = 2
const STEP = 24
const WHEEL = 0.0015
export const ZOOM_STEP = 1.5

/// Where somebody looks, as a place on the map. What is pinned does not follow the pointer.
export interface Cursor {
  readonly at: At
  readonly pinned: boolean
}

export interface Gestures {
  readonly camera: Camera
  readonly size: Size
  readonly cursor: Cursor | null
  /// On the map.
  readonly lasso: readonly At[]
  readonly pointer: {
    onPointerDown: (event: PointerEvent) => void
    onPointerMove: (event: PointerEvent) => void
    onPointerUp: (event: PointerEvent) => void
    onPointerCancel: (event: PointerEvent) => void
  }
  readonly onKeyDown: (event: KeyboardEvent) => void
  readonly zoomBy: (factor: number) => void
  readonly fit: () => void
}

function longer(drawn: readonly At[], at: At, least: number): readonly At[] {
  const last = drawn[drawn.length - 1]
  return last !== undefined && Math.hypot(at[0] - last[0], at[1] - last[1]) < least ? drawn : [...drawn, at]
}

/// The keyboard's cursor, of which the map is moved along where it would leave the screen.
function useCursorKeys(
  points: Points, size: Size, camera: Camera, setCamera: (camera: Camera) => void, cursor: Cursor | null,
  setCursor: Dispatch<StateUpdater<Cursor | null>>,
) {
  const middle: At = [size.width / 2, size.height / 2]
  const onScreen: At = cursor === null ? middle : toScreen(camera, size, cursor.at)
  const move = (dx: number, dy: number): void => {
    const wanted: At = [onScreen[0] + dx * STEP, onScreen[1] + dy * STEP]
    const kept: At = [Math.min(Math.max(wanted[0], 0), size.width), Math.min(Math.max(wanted[1], 0), size.height)]
    const moved = pan(camera, points, kept[0] - wanted[0], kept[1] - wanted[1])
    setCamera(moved)
    setCursor({ at: toMap(moved, size, kept), pinned: true })
  }
  return { onScreen, move }
}

/// Pan, zoom, lasso and cursor, by mouse, touch, pen and keyboard.
export function useGestures(
  place: RefObject<HTMLElement | null>, points: Points, drawing: boolean, onLasso: (polygon: readonly At[]) => void,
): Gestures {
  const size = useSize(place)
  const [moved, setCamera] = useState<Camera | null>(null)
  const [cursor, setCursor] = useState<Cursor | null>(null)
  const [lasso, setLasso] = useState<readonly At[]>([])
  const down = useRef(new Map<number, At>())
  const gesture = useRef<{ kind: 'pan' | 'lasso'; start: At; far: boolean }>({ kind: 'pan', start: [0, 0], far: false })
  useEffect(() => {
    setCamera(null)
    setCursor(null)
    setLasso([])
  }, [points.width, points.height, points.count]) // with other colours everything stays where it is
  const camera = moved ?? whole(points, size)
  const keys = useCursorKeys(points, size, camera, setCamera, cursor, setCursor)

  useEffect(() => {
    const element = place.current
    if (element === null) return undefined
    const wheel = (event: WheelEvent): void => {
      event.preventDefault()
      const factor = Math.exp(-WHEEL * event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1))
      const at = placeOf(event, element)
      setCamera((now) => zoom(now ?? whole(points, size), points, size, factor, at))
    }
    element.addEventListener('wheel', wheel, { passive: false })
    return () => element.removeEventListener('wheel', wheel)
  }, [points, size])

  const change = (next: (now: Camera) => Camera): void => setCamera((now) => next(now ?? whole(points, size)))
  const onPointerDown = (event: PointerEvent): void => {
    if (event.button !== 0) return
    const element = event.currentTarget as HTMLElement
    const at = placeOf(event, element)
    element.setPointerCapture(event.pointerId)
    down.current.set(event.pointerId, at)
    const several = down.current.size > 1
    const kind = !several && (drawing || event.shiftKey) ? 'lasso' : 'pan'
    gesture.current = { kind, start: at, far: several }
    setLasso(kind === 'lasso' ? [toMap(camera, size, at)] : [])
  }
  const pinch = (id: number, before: At, at: At): void => {
    const other = [...down.current].find(([one]) => one !== id)![1]
    const length = ([x, y]: At): number => Math.hypot(x - other[0], y - other[1])
    change((now) => zoom(now, points, size, Math.max(length(at), 1) / Math.max(length(before), 1), other))
  }
  const onPointerMove = (event: PointerEvent): void => {
    const at = placeOf(event, event.currentTarget as HTMLElement)
    const before = down.current.get(event.pointerId)
    if (before === undefined) {
      if (event.pointerType !== 'touch') setCursor((now) => (now?.pinned === true ? now : { at: toMap(camera, size, at), pinned: false }))
      return
    }
    down.current.set(event.pointerId, at)
    const now = gesture.current
    if (Math.hypot(at[0] - now.start[0], at[1] - now.start[1]) > CLICK_PIXELS) now.far = true
    if (down.current.size > 1) pinch(event.pointerId, before, at)
    else if (now.kind === 'lasso') setLasso((drawn) => longer(drawn, toMap(camera, size, at), LASSO_PIXELS / camera.scale))
    else if (now.far) change((seen) => pan(seen, points, at[0] - before[0], at[1] - before[1]))
  }
  const end = (event: PointerEvent, finished: boolean): void => {
    const { kind, far, start } = gesture.current
    if (!down.current.delete(event.pointerId) || down.current.size > 0) return
    setLasso([])
    if (!finished) return
    if (!far) setCursor({ at: toMap(camera, size, start), pinned: true })
    else if (kind === 'lasso' && lasso.length > 2) onLasso(lasso)
  }
  const zoomBy = (factor: number): void => setCamera(zoom(camera, points, size, factor, keys.onScreen))
  const fit = (): void => setCamera(null)
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const far = event.shiftKey ? 4 : 1
    const done: Record<string, () => void> = {
      ArrowLeft: () => keys.move(-far, 0), ArrowRight: () => keys.move(far, 0),
      ArrowUp: () => keys.move(0, -far), ArrowDown: () => keys.move(0, far),
      '+': () => zoomBy(ZOOM_STEP), '=': () => zoomBy(ZOOM_STEP), '-': () => zoomBy(1 / ZOOM_STEP), '0': fit,
      Escape: () => setCursor(null),
    }
    const act = done[event.key]
    if (act === undefined) return
    event.preventDefault()
    act()
  }
  return {
    camera, size, cursor, lasso, onKeyDown, zoomBy, fit,
    pointer: { onPointerDown, onPointerMove, onPointerUp: (event) => end(event, true), onPointerCancel: (event) => end(event, false) },
  }
}
