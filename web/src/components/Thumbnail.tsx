import { useEffect, useRef, useState } from 'preact/hooks'
import { api } from '../api/client'
import { strings } from '../strings'

interface Props {
  archive: string
  item: number
  /// What it is a preview of.
  name: string
  label: string
  exists: boolean
  /// Not only once it is scrolled to: it may be printed.
  eager?: boolean
}

/// A thumbnail once it is scrolled to. Without one, what kind of image it is.
export function Thumbnail({ archive, item, name, label, exists, eager = false }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const [url, setUrl] = useState<string | null>(null)
  useEffect(() => {
    if (!exists || place.current === null) return undefined
    const stop = new AbortController()
    let made: string | null = null
    const watcher = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return
      watcher.disconnect()
      api.thumbnail(archive, item, stop.signal).then(
        (blob) => {
          if (blob === null || stop.signal.aborted) return
          made = URL.createObjectURL(blob)
          setUrl(made)
        },
        () => {}, // the card says all that there is to say without it
      )
    }, { rootMargin: eager ? '1000000px' : '200px' })
    watcher.observe(place.current)
    return () => {
      watcher.disconnect()
      stop.abort()
      setUrl(null)
      if (made !== null) URL.revokeObjectURL(made)
    }
  }, [archive, item, exists])
  if (url !== null) return <div class="thumb" ref={place}><img src={url} alt={name} /></div>
  return (
    <div class="thumb" ref={place} role="img" aria-label={`${name}: ${strings.noThumbnail}`}>
      <bdi class="thumb-kind" aria-hidden="true">{label}</bdi>
      {!exists && <span class="small" aria-hidden="true">{strings.noThumbnail}</span>}
    </div>
  )
}
