import type { ComponentType } from 'preact'
import { useCallback, useEffect, useState } from 'preact/hooks'
import { keyring } from './api/client'
import { KeyDialog } from './components/KeyDialog'
import { SearchPage } from './components/SearchPage'
import { strings } from './strings'
import { useAddress } from './useAddress'
import { useTheme } from './useTheme'

const REFERENCE = 'view=reference'

/// The reference is loaded by those who open it.
function LazyReference({ session }: { session: number }) {
  const [View, setView] = useState<ComponentType<{ session: number }> | null>(null)
  useEffect(() => {
    void import('./reference/Reference').then(({ Reference }) => setView(() => Reference))
  }, [])
  return View === null ? <p class="muted">{strings.loading}</p> : <View session={session} />
}

export function App() {
  const [hash, go] = useAddress()
  const [theme, switchTheme] = useTheme()
  const [session, setSession] = useState(0)
  const [keyAsked, setKeyAsked] = useState<'no' | 'first' | 'refused'>('no')
  const reference = hash.replace(/^#/, '') === REFERENCE
  const [lastSearch, setLastSearch] = useState('')
  const onKey = useCallback(() => setKeyAsked(keyring.get() === null ? 'first' : 'refused'), [])
  useEffect(() => {
    if (!reference) setLastSearch(hash.replace(/^#/, ''))
    document.title = `${reference ? strings.reference : strings.search} – ${strings.title}`
  }, [hash])

  const useKey = (key: string): void => {
    keyring.set(key)
    setKeyAsked('no')
    setSession((now) => now + 1)
  }
  const forgetKey = (): void => {
    keyring.forget()
    setSession((now) => now + 1)
  }
  const to = (place: string) => (event: Event) => {
    event.preventDefault()
    go(place)
  }
  return (
    <>
      <header class="top">
        <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById('main')?.focus() }}>
          {strings.skip}
        </a>
        <strong class="brand">{strings.title}</strong>
        <nav aria-label={strings.nav}>
          <a href={`#${lastSearch}`} onClick={to(lastSearch)} aria-current={reference ? undefined : 'page'}>{strings.search}</a>
          <a href={`#${REFERENCE}`} onClick={to(REFERENCE)} aria-current={reference ? 'page' : undefined}>{strings.reference}</a>
        </nav>
        <span class="research" title={strings.researchOnlyLong}>{strings.researchOnly}</span>
        {keyring.get() !== null && <button class="quiet" type="button" onClick={forgetKey}>{strings.keyForget}</button>}
        <button class="quiet" type="button" onClick={switchTheme}>
          {theme === 'dark' ? strings.toLight : strings.toDark}
        </button>
      </header>
      {/* The search stays while the reference is looked at: what was typed and dropped is not lost. */}
      <div hidden={reference}>
        <SearchPage hash={reference ? lastSearch : hash} go={go} session={session} onKey={onKey} shown={!reference} />
      </div>
      {reference && <main id="main" tabIndex={-1}><LazyReference session={session} /></main>}
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
