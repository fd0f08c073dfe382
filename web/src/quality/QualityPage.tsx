import { useEffect, useState } from 'preact/hooks'
import { ArchiveChoice, NoArchive, useArchives } from '../components/Archives'
import { strings } from '../strings'
import { mainOf, type ViewProps } from '../views'
import { Comparison } from './Comparison'
import { fill, JUDGEMENTS, placeOf, SECTIONS, toHash, USUAL, type Form } from './form'
import { Refused } from './Refused'

/// What of an archive is worth a look: four comparisons, each of which keeps its answer while another one is looked at,
/// and what could not be added.
export function QualityPage({ hash, go, session, onKey }: ViewProps) {
  const archives = useArchives(session, onKey)
  const names = archives.data?.archives ?? []
  const asked = placeOf(hash)
  const place = { ...asked, archive: asked.archive === '' ? names[0]?.name ?? '' : asked.archive }
  const [form, setForm] = useState<Form>(() => fill(USUAL, hash))
  useEffect(() => setForm((now) => fill(now, hash)), [hash])
  if (names.length === 0) return <NoArchive archives={archives} view="quality" onKey={onKey} />
  return (
    <>
      <section class="ask" aria-label={strings.views.quality}>
        <div class="which">
          <ArchiveChoice names={names} value={place.archive} onChange={(archive) => go(toHash({ ...place, archive }, form))} />
          <nav class="kinds" aria-label={strings.judgements}>
            {SECTIONS.map((what) => {
              const there = toHash({ ...place, what }, form)
              return (
                <a key={what} href={`#${there}`} onClick={(event) => { event.preventDefault(); go(there) }}
                  aria-current={what === place.what ? 'page' : undefined}>{strings.sectionNames[what]}</a>
              )
            })}
          </nav>
        </div>
      </section>
      <main id={mainOf('quality')} tabIndex={-1} class="quality">
        <h1>{strings.sectionNames[place.what]}</h1>
        {JUDGEMENTS.map((what) => (
          <div key={`${what} ${place.archive}`} hidden={what !== place.what}>
            <Comparison what={what} archive={place.archive} form={form} onForm={setForm} go={go} session={session} onKey={onKey}
              onAsked={() => go(toHash({ archive: place.archive, what }, form))} />
          </div>
        ))}
        {place.what === 'refused' && <Refused archive={place.archive} session={session} onKey={onKey} />}
      </main>
    </>
  )
}
