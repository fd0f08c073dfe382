import { strings } from '../strings'

/// Where an archive keeps no thumbnails, what kind of image it is.
export function Thumbnail({ rank, label }: { archive: string; item: number; rank: number; label: string }) {
  return (
    <div class="thumb" role="img" aria-label={`${strings.thumbnail(rank)}: ${strings.noThumbnail}`}>
      <bdi class="thumb-kind" aria-hidden="true">{label}</bdi>
      <span class="small" aria-hidden="true">{strings.noThumbnail}</span>
    </div>
  )
}
