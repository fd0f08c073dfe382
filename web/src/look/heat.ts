// Where in an image a query is, cell by cell, as the server answers it.

export interface Heat {
  /// Of the image, in its own pixels.
  readonly width: number
  readonly height: number
  /// Where columns and rows begin, and the last ends: pixels of the image.
  readonly x: readonly number[]
  readonly y: readonly number[]
  readonly cosines: readonly (readonly number[])[]
  readonly least: number
  readonly most: number
  /// What it can show, for people.
  readonly resolution: string
}

const MOST_CELLS = 4096

function numbers(value: unknown): number[] | null {
  return Array.isArray(value) && value.length <= MOST_CELLS && value.every((one) => Number.isFinite(one)) ? (value as number[]) : null
}

/// @throws Error for what is no heatmap.
export function readHeat(answer: unknown): Heat {
  const refuse = (what: string): never => { throw new Error(`heatmap: expected ${what}`) }
  const { picture, x, y, resolution, maps } = (answer ?? {}) as Record<string, unknown>
  const [size, columns, rows] = [numbers(picture), numbers(x), numbers(y)]
  const first = (Array.isArray(maps) ? maps[0] : undefined) as Record<string, unknown> | undefined
  if (size?.length !== 2 || !size.every((side) => side > 0)) return refuse('the sides of a picture')
  if (columns === null || rows === null || columns.length < 2 || rows.length < 2) return refuse('columns and rows')
  const lines = Array.isArray(first?.['cosines']) ? first['cosines'].map(numbers) : []
  const cosines = lines.filter((line): line is number[] => line?.length === columns.length - 1)
  if (cosines.length !== rows.length - 1 || lines.length !== cosines.length) return refuse('a cosine for each cell')
  const all = cosines.flat()
  return {
    width: size[0]!, height: size[1]!, x: columns, y: rows, cosines, least: Math.min(...all), most: Math.max(...all),
    resolution: typeof resolution === 'string' ? resolution : `${cosines.length} x ${columns.length - 1}`,
  }
}

/// How much of the colour a cell has: nothing for the least of them, and more for few than for many.
export function strengthOf({ least, most }: Heat, cosine: number): number {
  return most > least ? ((cosine - least) / (most - least)) ** 2 * 0.6 : 0
}

export interface Cell {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly strength: number
}

/// The cells of a picture that lies in a box. Those without colour are left out.
export function cellsOf(heat: Heat, box: { left: number; top: number; width: number; height: number }): Cell[] {
  const across = (x: number): number => box.left + (x / heat.width) * box.width
  const down = (y: number): number => box.top + (y / heat.height) * box.height
  return heat.cosines.flatMap((line, row) => line.map((cosine, column) => {
    const [left, top] = [across(heat.x[column]!), down(heat.y[row]!)]
    return { left, top, width: across(heat.x[column + 1]!) - left, height: down(heat.y[row + 1]!) - top, strength: strengthOf(heat, cosine) }
  })).filter(({ strength }) => strength > 0.01)
}
