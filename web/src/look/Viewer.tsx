import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Failure } from '../api/failure'
import { Notice } from '../components/Notice'
import { useSize } from '../screen'
import { strings } from '../strings'
import type { queryOf } from './address'
import { sidesOf, WHOLE, worthAsking, zoomed, type View } from './place'
import type { Pictures, Wanted } from './pictures'
import { Screen } from './Screen'
import { within, type Series } from './slices'
import { Tools } from './Tools'
import { useCine } from './useCine'
import { useHands, type Tool } from './useHands'
import { useHeat } from './useHeat'
import { usePicture } from './usePicture'
import { SHADES, type Preset, type Window } from './window'

const AHEAD = 2

interface Props {
  archive: string
  /// What the study is called on the page.
  name: string
  series: Series
  at: number
  onSlice: (slice: number) => void
  pictures: Pictures
  /// What is searched for; null: nothing.
  query: ReturnType<typeof queryOf>
  shown: boolean
  session: number
  onKey: (failure: Failure) => void
}

/// Slices of a series, one at a time.
export function Viewer({ archive, name, series, at, onSlice, pictures, query, shown, session, onKey }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const screen = useSize(place)
  const [tool, setTool] = useState<Tool>('window')
  const [view, setView] = useState<View>(WHOLE)
  const [chosen, setChosen] = useState<Window | Preset | null>(null)
  const [shades, setShades] = useState<Window>(SHADES)
  const [inverted, setInverted] = useState(false)
  const count = series.items.length
  const size = worthAsking(screen, devicePixelRatio, view.zoom)
  const wantedAt = (slice: number): Wanted | null => {
    const item = series.items[slice]
    return item === undefined ? null : { archive, item: item.item, thumb: item.thumb === true, window: chosen, size }
  }
  const [forward, setForward] = useState(true)
  const ahead = Array.from({ length: AHEAD }, (_, i) => wantedAt(at + (forward ? i + 1 : -i - 1))).filter((one): one is Wanted => one !== null)
  const { picture, current, failure } = usePicture(pictures, screen.width > 0 ? wantedAt(at) : null, ahead, onKey)
  const heat = useHeat(archive, series.items[at]?.item, query, session, onKey)
  const step = (slices: number): void => {
    setForward(slices > 0)
    onSlice(within(at + slices, count))
  }
  const cine = useCine(shown, current, () => onSlice((at + 1) % count))
  const play = (): void => { if (count > 1) cine.setPlaying(!cine.playing) }
  useEffect(() => {
    setView(WHOLE)
    setChosen(null)
    setShades(SHADES)
    setInverted(false)
    cine.setPlaying(false)
  }, [series])

  const sides = useMemo(() => sidesOf(picture?.columns ?? 1, picture?.rows ?? 1, picture?.spacing ?? null), [picture])
  const values = picture === null || picture.window !== null
  const window = !values ? shades : typeof chosen === 'object' && chosen !== null ? chosen : picture?.window ?? SHADES
  const onWindow = (next: Window): void => (values ? setChosen(next) : setShades(next))
  const reset = (): void => {
    setChosen(null)
    setShades(SHADES)
  }
  const zoomBy = (factor: number): void => setView(zoomed(screen, sides, view, factor, [screen.width / 2, screen.height / 2]))
  const hands = useHands({
    place, screen, sides, tool, view, onView: setView, window, onWindow, onStep: step,
    onEnd: (which) => onSlice(which === 'first' ? 0 : count - 1), onInvert: () => setInverted(!inverted), onPlay: play,
  })
  const slice = strings.sliceOf(at + 1, count)
  const position = series.items[at]?.position
  return (
    <>
      <Tools tool={tool} onTool={setTool} window={window} onWindow={onWindow} presets={values && series.modality === 'CT'} onPreset={setChosen}
        values={values} onReset={reset} inverted={inverted} onInvert={() => setInverted(!inverted)} onZoom={zoomBy} onWhole={() => setView(WHOLE)}
        several={count > 1} playing={cine.playing} onPlay={play} speed={cine.speed} onSpeed={cine.setSpeed} />
      <div ref={place} class={`viewer ${tool}`} role="application" tabIndex={0} aria-label={strings.viewerOf(name, slice)} aria-describedby="viewer-keys"
        aria-busy={!current} onKeyDown={hands.onKeyDown} {...hands.pointer}>
        <Screen picture={picture} screen={screen} sides={sides} view={view} shades={values ? SHADES : shades} invert={inverted}
          heat={picture?.item === series.items[at]?.item ? heat.heat : null} />
      </div>
      {query !== null && (
        <div class="heat">
          <label class="switch">
            <input type="checkbox" checked={heat.wanted} onChange={() => heat.setWanted(!heat.wanted)} />
            {strings.heat}
          </label>
          {heat.wanted && <Notice asked={heat.asked} what={strings.heatFailed} waiting={strings.loading} />}
          {heat.heat !== null && <p class="muted small">{strings.heatShows(heat.heat.resolution, heat.heat.least, heat.heat.most)}</p>}
        </div>
      )}
      {/* A place of its own, so that what is looked at does not move. */}
      <div class="told">
        {failure !== null
          ? <Notice asked={{ data: null, loading: false, failure, waiting: null }} what={strings.pictureFailed} onKey={onKey} />
          : picture?.instead != null
            ? <p class="small"><strong>{strings.onlyThumbnail}</strong> <bdi class="muted">{picture.instead}</bdi></p>
            : <p class="muted small">{position !== undefined && `${slice} ${strings.slicePosition(position)}. `}{!values && strings.shadesOnly}</p>}
      </div>
    </>
  )
}
