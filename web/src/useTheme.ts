import { useEffect, useState } from 'preact/hooks'

export type Theme = 'dark' | 'light'
const PLACE = 'mi2-theme'

/// Dark unless the user chose otherwise: reading rooms are.
export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState<Theme>(localStorage.getItem(PLACE) === 'light' ? 'light' : 'dark')
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme
    localStorage.setItem(PLACE, theme)
  }, [theme])
  return [theme, () => setTheme((now) => (now === 'dark' ? 'light' : 'dark'))]
}
