import { BYS, hasPatient, MATCHES, SAME_PATIENTS, type LocalImage, type Query } from '../query'
import { strings } from '../strings'

interface ChoiceProps<T extends string> {
  label: string
  value: T
  values: readonly T[]
  names: Readonly<Record<T, string>>
  onChange: (value: T) => void
}

/// One of a few.
export function Choice<T extends string>({ label, value, values, names, onChange }: ChoiceProps<T>) {
  return (
    <label>
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value as T)}>
        {values.map((one) => <option key={one} value={one}>{names[one]}</option>)}
      </select>
    </label>
  )
}

export function Options(props: { query: Query; images: readonly LocalImage[]; onQuery: (query: Query) => void }) {
  const { query, onQuery } = props
  return (
    <fieldset class="options">
      <legend class="sr">{strings.options}</legend>
      <Choice label={strings.by} value={query.by} values={BYS} names={strings.byNames}
        onChange={(by) => onQuery({ ...query, by })} />
      <Choice label={strings.match} value={query.match} values={MATCHES} names={strings.matchNames}
        onChange={(match) => onQuery({ ...query, match })} />
      {(hasPatient(query) || props.images.length > 0) && (
        <Choice label={strings.samePatient} value={query.samePatient} values={SAME_PATIENTS} names={strings.samePatientNames}
          onChange={(samePatient) => onQuery({ ...query, samePatient })} />
      )}
    </fieldset>
  )
}
