import { useMemo } from 'preact/hooks'
import { ArchiveChoice, NoArchive, useArchives } from '../components/Archives'
import { Notice } from '../components/Notice'
import { strings } from '../strings'
import { mainOf, type ViewProps } from '../views'
import { fromHash, NOWHERE, queryOf, toHash, type LookPlace } from './address'
import { Beside, QueryForm } from './Ask'
import { load } from './load'
import { Pane } from './Pane'
import { Pictures } from './pictures'
import { useShown, useStudy } from './useStudies'

type Props = Omit<ViewProps, 'hash' | 'go' | 'theme'> & { place: LookPlace; move: (next: Partial<LookPlace>) => void }

/// A study, and another one beside it.
function Studies({ place, move, session, onKey, shown }: Props) {
  const compare = place.compare === place.study ? '' : place.compare
  const one = useStudy(place, place.study, session, onKey)
  const other = useStudy(place, compare, session, onKey)
  const sight = useShown(place, one.data, other.data, session, onKey)
  const pictures = useMemo(() => new Pictures(load), [session, place.archive])
  const common = { archive: place.archive, pictures, query: queryOf(place), visible: shown, session, onKey }
  return (
    <>
      <div class="told">
        <Notice asked={one.asked} what={strings.lookFailed} waiting={strings.loading} onKey={onKey} />
        {one.likeness.failure !== null && <Notice asked={one.likeness} what={strings.likenessFailed} />}
        {compare !== '' && other.asked.failure !== null && <Notice asked={other.asked} what={strings.lookFailed} />}
        {sight.matches.failure !== null && <Notice asked={sight.matches} what={strings.matchesFailed} />}
      </div>
      <p id="viewer-keys" class="muted hint">{strings.viewerKeys}</p>
      {compare !== '' && other.data !== null && (
        <label class="switch">
          <input type="checkbox" checked={sight.matched} onChange={() => sight.setMatched(!sight.matched)} />
          {strings.matched}
        </label>
      )}
      <div class={compare === '' ? 'panes' : 'panes two'}>
        {one.data !== null && one.asked.failure === null && (
          <Pane {...common} name={strings.studyName[0]} study={one.data} shown={sight.first} onShown={sight.setFirst} likeness={one.cosines} />
        )}
        {compare !== '' && other.data !== null && other.asked.failure === null && (
          <Pane {...common} name={strings.studyName[1]} study={other.data} shown={sight.second} onShown={sight.setSecond} likeness={other.cosines}
            note={sight.cosine === undefined ? undefined : strings.matchedWith(sight.cosine)} />
        )}
      </div>
      {place.study !== '' && <div class="which"><Beside place={{ ...place, compare }} session={session} onKey={onKey} onBeside={(study) => move({ compare: study })} /></div>}
    </>
  )
}

/// The slices of a study that was found: their pixels, how like the query each is, and those of another study.
export function LookPage({ hash, go, session, onKey, shown }: ViewProps) {
  const archives = useArchives(session, onKey)
  const names = archives.data?.archives ?? []
  const inAddress = useMemo(() => fromHash(hash), [hash])
  const place = { ...inAddress, archive: inAddress.archive === '' ? names[0]?.name ?? '' : inAddress.archive }
  const move = (next: Partial<LookPlace>): void => go(toHash({ ...place, ...next }))
  if (names.length === 0) return <NoArchive archives={archives} view="look" onKey={onKey} />
  return (
    <>
      <section class="ask" aria-label={strings.views.look}>
        <div class="which">
          <ArchiveChoice names={names} value={place.archive} onChange={(archive) => go(toHash({ ...NOWHERE, archive }))} />
        </div>
        {place.study !== '' && <QueryForm place={place} onPlace={move} />}
      </section>
      <main id={mainOf('look')} tabIndex={-1} class="look">
        <h1>{strings.views.look}</h1>
        {place.study === ''
          ? <div class="empty"><p><strong>{strings.lookStart}</strong></p><p class="muted">{strings.lookStartLong}</p></div>
          : <Studies place={place} move={move} session={session} onKey={onKey} shown={shown} />}
      </main>
    </>
  )
}
