import { useCallback, useEffect, useState } from 'preact/hooks'

/// What stands behind '#' in the address, and the way to another one, which the browser's back button leaves again.
export function useAddress(): [string, (hash: string) => void] {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const read = (): void => setHash(location.hash)
    addEventListener('popstate', read)
    return () => removeEventListener('popstate', read)
  }, [])
  const go = useCallback((next: string) => {
    const now = next === '' ? '' : `#${next}`
    if (now !== location.hash) history.pushState(null, '', now === '' ? location.pathname : now)
    setHash(now)
  }, [])
  return [hash, go]
}
