// A part of an image of the user's, cut out in the browser.
import { toBase64 } from './files'

/// In parts of the image's width and height, 0 to 1.
export interface Region {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export const WHOLE: Region = { left: 0, top: 0, right: 1, bottom: 1 }

const clamp = (value: number): number => Math.min(1, Math.max(0, value))

/// Between two corners, whichever way they were drawn.
export function between(a: readonly [number, number], b: readonly [number, number]): Region {
  const [x, y] = [[clamp(a[0]), clamp(b[0])], [clamp(a[1]), clamp(b[1])]] as const
  return { left: Math.min(...x), top: Math.min(...y), right: Math.max(...x), bottom: Math.max(...y) }
}

/// The pixels of a region: whole ones, at least one, and none outside.
export function pixels(region: Region, width: number, height: number): { x: number; y: number; width: number; height: number } {
  const x = Math.min(width - 1, Math.floor(region.left * width))
  const y = Math.min(height - 1, Math.floor(region.top * height))
  return {
    x, y,
    width: Math.max(1, Math.min(width, Math.ceil(region.right * width)) - x),
    height: Math.max(1, Math.min(height, Math.ceil(region.bottom * height)) - y),
  }
}

/// What browsers show. Of others (DICOM, TIFF, JPEG 2000) no region can be drawn here.
export function canShow(file: Blob): boolean {
  return /^image\/(png|jpeg|webp|gif|bmp)$/.test(file.type)
}

/// The region as a PNG, in base64.
export async function cut(file: Blob, region: Region): Promise<string> {
  const image = await createImageBitmap(file)
  const part = pixels(region, image.width, image.height)
  const canvas = new OffscreenCanvas(part.width, part.height)
  canvas.getContext('2d')!.drawImage(image, -part.x, -part.y)
  image.close()
  return toBase64(await canvas.convertToBlob({ type: 'image/png' }))
}
