import { useEffect, useState } from 'preact/hooks'
import { between, WHOLE, type Region } from '../region'
import { strings } from '../strings'
import { useDialog } from './useDialog'

const SIDES = ['left', 'top', 'right', 'bottom'] as const
const percent = (part: number): string => `${(part * 100).toFixed(2)}%`

interface Props {
  file: Blob
  name: string
  onRegion: (region: Region) => void
  onClose: () => void
}

/// Draws a rectangle on an image, by pointer or by its four sides.
export function RegionDialog({ file, name, onRegion, onClose }: Props) {
  const dialog = useDialog()
  const [url, setUrl] = useState('')
  const [region, setRegion] = useState<Region>(WHOLE)
  const [start, setStart] = useState<readonly [number, number] | null>(null)
  useEffect(() => {
    const made = URL.createObjectURL(file)
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [file])
  const place = (event: PointerEvent): readonly [number, number] => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect()
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
  }
  const side = (which: (typeof SIDES)[number], value: number): void => {
    const next = { ...region, [which]: value / 100 }
    if (next.left < next.right && next.top < next.bottom) setRegion(next)
  }
  return (
    <dialog ref={dialog} class="region" aria-labelledby="region-title" onClose={onClose}>
      <form onSubmit={(event) => { event.preventDefault(); onRegion(region) }}>
        <h2 id="region-title">{strings.regionTitle(name)}</h2>
        <p class="muted">{strings.regionHint}</p>
        <div class="canvas"
          onPointerDown={(event) => {
            event.preventDefault()
            event.currentTarget.setPointerCapture(event.pointerId)
            setStart(place(event))
          }}
          onPointerMove={(event) => { if (start !== null) setRegion(between(start, place(event))) }}
          onPointerUp={() => setStart(null)}>
          {url !== '' && <img src={url} alt={name} draggable={false} />}
          <span class="frame" style={{
            left: percent(region.left), top: percent(region.top),
            width: percent(region.right - region.left), height: percent(region.bottom - region.top),
          }} />
        </div>
        <div class="sides">
          {SIDES.map((which) => (
            <label key={which}>
              <span>{strings.sides[which]}</span>
              <input type="number" min={0} max={100} step="any" value={Math.round(region[which] * 1000) / 10}
                onChange={(event) => side(which, event.currentTarget.valueAsNumber)} />
            </label>
          ))}
        </div>
        <button class="main" type="submit">{strings.regionUse}</button>
        <button type="button" onClick={() => dialog.current?.close()}>{strings.cancel}</button>
      </form>
    </dialog>
  )
}
