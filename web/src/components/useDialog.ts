import { useEffect, useRef } from 'preact/hooks'

/// A dialog that is shown for as long as it is there, and then gives the focus back to what had it.
export function useDialog() {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const before = document.activeElement
    dialog.current?.showModal()
    return () => {
      // Not by close(): its event comes late, and would close the next dialog. Whoever has the focus by then keeps it.
      requestAnimationFrame(() => {
        if (before instanceof HTMLElement && document.activeElement === document.body) before.focus()
      })
    }
  }, [])
  return dialog
}
