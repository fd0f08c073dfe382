import type { RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { placeOf, type Size } from '../screen'
import { moved, WHOLE, zoomed, type View } from './place'
import { dragged, type Window } from './window'

export const TOOLS = ['window', 'pan'] as const
export type Tool = (typeof TOOLS)[number]

export const ZOOM_STEP = 1.4
/// Of a wheel that turns by pixels: so many are a slice, and one turn of a wheel with notches is one.
const WHEEL_PIXELS = 50
const WHEEL_ZOOM = 0.0015
const FAR = 10

interface Props {
  place: RefObject<HTMLElement | null>
  screen: Size
  sides: Size
  tool: Tool
  view: View
  onView: (view: View) => void
  /// The window that a drag begins with.
  window: Window
  onWindow: (window: Window) => void
  onStep: (slices: number) => void
  onEnd: (which: 'first' | 'last') => void
  onInvert: () => void
  onPlay: () => void
}

interface Down {
  readonly at: readonly [number, number]
  readonly view: View
  readonly window: Window
  readonly pans: boolean
}

/// Slices, window, pan and zoom, by mouse, touch, pen and keyboard.
export function useHands(props: Props) {
  const now = useRef(props)
  now.current = props
  const down = useRef(new Map<number, readonly [number, number]>())
  const start = useRef<Down | null>(null)
  const turned = useRef(0)

  useEffect(() => {
    const element = props.place.current
    if (element === null) return undefined
    const wheel = (event: WheelEvent): void => {
      event.preventDefault()
      const { screen, sides, view, onView, onStep } = now.current
      const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : event.deltaMode === WheelEvent.DOM_DELTA_PAGE ? 400 : 1)
      if (event.ctrlKey) {
        onView(zoomed(screen, sides, view, Math.exp(-WHEEL_ZOOM * pixels), placeOf(event, element)))
        return
      }
      turned.current += Math.min(Math.max(pixels, -WHEEL_PIXELS), WHEEL_PIXELS)
      const slices = Math.trunc(turned.current / WHEEL_PIXELS)
      turned.current -= slices * WHEEL_PIXELS
      if (slices !== 0) onStep(slices)
    }
    element.addEventListener('wheel', wheel, { passive: false })
    return () => element.removeEventListener('wheel', wheel)
  }, [])

  const onPointerDown = (event: PointerEvent): void => {
    if (event.button > 1) return
    if (event.button === 1) event.preventDefault()
    const element = event.currentTarget as HTMLElement
    element.setPointerCapture(event.pointerId)
    down.current.set(event.pointerId, placeOf(event, element))
    const { tool, view, window } = now.current
    const pans = tool === 'pan' || event.shiftKey || event.button === 1
    start.current = { at: placeOf(event, element), view, window, pans }
  }
  const onPointerMove = (event: PointerEvent): void => {
    const before = down.current.get(event.pointerId)
    const began = start.current
    if (before === undefined || began === null) return
    const at = placeOf(event, event.currentTarget as HTMLElement)
    down.current.set(event.pointerId, at)
    const { screen, sides, view, onView, onWindow } = now.current
    if (down.current.size > 1) {
      const other = [...down.current].find(([id]) => id !== event.pointerId)![1]
      const length = ([x, y]: readonly [number, number]): number => Math.max(Math.hypot(x - other[0], y - other[1]), 1)
      onView(zoomed(screen, sides, view, length(at) / length(before), other))
      return
    }
    if (began.pans) onView(moved(screen, sides, view, at[0] - before[0], at[1] - before[1]))
    else onWindow(dragged(began.window, at[0] - began.at[0], at[1] - began.at[1]))
  }
  const onPointerUp = (event: PointerEvent): void => {
    down.current.delete(event.pointerId)
    // With one finger of two lifted nothing goes on: the other would jump.
    start.current = null
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const { screen, sides, view, window, onView, onWindow, onStep, onEnd, onInvert, onPlay } = now.current
    const middle = [screen.width / 2, screen.height / 2] as const
    const zoom = (factor: number): void => onView(zoomed(screen, sides, view, factor, middle))
    const far = event.shiftKey ? FAR : 1
    const done: Record<string, () => void> = {
      ArrowUp: () => onStep(-far), ArrowLeft: () => onStep(-far), ArrowDown: () => onStep(far), ArrowRight: () => onStep(far),
      PageUp: () => onStep(-FAR), PageDown: () => onStep(FAR), Home: () => onEnd('first'), End: () => onEnd('last'),
      '+': () => zoom(ZOOM_STEP), '=': () => zoom(ZOOM_STEP), '-': () => zoom(1 / ZOOM_STEP), '0': () => onView(WHOLE),
      '[': () => onWindow(dragged(window, -20, 0)), ']': () => onWindow(dragged(window, 20, 0)),
      ',': () => onWindow(dragged(window, 0, -20)), '.': () => onWindow(dragged(window, 0, 20)),
      i: onInvert, ' ': onPlay,
    }
    const act = done[event.key]
    if (act === undefined) return
    event.preventDefault()
    act()
  }
  return { onKeyDown, pointer: { onPointerDown, onPointerMove, onPointerUp, onPointerCancel: onPointerUp } }
}
