import type { ComponentType } from 'preact'
import { useCallback, useEffect, useState } from 'preact/hooks'
import { api, keyring } from './api/client'
import { tray } from './cards/tray'
import { forgetLabels } from './classify/kept'
import { KeyDialog } from './components/KeyDialog'
import { SearchPage } from './components/SearchPage'
import { strings } from './strings'
import { useAnswer } from './useAnswer'
import { useAddress } from './useAddress'
import { useTheme } from './useTheme'
import { enter, mainOf, VIEWS, viewOf, type View, type ViewProps } from './views'

/// A view that is loaded by those who open it.
function lazy<P extends object>(load: () => Promise<ComponentType<P>>) {
  return function Lazy(props: P) {
    const [View, setView] = useState<ComponentType<P> | null>(null)
    useEffect(() => {
      void load().then((found) => setView(() => found))
    }, [])
    return View === null ? <p class="muted loading">{strings.loading}</p> : <View {...props} />
  }
}

const SHOWN: Readonly<Record<View, ComponentType<ViewProps>>> = {
  search: SearchPage,
  look: lazy(() => import('./look/LookPage').then(({ LookPage }) => LookPage)),
  map: lazy(() => import('./map/MapPage').then(({ MapPage }) => MapPage)),
  quality: lazy(() => import('./quality/QualityPage').then(({ QualityPage }) => QualityPage)),
  classify: lazy(() => import('./classify/ClassifyPage').then(({ ClassifyPage }) => ClassifyPage)),
  cards: lazy(() => import('./cards/CardsPage').then(({ CardsPage }) => CardsPage)),
  audit: lazy(() => import('./audit/AuditPage').then(({ AuditPage }) => AuditPage)),
  reference: lazy(() => import('./reference/Reference').then(({ Reference }) => Reference)),
}

interface Known {
  caller: { user?: string; key?: string } | null
  archives: readonly { rights: readonly string[] }[]
}

/// A view that needs a key asks for it.
const silently = (): void => {}

export function App() {
  const [hash, go] = useAddress()
  const [theme, switchTheme] = useTheme()
  const [session, setSession] = useState(0)
  const [keyAsked, setKeyAsked] = useState<'no' | 'first' | 'refused'>('no')
  const address = hash.replace(/^#/, '')
  const view = viewOf(address)
  /// Where each view that was opened stands.
  const [places, setPlaces] = useState<Partial<Record<View, string>>>({})
  const known = useAnswer<Known>(String(session), api.archives, silently).data
  const who = known?.caller ?? {}
  const offered = VIEWS.filter((one) => one !== 'audit' || view === one || known?.archives.some(({ rights }) => rights.includes('administer')) === true)
  const onKey = useCallback(() => setKeyAsked(keyring.get() === null ? 'first' : 'refused'), [])
  useEffect(() => {
    setPlaces((now) => ({ ...now, [view]: address }))
    document.title = `${strings.views[view]} – ${strings.title}`
  }, [address])

  const useKey = (key: string): void => {
    keyring.set(key)
    setKeyAsked('no')
    setSession((now) => now + 1)
  }
  const forgetKey = (): void => {
    keyring.forget()
    tray.empty()
    forgetLabels()
    setSession((now) => now + 1)
  }
  return (
    <>
      <header class="top">
        <a class="skip" href={`#${mainOf(view)}`} onClick={(event) => { event.preventDefault(); document.getElementById(mainOf(view))?.focus() }}>
          {strings.skip}
        </a>
        <strong class="brand">{strings.title}</strong>
        <nav aria-label={strings.nav}>
          {offered.map((one) => {
            const place = places[one] ?? enter(one, address)
            return (
              <a key={one} href={`#${place}`} onClick={(event) => { event.preventDefault(); go(place) }}
                aria-current={one === view ? 'page' : undefined}>{strings.views[one]}</a>
            )
          })}
        </nav>
        <span class="research" title={strings.researchOnlyLong}>{strings.researchOnly}</span>
        {(who.user !== undefined || who.key !== undefined) && (
          <span class="who" title={strings.callerLong}><bdi>{who.user === undefined ? strings.callerKey(who.key ?? '') : strings.callerUser(who.user)}</bdi></span>
        )}
        {keyring.get() !== null && <button class="quiet" type="button" onClick={forgetKey}>{strings.keyForget}</button>}
        <button class="quiet" type="button" onClick={switchTheme}>
          {theme === 'dark' ? strings.toLight : strings.toDark}
        </button>
      </header>
      {/* What was opened stays while another view is looked at: what was typed, dropped and computed is not lost. */}
      {VIEWS.map((one) => {
        const Shown = SHOWN[one]
        return (one === view || places[one] !== undefined) && (
          <div key={one} class="view" hidden={one !== view}>
            <Shown hash={one === view ? address : places[one] ?? ''} go={go} session={session} onKey={onKey} shown={one === view} theme={theme} />
          </div>
        )
      })}
      <footer>
        <span>{strings.researchOnlyLong}</span>
        <a href="licences.txt">{strings.licences}</a>
      </footer>
      {keyAsked !== 'no' && (
        <KeyDialog refused={keyAsked === 'refused'} onKey={useKey} onClose={() => setKeyAsked('no')} />
      )}
    </>
  )
}
