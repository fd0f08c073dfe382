// Labels for as long as the tab, by archive: numbers of items and words, and no picture.
import { MAX_LABELLED, type Step } from './labels'

const KEY = 'mi2-labels '

const isLabel = (value: unknown): value is string | null => value === null || typeof value === 'string'

function isStep(value: unknown): value is Step {
  return Array.isArray(value) && value.every((one: unknown) =>
    Array.isArray(one) && one.length === 2 && Number.isSafeInteger(one[0]) && (one[0] as number) >= 0 && isLabel(one[1]))
}

/// What makes no sense is nothing.
export function keptLabels(archive: string): readonly Step[] {
  try {
    const steps: unknown = JSON.parse(sessionStorage.getItem(KEY + archive) ?? '[]')
    return Array.isArray(steps) && steps.length <= MAX_LABELLED && steps.every(isStep) ? steps : []
  } catch {
    return []
  }
}

/// Whether there was room for them.
export function keepLabels(archive: string, steps: readonly Step[]): boolean {
  try {
    if (steps.length === 0) sessionStorage.removeItem(KEY + archive)
    else sessionStorage.setItem(KEY + archive, JSON.stringify(steps))
    return true
  } catch {
    return false
  }
}

export function forgetLabels(): void {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(KEY)) sessionStorage.removeItem(key)
  }
}
