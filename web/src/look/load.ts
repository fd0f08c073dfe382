// A picture as it comes from the server.
import { api } from '../api/client'
import { Failure } from '../api/failure'
import type { Picture, Wanted } from './pictures'
import { readWindow, written } from './window'

function spacingOf(text: string | null): readonly [number, number] | null {
  const [rows, columns] = (text ?? '').split(',').map(Number)
  return rows !== undefined && columns !== undefined && rows > 0 && columns > 0 ? [rows, columns] : null
}

/// The thumbnail, where there is no file to show. @throws Failure, with what the server said of the file.
async function thumbnailOf({ archive, item, thumb }: Wanted, why: Failure, signal: AbortSignal): Promise<Picture> {
  const blob = thumb ? await api.thumbnail(archive, item, signal) : null
  if (blob === null) throw why
  const image = await createImageBitmap(blob)
  return { item, image, columns: image.width, rows: image.height, spacing: null, window: null, instead: why.message }
}

/// A slice from its file; its thumbnail, where the file cannot be had.
export async function load(wanted: Wanted, signal: AbortSignal): Promise<Picture> {
  const { archive, item, window, size } = wanted
  const query = {
    size, ...(window === null ? {} : { window: typeof window === 'string' ? window : written(window) }),
  }
  let answer
  try {
    answer = await api.pixels(archive, item, query, signal)
  } catch (error) {
    // Of what is gone, busy or asks for a key, a thumbnail says nothing.
    if (!(error instanceof Failure) || error.kind !== 'refused' || error.status === 404) throw error
    return thumbnailOf(wanted, error, signal)
  }
  const image = await createImageBitmap(answer.blob)
  const whole = (name: string, otherwise: number): number => Number(answer.headers.get(name) ?? otherwise) || otherwise
  return {
    item, image, columns: whole('x-mi2-columns', image.width), rows: whole('x-mi2-rows', image.height),
    spacing: spacingOf(answer.headers.get('x-mi2-spacing')), window: readWindow(answer.headers.get('x-mi2-window')), instead: null,
  }
}
