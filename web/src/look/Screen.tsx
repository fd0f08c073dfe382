import { useEffect, useMemo, useRef } from 'preact/hooks'
import { strings } from '../strings'
import { cellsOf, type Heat } from './heat'
import { boxOf, type View } from './place'
import type { Picture } from './pictures'
import type { Size } from '../screen'
import { applyShades, isSame, SHADES, shadesOf, type Window } from './window'

const HOT = '#ff7a1a'

interface Props {
  picture: Picture | null
  screen: Size
  sides: Size
  view: View
  /// What is done here to a picture that has no values: to its shades.
  shades: Window
  invert: boolean
  /// Of this picture.
  heat: Heat | null
}

/// A picture through a window of its shades.
function shaded({ image }: Picture, shades: Window, invert: boolean): CanvasImageSource {
  if (isSame(shades, SHADES) && !invert) return image
  const canvas = document.createElement('canvas')
  canvas.width = image.width
  canvas.height = image.height
  const context = canvas.getContext('2d', { willReadFrequently: true })!
  context.drawImage(image, 0, 0)
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height)
  const table = shadesOf(shades)
  applyShades(pixels.data, invert ? table.map((shade) => 255 - shade) : table)
  context.putImageData(pixels, 0, 0)
  return canvas
}

/// The picture on the screen, and over it what nobody must overlook.
export function Screen({ picture, screen, sides, view, shades, invert, heat }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const drawn = useMemo(() => (picture === null ? null : shaded(picture, shades, invert)), [picture, shades, invert])
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      const shown = canvas.current
      const context = shown?.getContext('2d', { willReadFrequently: true })
      if (!shown || !context || screen.width < 1 || screen.height < 1) return
      const fine = Math.max(devicePixelRatio, 1)
      shown.width = Math.round(screen.width * fine)
      shown.height = Math.round(screen.height * fine)
      delete shown.dataset['item']
      if (picture === null || drawn === null) return
      const box = boxOf({ width: shown.width, height: shown.height }, sides, { zoom: view.zoom, x: view.x * fine, y: view.y * fine })
      context.imageSmoothingQuality = 'high'
      context.drawImage(drawn, box.left, box.top, box.width, box.height)
      context.fillStyle = HOT
      for (const cell of heat === null ? [] : cellsOf(heat, box)) {
        context.globalAlpha = cell.strength
        context.fillRect(cell.left, cell.top, cell.width, cell.height)
      }
      context.globalAlpha = 1
      shown.dataset['item'] = String(picture.item)
    })
    return () => cancelAnimationFrame(frame)
  }, [picture, drawn, screen, sides, view, heat])
  return (
    <>
      <canvas ref={canvas} aria-hidden="true" />
      <span class="mark" aria-hidden="true">{strings.researchOnly}</span>
    </>
  )
}
