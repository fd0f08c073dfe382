import { useEffect, useState } from 'preact/hooks'
import { api, type Result } from '../api/client'
import type { Failure } from '../api/failure'
import { Choice } from '../components/Options'
import { strings } from '../strings'
import { useAnswer } from '../useAnswer'
import type { LookPlace } from './address'

/// Studies that are offered to be put beside one.
const OFFERED = 12

/// What slices are compared with: words, and images of the archive.
export function QueryForm({ place, onPlace }: { place: LookPlace; onPlace: (next: Partial<LookPlace>) => void }) {
  const [text, setText] = useState(place.text)
  useEffect(() => setText(place.text), [place.text])
  return (
    <form class="query" role="search" aria-label={strings.lookGo} onSubmit={(event) => { event.preventDefault(); onPlace({ text: text.trim() }) }}>
      <div class="row">
        <label class="grow">
          <span>{strings.lookQuery}</span>
          <input type="text" value={text} placeholder={strings.lookQueryHint} onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        <button type="submit" class="main">{strings.lookGo}</button>
      </div>
      {place.items.length > 0 && (
        <ul class="chips">
          {place.items.map((item) => (
            <li key={item} class="chip">
              <button type="button" aria-label={strings.remove(strings.like(strings.item(item)))} onClick={() => onPlace({ items: place.items.filter((one) => one !== item) })}>
                {strings.like(strings.item(item))} ×
              </button>
            </li>
          ))}
        </ul>
      )}
    </form>
  )
}

function describe({ date, modality, body_part: part, study_description: description, score }: Result): string {
  const known = [date, modality, part, description].filter((one): one is string => one !== undefined)
  return `${known.join(' ').slice(0, 80)} (${strings.score(score)})`
}

interface BesideProps {
  place: LookPlace
  session: number
  onKey: (failure: Failure) => void
  onBeside: (study: string) => void
}

/// Another study to look at beside it: those that are most like it, of its patient too.
export function Beside({ place, session, onKey, onBeside }: BesideProps) {
  const { archive, study, compare } = place
  const asked = useAnswer(
    `${session} ${archive} ${study}`,
    (signal) => api.search(archive, { study: [study], k: OFFERED, by: 'study', same_patient: 'include' }, signal),
    onKey,
  )
  const names: Record<string, string> = { '': strings.lookAlone }
  if (compare !== '') names[compare] = strings.lookOther(compare)
  // Until there is an answer, that of the study before is offered to nobody.
  for (const result of (asked.loading ? null : asked.data)?.results ?? []) {
    if (result.study !== undefined && result.study !== study) names[result.study] = describe(result)
  }
  return (
    <>
      <Choice label={strings.lookBeside} value={compare} values={Object.keys(names)} names={names} onChange={onBeside} />
      {asked.failure !== null && <p class="small muted">{strings.besideFailed}</p>}
    </>
  )
}
