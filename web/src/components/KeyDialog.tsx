import { useState } from 'preact/hooks'
import { strings } from '../strings'
import { useDialog } from './useDialog'

export function KeyDialog(props: { refused: boolean; onKey: (key: string) => void; onClose: () => void }) {
  const dialog = useDialog()
  const [key, setKey] = useState('')
  const submit = (event: Event): void => {
    event.preventDefault()
    if (key.trim() !== '') props.onKey(key.trim())
  }
  return (
    <dialog ref={dialog} class="key" aria-labelledby="key-title" onClose={props.onClose}>
      <form onSubmit={submit}>
        <h2 id="key-title">{strings.keyTitle}</h2>
        {props.refused && <p class="error" role="alert">{strings.keyRefused}</p>}
        <label for="key-field">{strings.keyLabel}</label>
        <input id="key-field" type="password" autocomplete="off" spellcheck={false} value={key}
          aria-describedby="key-note" onInput={(event) => setKey(event.currentTarget.value)} />
        <p id="key-note" class="muted">{strings.keyNote}</p>
        <button class="main" type="submit">{strings.keyUse}</button>
        <button type="button" onClick={() => dialog.current?.close()}>{strings.cancel}</button>
      </form>
    </dialog>
  )
}
