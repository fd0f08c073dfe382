import { Choice } from '../components/Options'
import { strings } from '../strings'
import { SPEEDS, type Speed } from './useCine'
import { TOOLS, ZOOM_STEP, type Tool } from './useHands'
import { PRESETS, windowOf, type Preset, type Window } from './window'

interface Props {
  tool: Tool
  onTool: (tool: Tool) => void
  window: Window
  onWindow: (window: Window) => void
  /// Those that the image has a use for.
  presets: boolean
  onPreset: (preset: Preset) => void
  /// Whether the window is of values, and not of shades.
  values: boolean
  onReset: () => void
  inverted: boolean
  onInvert: () => void
  onZoom: (factor: number) => void
  onWhole: () => void
  several: boolean
  playing: boolean
  onPlay: () => void
  speed: Speed
  onSpeed: (speed: Speed) => void
}

export function Tools(props: Props) {
  const { window, onWindow } = props
  return (
    <>
      <p class="map-tools" role="group" aria-label={strings.toolsName}>
        {TOOLS.map((tool) => <button key={tool} type="button" aria-pressed={tool === props.tool} onClick={() => props.onTool(tool)}>{strings.tools[tool]}</button>)}
        <button type="button" onClick={() => props.onZoom(ZOOM_STEP)}>{strings.zoomIn}</button>
        <button type="button" onClick={() => props.onZoom(1 / ZOOM_STEP)}>{strings.zoomOut}</button>
        <button type="button" onClick={props.onWhole}>{strings.zoomAll}</button>
        <button type="button" aria-pressed={props.inverted} onClick={props.onInvert}>{strings.invert}</button>
        {props.several && <button type="button" aria-pressed={props.playing} onClick={props.onPlay}>{props.playing ? strings.pause : strings.play}</button>}
      </p>
      <div class="level">
        <label>
          <span>{strings.center}</span>
          <input type="number" step="any" value={window.center} onChange={(event) => {
            const center = event.currentTarget.valueAsNumber
            if (Number.isFinite(center)) onWindow(windowOf(center, window.width))
          }} />
        </label>
        <label>
          <span>{strings.width}</span>
          <input type="number" step="any" min={1} value={window.width} onChange={(event) => {
            const width = event.currentTarget.valueAsNumber
            if (Number.isFinite(width)) onWindow(windowOf(window.center, width))
          }} />
        </label>
        <button type="button" onClick={props.onReset}>{props.values ? strings.windowReset : strings.shadesReset}</button>
        {props.presets && PRESETS.map((preset) => <button key={preset} type="button" onClick={() => props.onPreset(preset)}>{strings.presets[preset]}</button>)}
        {props.several && <Choice label={strings.speed} value={props.speed} values={SPEEDS} names={strings.speedNames} onChange={props.onSpeed} />}
      </div>
    </>
  )
}
