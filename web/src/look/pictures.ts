// Pictures of slices, the last ones kept: a slice that was seen is there at once.
import { written, type Preset, type Window } from './window'

/// What of a slice is shown.
export interface Wanted {
  readonly archive: string
  readonly item: number
  readonly thumb: boolean
  /// Null: the file's own.
  readonly window: Window | Preset | null
  readonly size: number
}

export interface Picture {
  readonly item: number
  readonly image: ImageBitmap
  /// Of the image as it is stored; of a thumbnail its own.
  readonly columns: number
  readonly rows: number
  readonly spacing: readonly [number, number] | null
  /// By which the server shows it; null: it has none, and shades are all there is.
  readonly window: Window | null
  /// Why it is a thumbnail and not the image itself, in the server's words.
  readonly instead: string | null
}

export const nameOf = ({ archive, item, window, size }: Wanted): string =>
  `${archive} ${item} ${typeof window === 'string' ? window : window === null ? '' : written(window)} ${size}`

const KEPT_BYTES = 256 << 20

export class Pictures {
  /// The least lately used first.
  private readonly kept = new Map<string, Picture>()
  private bytes = 0

  constructor(private readonly load: (wanted: Wanted, signal: AbortSignal) => Promise<Picture>, private readonly most = KEPT_BYTES) {}

  get(wanted: Wanted): Picture | undefined {
    const name = nameOf(wanted)
    const found = this.kept.get(name)
    if (found === undefined) return undefined
    this.kept.delete(name)
    this.kept.set(name, found)
    return found
  }

  async fetch(wanted: Wanted, signal: AbortSignal): Promise<Picture> {
    const found = this.get(wanted)
    if (found !== undefined) return found
    const picture = await this.load(wanted, signal)
    if (this.kept.has(nameOf(wanted))) return this.get(wanted)!
    this.kept.set(nameOf(wanted), picture)
    this.bytes += sizeOf(picture)
    for (const [name, old] of this.kept) {
      if (this.bytes <= this.most || old === picture) break
      this.kept.delete(name)
      this.bytes -= sizeOf(old)
    }
    return picture
  }

  /// Of another key, or another archive in the place of one.
  clear(): void {
    this.kept.clear()
    this.bytes = 0
  }
}

const sizeOf = ({ image }: Picture): number => 4 * image.width * image.height
