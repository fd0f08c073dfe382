import { api } from '../api/client'
import type { Failure } from '../api/failure'
import { Described, Place } from '../components/Facts'
import { Notice } from '../components/Notice'
import { Thumbnail } from '../components/Thumbnail'
import { strings } from '../strings'
import { useAnswer } from '../useAnswer'

interface Props {
  archive: string
  item: number
  session: number
  onKey: (failure: Failure) => void
  onMore: () => void
}

/// What the server knows of a point.
export function PointCard({ archive, item, session, onKey, onMore }: Props) {
  const asked = useAnswer(`${session} ${archive} ${item}`, (signal) => api.item(archive, item, signal), onKey)
  const name = strings.item(item)
  return (
    <li class="point" aria-label={name}>
      {asked.data === null ? (
        asked.loading && asked.waiting === null
          ? <p class="muted">{strings.loading}</p>
          : <Notice asked={asked} what={strings.noPoint(name)} />
      ) : (
        <>
          <Thumbnail archive={archive} item={item} name={strings.thumbnailOf(name)} label={asked.data.modality ?? ''} exists={asked.data.thumb === true} />
          <div class="facts">
            <p class="place"><Place item={asked.data} /></p>
            <Described item={asked.data} />
            <p class="actions"><button type="button" aria-label={strings.of(strings.moreLikeThis, name)} onClick={onMore}>{strings.moreLikeThis}</button></p>
          </div>
        </>
      )}
    </li>
  )
}
