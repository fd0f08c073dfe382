import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { api, type Result } from '../api/client'
import type { Failure } from '../api/failure'
import { toHash as toCardsHash } from '../cards/address'
import { isPinned, tray, useTray, type Search } from '../cards/tray'
import { filesOf, MAX_FILE_BYTES, toBase64 } from '../files'
import { toHash as lookHash } from '../look/address'
import { firstPage, withPage, type Found } from '../found'
import { boxesToList, EMPTY, fromHash, hasPositive, isEmpty, MAX_PARTS, parts, toBody, toHash, withItem, type LocalImage, type Query } from '../query'
import { cut, type Region } from '../region'
import { strings } from '../strings'
import { failureOf, isComing, useAnswer } from '../useAnswer'
import { useFacets } from '../useFacets'
import { mainOf, type ViewProps } from '../views'
import { ArchiveChoice, NoArchive, useArchives } from './Archives'
import { FacetPanel, WIDE } from './FacetPanel'
import { Notice } from './Notice'
import { Options } from './Options'
import { QueryForm } from './QueryForm'
import { Results } from './Results'

/// Files of the user's in this tab: added by choosing, dropping and pasting.
export function useImages(shown: boolean) {
  const [images, setImages] = useState<readonly LocalImage[]>([])
  const [problem, setProblem] = useState('')
  const [dragging, setDragging] = useState(false)
  const next = useRef(1)
  const add = useCallback(async (files: readonly File[]) => {
    setProblem('')
    for (const file of files) {
      const name = file.name === '' ? strings.item(next.current) : file.name
      if (file.size > MAX_FILE_BYTES) {
        setProblem(strings.tooLargeFile(name, `${MAX_FILE_BYTES >> 20} MB`))
        continue
      }
      try {
        const base64 = await toBase64(file)
        const id = next.current++
        setImages((now) => [...now, { id, name, base64, file, away: false }])
      } catch {
        setProblem(strings.unreadableFile(name))
      }
    }
  }, [])
  useEffect(() => {
    if (!shown) return undefined
    const over = (event: DragEvent): void => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      setDragging(true)
    }
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setDragging(false)
    }
    const drop = (event: DragEvent): void => {
      setDragging(false)
      const files = filesOf(event.dataTransfer)
      if (files.length === 0) return
      event.preventDefault()
      void add(files)
    }
    const paste = (event: ClipboardEvent): void => {
      const files = filesOf(event.clipboardData)
      if (files.length > 0) void add(files)
    }
    addEventListener('dragover', over)
    addEventListener('dragleave', leave)
    addEventListener('drop', drop)
    addEventListener('paste', paste)
    return () => {
      removeEventListener('dragover', over)
      removeEventListener('dragleave', leave)
      removeEventListener('drop', drop)
      removeEventListener('paste', paste)
    }
  }, [shown])
  const cutOut = async (image: LocalImage, region: Region): Promise<void> => {
    try {
      const base64 = await cut(image.file, region)
      const id = next.current++
      setImages((now) => now.map((one) => (one.id === image.id ? { ...one, id, base64, name: strings.regionOf(one.name) } : one)))
    } catch {
      setProblem(strings.unreadableFile(image.name))
    }
  }
  return { images, setImages, problem, setProblem, dragging, add, cutOut }
}

/// The query as it stands in the address, and the words as they are typed until they are searched.
function useQuery(hash: string, archives: readonly { name: string }[], go: (hash: string) => void) {
  const inAddress = useMemo(() => fromHash(hash), [hash])
  const query: Query = inAddress.archive === '' ? { ...inAddress, archive: archives[0]?.name ?? '' } : inAddress
  const [text, setText] = useState(query.text)
  const [notText, setNotText] = useState(query.notText)
  useEffect(() => setText(query.text), [query.text])
  useEffect(() => setNotText(query.notText), [query.notText])
  return { query, text, setText, notText, setNotText, setQuery: (next: Query) => go(toHash(next)) }
}

/// Searches when the query changes; further pages are put behind the first.
function useSearch(query: Query, images: readonly LocalImage[], session: number, onKey: (failure: Failure) => void) {
  const ready = query.archive !== '' && hasPositive(query, images) && parts(query, images) <= MAX_PARTS
  const named = images.map((image) => `${image.id}${image.away ? '-' : '+'}`).join()
  const key = ready ? `${session} ${toHash(query)} ${named}` : null
  const asked = useAnswer<Found>(
    key,
    async (signal) => firstPage(query.archive, await api.search(query.archive, toBody(query, images), signal)),
    onKey,
  )
  const [paging, setPaging] = useState(false)
  const [pageFailure, setPageFailure] = useState<Failure | null>(null)
  const now = useRef(key)
  now.current = key
  useEffect(() => setPageFailure(null), [key])
  const page = async (): Promise<void> => {
    const before = asked.data
    if (before === null || paging) return
    setPaging(true)
    setPageFailure(null)
    try {
      const body = toBody(query, images, before.last.cursor)
      const answer = await api.search(query.archive, body, new AbortController().signal)
      if (now.current !== key) return
      asked.set(withPage(before, answer))
      const first = answer.results[0]
      // Once it is drawn, the keyboard goes on at what is new.
      if (first !== undefined) requestAnimationFrame(() => document.getElementById(`result-${first.rank}`)?.focus())
    } catch (error) {
      if (now.current !== key) return
      const failure = failureOf(error)
      if (failure.kind === 'key') onKey(failure)
      // The first page was answered: what makes no sense any more is its cursor, of an archive that is there no longer.
      if (failure.status === 400) asked.set({ ...before, replaced: true })
      else setPageFailure(failure)
    } finally {
      setPaging(false)
    }
  }
  return { asked, paging, page, pageFailure, key }
}

