import type { Ref } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { withItem, withoutItem, withWords, type LocalImage, type Query } from '../query'
import { canShow, type Region } from '../region'
import { strings } from '../strings'
import { RegionDialog } from './RegionDialog'

interface ChipProps {
  name: string
  away: boolean
  onTurn: () => void
  onRemove: () => void
  onRegion?: (() => void) | undefined
}

function Chip({ name, away, onTurn, onRemove, onRegion }: ChipProps) {
  return (
    <li class={away ? 'chip away' : 'chip'}>
      <button type="button" onClick={onTurn}>
        <bdi>{away ? strings.notLike(name) : strings.like(name)}</bdi>
        <span class="sr">. {away ? strings.makePositive(name) : strings.makeNegative(name)}</span>
      </button>
      {onRegion !== undefined && <button type="button" class="remove" onClick={onRegion} aria-label={strings.regionTitle(name)}>{strings.region}</button>}
      <button type="button" class="remove" onClick={onRemove} aria-label={strings.remove(name)}>×</button>
    </li>
  )
}

export interface QueryFormProps {
  query: Query
  text: string
  notText: string
  images: readonly LocalImage[]
  problem: string
  box: Ref<HTMLInputElement>
  onText: (text: string) => void
  onNotText: (text: string) => void
  onImages: (images: readonly LocalImage[]) => void
  onRegion: (image: LocalImage, region: Region) => void
  onFiles: (files: readonly File[]) => void
  onQuery: (query: Query) => void
  onSubmit: () => void
  /// The words in the boxes are kept, and others can be typed.
  onAlso: () => void
  onClear: () => void
}

function Chips(props: QueryFormProps) {
  const { query, images } = props
  const [drawn, setDrawn] = useState<LocalImage | null>(null)
  const item = (n: number, away: boolean) => (
    <Chip key={`item${n}`} name={strings.item(n)} away={away} onTurn={() => props.onQuery(withItem(query, n, !away))}
      onRemove={() => props.onQuery(withoutItem(query, n))} />
  )
  return (
    <>
      <ul class="chips" aria-label={strings.queries}>
        {query.also.map(({ text, away }) => (
          <Chip key={`words ${text}`} name={strings.quoted(text)} away={away}
            onTurn={() => props.onQuery({ ...query, also: withWords(query.also, text, !away) })}
            onRemove={() => props.onQuery({ ...query, also: query.also.filter((one) => one.text !== text) })} />
        ))}
        {query.items.map((n) => item(n, false))}
        {query.notItems.map((n) => item(n, true))}
        {images.map((image) => (
          <Chip key={image.id} name={image.name} away={image.away}
            onTurn={() => props.onImages(images.map((one) => (one.id === image.id ? { ...one, away: !one.away } : one)))}
            onRegion={canShow(image.file) ? () => setDrawn(image) : undefined}
            onRemove={() => props.onImages(images.filter((one) => one.id !== image.id))} />
        ))}
      </ul>
      {drawn !== null && (
        <RegionDialog file={drawn.file} name={drawn.name} onClose={() => setDrawn(null)}
          onRegion={(region) => { setDrawn(null); props.onRegion(drawn, region) }} />
      )}
    </>
  )
}

export function QueryForm(props: QueryFormProps) {
  const { query, images } = props
  const chooser = useRef<HTMLInputElement>(null)
  const submit = (event: Event): void => {
    event.preventDefault()
    props.onSubmit()
  }
  const chips = query.also.length + query.items.length + query.notItems.length + images.length
  return (
    <form class="query" onSubmit={submit}>
      <div class="row">
        <label class="grow">
          <span>{strings.words}</span>
          <input ref={props.box} type="search" name="text" value={props.text} placeholder={strings.wordsHint} autocomplete="off"
            maxLength={4000} onInput={(event) => props.onText(event.currentTarget.value)} />
        </label>
        <label class="grow">
          <span>{strings.notWords}</span>
          <input type="search" name="not-text" value={props.notText} placeholder={strings.notWordsHint} autocomplete="off"
            maxLength={4000} onInput={(event) => props.onNotText(event.currentTarget.value)} />
        </label>
        <button class="main" type="submit">{strings.go}</button>
        <button type="button" disabled={props.text.trim() === '' && props.notText.trim() === ''} onClick={props.onAlso}>{strings.addWords}</button>
        <button type="button" onClick={() => chooser.current?.click()}>{strings.addImage}</button>
        <button type="button" class="quiet" onClick={props.onClear}>{strings.clear}</button>
        <input ref={chooser} type="file" multiple hidden aria-label={strings.addImage} onChange={(event) => {
          props.onFiles([...(event.currentTarget.files ?? [])])
          event.currentTarget.value = ''
        }} />
      </div>
      <p class="muted hint drop-hint">{strings.imageHint}</p>
      {chips > 0 && <Chips {...props} />}
      {images.length > 0 && <p class="muted hint">{strings.localImages}</p>}
      {props.problem !== '' && <p class="error" role="alert"><bdi>{props.problem}</bdi></p>}
    </form>
  )
}
