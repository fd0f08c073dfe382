// What of the screen an element has.
import type { RefObject } from 'preact'
import { useEffect, useState } from 'preact/hooks'

export interface Size {
  readonly width: number
  readonly height: number
}

/// The size of an element in pixels of the page, as it changes; while it is hidden, the one before.
export function useSize(place: RefObject<HTMLElement | null>): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 })
  useEffect(() => {
    if (place.current === null) return undefined
    const watcher = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect
      if (width > 0 && height > 0) setSize({ width: Math.round(width), height: Math.round(height) })
    })
    watcher.observe(place.current)
    return () => watcher.disconnect()
  }, [])
  return size
}

/// Where an event is in an element, in pixels of the page.
export function placeOf(event: MouseEvent, element: HTMLElement): readonly [number, number] {
  const box = element.getBoundingClientRect()
  return [event.clientX - box.left, event.clientY - box.top]
}
