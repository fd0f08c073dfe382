import { Choice } from '../components/Options'
import { count, strings } from '../strings'
import { DRIFT_FIELDS, LEVELS, LIMITS, MAX_K, POOLS, TAG_FIELDS, type DriftField, type Form, type What } from './form'

interface Props {
  what: What
  form: Form
  onForm: (form: Form) => void
}

export function Expression({ label, hint, value, onValue }: { label: string; hint: string; value: string; onValue: (value: string) => void }) {
  return (
    <label class="grow">
      <span>{label}</span>
      <input type="text" value={value} placeholder={hint} spellcheck={false} autocomplete="off" maxLength={4000}
        onInput={(event) => onValue(event.currentTarget.value)} />
    </label>
  )
}

function Quantity({ label, value, low, high, step, onValue }: { label: string; value: number; low: number; high: number; step: number; onValue: (value: number) => void }) {
  return (
    <label>
      <span>{label}</span>
      <input type="number" required value={value} min={low} max={high} step={step} onChange={(event) => {
        const { valueAsNumber, validity } = event.currentTarget
        if (validity.valid) onValue(valueAsNumber)
      }} />
    </label>
  )
}

function Groups({ by, onBy }: { by: readonly DriftField[]; onBy: (by: readonly DriftField[]) => void }) {
  const turn = (one: DriftField): void => onBy(DRIFT_FIELDS.filter((field) => (field === one) !== by.includes(field)))
  return (
    <fieldset class="groups">
      <legend>{strings.groups}</legend>
      {DRIFT_FIELDS.map((one) => (
        <label key={one} class="switch"><input type="checkbox" checked={by.includes(one)} onChange={() => turn(one)} />{strings.driftNames[one]}</label>
      ))}
    </fieldset>
  )
}

const numbers = Object.fromEntries(LIMITS.map((one) => [one, count(Number(one))])) as Record<(typeof LIMITS)[number], string>

/// What a comparison is asked for.
export function Fields({ what, form, onForm }: Props) {
  const put = (some: Partial<Form>): void => onForm({ ...form, ...some })
  const limit = <Choice label={strings.limit} value={form.limit} values={LIMITS} names={numbers} onChange={(one) => put({ limit: one })} />
  const where = <Expression label={strings.where} hint={strings.whereHint} value={form.where} onValue={(one) => put({ where: one })} />
  const reference = (
    <>
      <Expression label={strings.reference} hint={strings.referenceHint} value={form.reference} onValue={(one) => put({ reference: one })} />
      <Expression label={strings.test} hint={strings.testHint} value={form.test} onValue={(one) => put({ test: one })} />
    </>
  )
  switch (what) {
    case 'outliers':
      return (
        <>
          {reference}
          <Choice label={strings.pool} value={form.pool} values={POOLS} names={strings.poolNames} onChange={(pool) => put({ pool })} />
          <Quantity label={strings.k} value={form.k} low={1} high={MAX_K} step={1} onValue={(k) => put({ k })} />
          {limit}
          <label class="switch"><input type="checkbox" checked={form.onlyOutliers} onChange={() => put({ onlyOutliers: !form.onlyOutliers })} />{strings.onlyOutliers}</label>
        </>
      )
    case 'drift':
      return <>{reference}<Groups by={form.by} onBy={(by) => put({ by })} /></>
    case 'tags':
      return (
        <>
          <Choice label={strings.tag} value={form.field} values={TAG_FIELDS} names={strings.fieldNames} onChange={(field) => put({ field })} />
          {where}
          <Quantity label={strings.k} value={form.tagK} low={1} high={MAX_K} step={1} onValue={(tagK) => put({ tagK })} />
          <Quantity label={strings.minAgreement} value={form.minAgreement} low={0} high={1} step={0.01} onValue={(minAgreement) => put({ minAgreement })} />
          {limit}
        </>
      )
    case 'dups':
      return (
        <>
          <Choice label={strings.level} value={form.level} values={LEVELS} names={strings.levelNames} onChange={(level) => put({ level })} />
          {where}
          {limit}
        </>
      )
  }
}