export function SearchPage({ hash, go, session, onKey, shown }: ViewProps) {
  const archives = useArchives(session, onKey)
  const names = archives.data?.archives ?? []
  const { query, text, setText, notText, setNotText, setQuery } = useQuery(hash, names, go)
  const { images, setImages, problem, setProblem, dragging, add, cutOut } = useImages(shown)
  const box = useRef<HTMLInputElement>(null)
  const about = useAnswer(query.archive === '' ? null : `${session} ${query.archive}`, (signal) => api.archive(query.archive, signal), onKey)
  const facets = useFacets(query.archive, query, session, onKey)
  const { asked, paging, page, pageFailure, key } = useSearch(query, images, session, onKey)

  const pinned = useTray()
  /// Of the results that are shown; while others are on the way, of those before nothing can be pinned.
  const search: Search = { key: key ?? '', archive: query.archive, place: toHash(query), body: toBody(query, images), files: images.map(({ name }) => name) }
  const pinnedHere = pinned.filter((one) => one.archive === query.archive).reduce((n, one) => n + one.pins.length, 0)

  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement
      if (!shown || typing || event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      box.current?.focus()
    }
    addEventListener('keydown', focus)
    return () => removeEventListener('keydown', focus)
  }, [shown])

  /// A query that was changed by hand; what is amiss with it is said.
  const ask = (next: Query): void => {
    if (parts(next, images) > MAX_PARTS) setProblem(strings.tooMany)
    else if (!hasPositive(next, images) && !isEmpty(next, images)) setProblem(strings.needsPositive)
    else setProblem('')
    setQuery(next)
  }
  const typed = (): Query => ({ ...query, text: text.trim(), notText: notText.trim() })
  const submit = (): void => {
    ask(typed())
    if (!matchMedia(WIDE).matches) document.getElementById(mainOf('search'))?.scrollIntoView()
  }
  const also = (): void => {
    setText('')
    setNotText('')
    ask(boxesToList(typed()))
    box.current?.focus()
  }
  const clear = (): void => {
    setText('')
    setNotText('')
    setImages([])
    setProblem('')
    setQuery({ ...EMPTY, archive: query.archive, chosen: query.chosen, where: query.where })
    box.current?.focus()
  }
  const moreLike = (result: Result): void => {
    ask(withItem(query, result.item, false))
    box.current?.focus()
    scrollTo({ top: 0 })
  }
  const notLike = (result: Result): void => ask(withItem(query, result.item, true))

  const look = (result: Result): void =>
    go(lookHash({ archive: query.archive, study: result.study ?? '', at: result.item, compare: '', text: query.text, items: query.items }))

  if (names.length === 0) return <NoArchive archives={archives} view="search" onKey={onKey} />
  const nothingAsked = !hasPositive(query, images)
  return (
    <>
      {dragging && <div class="drop" aria-hidden="true">{strings.dropHere}</div>}
      <div class="ask" role="search" aria-label={strings.views.search}>
        <QueryForm query={query} text={text} notText={notText} images={images} problem={problem} box={box} onText={setText}
          onNotText={setNotText} onImages={setImages} onRegion={(image, region) => void cutOut(image, region)} onFiles={(files) => void add(files)} onQuery={ask} onSubmit={submit} onAlso={also} onClear={clear} />
        <div class="which">
          <ArchiveChoice names={names} value={query.archive} onChange={(archive) => setQuery({ ...query, archive, items: [], notItems: [], chosen: {} })} />
          {/* Its place is kept until it is known, so that nothing beside it moves. */}
          <p class="muted">{about.data !== null && <>{strings.archiveSize(about.data.studies ?? 0, about.data.images)}{about.data.restricted === true && ` ${strings.restricted}`}</>}</p>
          {pinnedHere > 0 && (
            <p><a href={`#${toCardsHash({ archive: query.archive, card: '' })}`} onClick={(event) => { event.preventDefault(); go(toCardsHash({ archive: query.archive, card: '' })) }}>{strings.pinnedLink(pinnedHere)}</a></p>
          )}
          <Options query={query} images={images} onQuery={setQuery} />
        </div>
      </div>
      <div class="columns">
        <aside aria-label={strings.filters}>
          <FacetPanel facets={facets.data} coming={isComing(facets)} filters={query} onFilters={(filters) => setQuery({ ...query, ...filters })} />
          {(facets.failure ?? facets.waiting) !== null && <Notice asked={facets} what={strings.failed} />}
        </aside>
        <main id={mainOf('search')} tabIndex={-1} aria-busy={asked.loading}>
          {nothingAsked ? (
            <div class="empty"><h1>{strings.start}</h1><p class="muted">{strings.startLong}</p></div>
          ) : (
            <>
              <h1 class="sr">{strings.views.search}</h1>
              <Notice asked={asked} what={strings.failed} onKey={onKey} />
              {/* Results of another archive are not those of the items that have their numbers in this one. */}
              {asked.data?.archive === query.archive && asked.failure === null && (
                <Results archive={query.archive} found={asked.data} loading={paging} stale={asked.loading} onMore={moreLike} onNot={notLike} onLook={look} onPage={() => void page()}
                  isPinned={(result) => isPinned(pinned, search.key, result.item)} onPin={(result) => { if (!asked.loading) tray.turn(search, result) }} />
              )}
              {pageFailure !== null && <Notice asked={{ data: null, loading: false, failure: pageFailure, waiting: null }} what={strings.failed} />}
            </>
          )}
        </main>
      </div>
    </>
  )
}
