import { useEffect, useState } from 'preact/hooks'

export const SPEEDS = ['4', '8', '16'] as const
export type Speed = (typeof SPEEDS)[number]

/// Plays slices, as fast as they come at most. It never begins by itself, and ends where somebody wants less motion.
/// @param ready  whether the slice that is wanted is shown.
export function useCine(shown: boolean, ready: boolean, step: () => void) {
  const [playing, setPlaying] = useState(false)
  const [speed, setSpeed] = useState<Speed>('8')
  useEffect(() => {
    if (!playing || !ready) return undefined
    const timer = setTimeout(step, 1000 / Number(speed))
    return () => clearTimeout(timer)
  })
  useEffect(() => {
    if (!shown) setPlaying(false)
  }, [shown])
  useEffect(() => {
    const less = matchMedia('(prefers-reduced-motion: reduce)')
    const stop = (): void => { if (less.matches) setPlaying(false) }
    less.addEventListener('change', stop)
    return () => less.removeEventListener('change', stop)
  }, [])
  return { playing, setPlaying, speed, setSpeed }
}
