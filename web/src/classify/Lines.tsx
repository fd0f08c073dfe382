interface LinesProps {
  label: string
  hint: string
  value: string
  onValue: (value: string) => void
}

/// Texts, one in a line.
export function Lines({ label, hint, value, onValue }: LinesProps) {
  return (
    <label class="grow">
      <span>{label}</span>
      <textarea rows={4} value={value} placeholder={hint} spellcheck={false} onInput={(event) => onValue(event.currentTarget.value)} />
    </label>
  )
}
