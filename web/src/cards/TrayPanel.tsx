import { api } from '../api/client'
import { Notice } from '../components/Notice'
import { Place } from '../components/Facts'
import { Thumbnail } from '../components/Thumbnail'
import { strings } from '../strings'
import { useOnce } from '../useAnswer'
import type { ViewProps } from '../views'
import { cardBody, tooLong, tray, type Pin, type Pinned } from './tray'

interface NoteProps {
  label: string
  value: string
  onValue: (value: string) => void
}

function Note({ label, value, onValue }: NoteProps) {
  return (
    <label class="note">
      <span>{label}</span>
      <textarea rows={2} value={value} onInput={(event) => onValue(event.currentTarget.value)} />
    </label>
  )
}

function PinRow({ pinned, pin }: { pinned: Pinned; pin: Pin }) {
  const { result } = pin
  const name = strings.resultName(result.rank)
  return (
    <li class="point">
      <Thumbnail archive={pinned.archive} item={result.item} name={strings.thumbnail(result.rank)} label={result.modality ?? ''} exists={result.thumb === true} />
      <div class="facts">
        <p class="place"><span class="rank">{result.rank}</span><Place item={result} /></p>
        <Note label={strings.noteOf(name)} value={pin.note} onValue={(note) => tray.note(pinned.key, note, result.item)} />
        <p class="actions"><button type="button" aria-label={strings.ofResult(strings.unpin, result.rank)} onClick={() => tray.turn(pinned, result)}>{strings.unpin}</button></p>
      </div>
    </li>
  )
}

const texts = (some: string | string[] | null | undefined): readonly string[] =>
  some === null || some === undefined ? [] : typeof some === 'string' ? [some] : some
const numbers = (some: number | number[] | null | undefined): readonly number[] =>
  some === null || some === undefined ? [] : typeof some === 'number' ? [some] : some

/// A search in a line.
function askedFor({ body, files }: Pinned): string {
  return [
    ...texts(body.text).map(strings.quoted), ...texts(body.not_text).map((text) => strings.notLike(strings.quoted(text))),
    ...numbers(body.item).map(strings.item), ...numbers(body.not_item).map((item) => strings.notLike(strings.item(item))), ...files,
  ].join(', ')
}

interface Props extends Pick<ViewProps, 'go' | 'onKey'> {
  pinned: Pinned
  number: number
  /// @param text  of the card, as the server gave it.
  onMade: (text: string) => void
}

/// What is pinned in one search, and the way to its card.
export function TrayPanel({ pinned, number, go, onKey, onMade }: Props) {
  const { asked, run } = useOnce<string>(onKey)
  const long = tooLong(pinned.note) || pinned.pins.some((pin) => tooLong(pin.note))
  const make = (event: Event): void => {
    event.preventDefault()
    if (long || asked.loading) return
    run((signal) => api.makeCard(pinned.archive, cardBody(pinned), signal), (text) => {
      tray.carded(pinned)
      onMade(text)
    })
  }
  const title = strings.trayOf(number)
  return (
    <form class="tray" onSubmit={make} aria-label={title}>
      <h3>{title}</h3>
      <p class="muted">{strings.trayAsked}: <bdi>{askedFor(pinned)}</bdi></p>
      <ul class="points">{pinned.pins.map((pin) => <PinRow key={pin.result.item} pinned={pinned} pin={pin} />)}</ul>
      <Note label={strings.noteOfCard} value={pinned.note} onValue={(note) => tray.note(pinned.key, note)} />
      <p class="muted hint">{strings.noteHint}</p>
      {long && <p class="error" role="alert">{strings.noteTooLong}</p>}
      <Notice asked={asked} what={strings.cardNotMade} waiting={strings.makingCard} onKey={onKey} />
      <p class="actions">
        <button type="submit" class="main" disabled={asked.loading}>{strings.makeCard}</button>
        {pinned.files.length === 0 && <a href={`#${pinned.place}`} onClick={(event) => { event.preventDefault(); go(pinned.place) }}>{strings.backToSearch}</a>}
        <button type="button" class="quiet" onClick={() => tray.drop(pinned.key)}>{strings.unpinAll}</button>
      </p>
    </form>
  )
}
