import { useEffect, useState } from 'preact/hooks'
import { api, type Card } from '../api/client'
import { ArchiveChoice, NoArchive, useArchives } from '../components/Archives'
import { Notice } from '../components/Notice'
import { strings } from '../strings'
import { useAnswer } from '../useAnswer'
import { mainOf, type ViewProps } from '../views'
import { isId, placeOf, toHash } from './address'
import { CardView } from './CardView'
import { TrayPanel } from './TrayPanel'
import { useTray } from './tray'

/// Opens a card by its id.
function Finder({ onCard }: { onCard: (card: string) => void }) {
  const [id, setId] = useState('')
  const [wrong, setWrong] = useState(false)
  const open = (event: Event): void => {
    event.preventDefault()
    const card = id.trim().toLowerCase().replace(/\.(json|html)$/, '')
    setWrong(!isId(card))
    if (isId(card)) onCard(card)
  }
  return (
    <form class="compare" onSubmit={open} aria-label={strings.openCard}>
      <label class="grow">
        <span>{strings.cardId}</span>
        <input type="text" value={id} placeholder={strings.cardIdHint} spellcheck={false} autocomplete="off" maxLength={80}
          onInput={(event) => setId(event.currentTarget.value)} />
      </label>
      <button type="submit">{strings.openCard}</button>
      {wrong && <p class="error" role="alert">{strings.cardIdWrong}</p>}
    </form>
  )
}

/// Pinned results become a card; cards are opened, printed, saved, replayed and sent.
export function CardsPage({ hash, go, session, onKey }: ViewProps) {
  const archives = useArchives(session, onKey)
  const names = archives.data?.archives ?? []
  const place = placeOf(hash)
  const archive = place.archive === '' ? names[0]?.name ?? '' : place.archive
  const about = useAnswer(archive === '' ? null : `${session} ${archive}`, (signal) => api.archive(archive, signal), onKey)
  /// Cards that were made here: a server that keeps none gives them once.
  const [made, setMade] = useState<Readonly<Record<string, string>>>({})
  useEffect(() => setMade({}), [session])
  const nameOf = (card: string): string => `${archive} ${card}`
  const own = made[nameOf(place.card)]
  const kept = useAnswer<string>(place.card === '' || own !== undefined || archive === '' ? null : `${session} ${archive} ${place.card}`,
    (signal) => api.card(archive, place.card, signal), onKey)
  const pinned = useTray().filter((one) => one.archive === archive)
  if (names.length === 0) return <NoArchive archives={archives} view="cards" onKey={onKey} />
  const onMade = (text: string): void => {
    const { id } = JSON.parse(text) as Card
    setMade((now) => ({ ...now, [nameOf(id)]: text }))
    go(toHash({ archive, card: id }))
  }
  const text = own ?? (kept.loading || kept.failure !== null ? undefined : kept.data ?? undefined)
  const { restricted = false, keeps_cards = false, push_to = [] } = about.data ?? {}
  return (
    <>
      <section class="ask" aria-label={strings.views.cards}>
        <div class="which">
          <ArchiveChoice names={names} value={archive} onChange={(name) => go(toHash({ archive: name, card: '' }))} />
          {about.data !== null && keeps_cards && <Finder onCard={(card) => go(toHash({ archive, card }))} />}
        </div>
      </section>
      <main id={mainOf('cards')} tabIndex={-1} class="quality">
        <h1>{strings.views.cards}</h1>
        <p class="muted lead">{strings.cardsLead}</p>
        <Notice asked={about} what={strings.failed} onKey={onKey} />
        {restricted && <p class="notice warn">{strings.cardsRestricted}</p>}
        {about.data !== null && !restricted && !keeps_cards && <p class="notice">{strings.cardsNotKept}</p>}
        <section class="trays" aria-labelledby="tray-title">
          <h2 id="tray-title">{strings.tray}</h2>
          {pinned.length === 0 && <p class="muted" role="status">{strings.trayEmpty}</p>}
          {pinned.map((one, i) => <TrayPanel key={one.key} pinned={one} number={i + 1} go={go} onKey={onKey} onMade={onMade} />)}
        </section>
        {place.card !== '' && own === undefined && <Notice asked={kept} what={strings.cardNotOpened} waiting={strings.loadingCard} onKey={onKey} />}
        {text !== undefined && place.card !== '' && <CardView key={place.card} archive={archive} text={text} kept={keeps_cards} pushTo={push_to} onKey={onKey} />}
      </main>
    </>
  )
}
