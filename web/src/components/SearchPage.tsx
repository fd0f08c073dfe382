import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { api, type Facets, type Result } from '../api/client'
import type { Failure } from '../api/failure'
import { filesOf, MAX_FILE_BYTES, toBase64 } from '../files'
import { expression } from '../filter'
import { firstPage, withPage, type Found } from '../found'
import { EMPTY, fromHash, hasPositive, isEmpty, MAX_PARTS, parts, toBody, toHash, type LocalImage, type Query } from '../query'
import { cut, type Region } from '../region'
import { strings } from '../strings'
import { failureOf, useAnswer } from '../useAnswer'
import { FacetPanel, WIDE } from './FacetPanel'
import { Notice } from './Notice'
import { Options } from './Options'
import { QueryForm } from './QueryForm'
import { Results } from './Results'

/// Counts under the filters; of a facet with a choice, under all filters but its own.
async function facetsOf(query: Query, signal: AbortSignal): Promise<Facets> {
  const ask = (without?: string) =>
    api.facets(query.archive, expression(query.chosen, query.where, without), signal)
  const own = Object.keys(query.chosen)
  const [all, ...others] = await Promise.all([ask(), ...own.map(ask)])
  const facets = { ...all!.facets }
  own.forEach((name, i) => {
    const facet = others[i]?.facets[name]
    if (facet !== undefined) facets[name] = facet
  })
  return { ...all!, facets }
}

function useArchives(session: number, onKey: (failure: Failure) => void) {
  return useAnswer(String(session), api.archives, onKey)
}

/// Files of the user's in this tab: added by choosing, dropping and pasting.
function useImages(shown: boolean) {
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

interface Props {
  hash: string
  go: (hash: string) => void
  session: number
  onKey: (failure: Failure) => void
  shown: boolean
}

/// Searches when the query changes; further pages are put behind the first.
function useSearch(query: Query, images: readonly LocalImage[], session: number, onKey: (failure: Failure) => void) {
  const ready = query.archive !== '' && hasPositive(query, images) && parts(query, images) <= MAX_PARTS
  const named = images.map((image) => `${image.id}${image.away ? '-' : '+'}`).join()
  const key = ready ? `${session} ${toHash(query)} ${named}` : null
  const asked = useAnswer<Found>(
    key,
    async (signal) => firstPage(await api.search(query.archive, toBody(query, images), signal)),
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
      const failure = failureOf(error)
      if (failure.kind === 'key') onKey(failure)
      setPageFailure(failure)
    } finally {
      setPaging(false)
    }
  }
  return { asked, paging, page, pageFailure }
}

export function SearchPage({ hash, go, session, onKey, shown }: Props) {
  const archives = useArchives(session, onKey)
  const names = archives.data?.archives ?? []
  const { query, text, setText, notText, setNotText, setQuery } = useQuery(hash, names, go)
  const { images, setImages, problem, setProblem, dragging, add, cutOut } = useImages(shown)
  const box = useRef<HTMLInputElement>(null)
  const about = useAnswer(query.archive === '' ? null : `${session} ${query.archive}`, (signal) => api.archive(query.archive, signal), onKey)
  const facets = useAnswer(
    query.archive === '' ? null : `${session} ${query.archive} ${expression(query.chosen, query.where)}`,
    (signal) => facetsOf(query, signal), onKey)
  const { asked, paging, page, pageFailure } = useSearch(query, images, session, onKey)

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

  const submit = (): void => {
    const next = { ...query, text: text.trim(), notText: notText.trim() }
    if (parts(next, images) > MAX_PARTS) setProblem(strings.tooMany)
    else if (!hasPositive(next, images) && !isEmpty(next, images)) setProblem(strings.needsPositive)
    else setProblem('')
    setQuery(next)
    if (!matchMedia(WIDE).matches) document.getElementById('main')?.scrollIntoView()
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
    setImages([])
    setQuery({ ...query, text: '', notText: '', items: [result.item], notItems: [] })
    box.current?.focus()
    scrollTo({ top: 0 })
  }
  const notLike = (result: Result): void =>
    setQuery({ ...query, items: query.items.filter((n) => n !== result.item), notItems: [...new Set([...query.notItems, result.item])] })

  if (archives.data === null) return <main id="main" tabIndex={-1}><Notice asked={archives} what={strings.failed} onKey={onKey} /></main>
  if (names.length === 0) {
    return <main id="main" tabIndex={-1} class="empty"><h1>{strings.noArchives}</h1><p class="muted">{strings.noArchivesLong}</p></main>
  }
  const nothingAsked = !hasPositive(query, images)
  return (
    <>
      {dragging && <div class="drop" aria-hidden="true">{strings.dropHere}</div>}
      <div class="ask" role="search" aria-label={strings.search}>
        <QueryForm query={query} text={text} notText={notText} images={images} problem={problem} box={box} onText={setText}
          onNotText={setNotText} onImages={setImages} onRegion={(image, region) => void cutOut(image, region)} onFiles={(files) => void add(files)} onQuery={setQuery} onSubmit={submit} onClear={clear} />
        <div class="which">
          <label>
            <span>{strings.archive}</span>
            <select value={query.archive} onChange={(event) => setQuery({ ...query, archive: event.currentTarget.value, items: [], notItems: [], chosen: {} })}>
              {names.map(({ name }) => <option key={name} value={name}>{name}</option>)}
              {!names.some(({ name }) => name === query.archive) && <option value={query.archive}>{query.archive}</option>}
            </select>
          </label>
          {about.data !== null && <p class="muted">{strings.archiveSize(about.data.studies ?? 0, about.data.images)}{about.data.restricted === true && ` ${strings.restricted}`}</p>}
          <Options query={query} images={images} onQuery={setQuery} />
        </div>
      </div>
      <div class="columns">
        <aside aria-label={strings.filters}>
          <FacetPanel facets={facets.data} query={query} onQuery={setQuery} />
          {(facets.failure ?? facets.waiting) !== null && <Notice asked={facets} what={strings.failed} />}
        </aside>
        <main id="main" tabIndex={-1} aria-busy={asked.loading}>
          {nothingAsked ? (
            <div class="empty"><h1>{strings.start}</h1><p class="muted">{strings.startLong}</p></div>
          ) : (
            <>
              <h1 class="sr">{strings.search}</h1>
              <Notice asked={asked} what={strings.failed} onKey={onKey} />
              {asked.data !== null && asked.failure === null && (
                <Results archive={query.archive} found={asked.data} loading={paging} stale={asked.loading} onMore={moreLike} onNot={notLike} onPage={() => void page()} />
              )}
              {pageFailure !== null && <Notice asked={{ data: null, loading: false, failure: pageFailure, waiting: null }} what={strings.failed} />}
            </>
          )}
        </main>
      </div>
    </>
  )
}
