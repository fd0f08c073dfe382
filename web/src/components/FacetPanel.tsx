import { useEffect, useRef, useState } from 'preact/hooks'
import type { Facets } from '../api/client'
import { canChoose, toggle } from '../filter'
import type { Filters } from '../query'
import { count, strings } from '../strings'

const FEW = 6
/// Where filters stand beside the results, as in style.css.
export const WIDE = '(min-width: 60rem)'

interface FacetProps {
  name: string
  facet: Facets['facets'][string]
  filters: Filters
  onFilters: (filters: Filters) => void
}

function Facet({ name, facet, filters, onFilters }: FacetProps) {
  const [all, setAll] = useState(false)
  const chosen = filters.chosen[name] ?? []
  // What is chosen stays to be seen, and to be unchosen, where nothing is left of it.
  const missing = chosen.filter((value) => !facet.values.some((one) => one.value === value))
  const values = [...missing.map((value) => ({ value, images: 0 })), ...facet.values]
  if (values.length === 0 || (values.length === 1 && values[0]!.value === null && chosen.length === 0)) return null
  const shown = all ? values : values.slice(0, Math.max(FEW, missing.length))
  return (
    <fieldset class="facet">
      <legend>{strings.facetNames[name] ?? name}</legend>
      {shown.map(({ value, images }) => (
        <label key={value === null ? '-' : `+${value}`} class="value">
          <input type="checkbox" checked={chosen.includes(value)} disabled={!canChoose(name, value) && !chosen.includes(value)}
            onChange={() => onFilters({ ...filters, chosen: toggle(filters.chosen, name, value) })} />
          <bdi class={value === null ? 'name muted' : 'name'}>{value ?? strings.noValue}</bdi>
          <span class="count">{count(images)}</span>
        </label>
      ))}
      {values.length > FEW && (
        <button type="button" class="quiet" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? strings.showFew : strings.showAll(values.length)}
        </button>
      )}
      {all && facet.more && <p class="muted">{strings.moreValues}</p>}
    </fieldset>
  )
}

export interface FacetPanelProps {
  facets: Facets | null
  /// Whether nothing is known of them yet.
  coming: boolean
  filters: Filters
  onFilters: (filters: Filters) => void
}

/// Filters by what an archive has, with how many images have it.
export function FacetPanel({ facets, coming, filters: { chosen, where: applied }, onFilters }: FacetPanelProps) {
  const [where, setWhere] = useState(applied)
  useEffect(() => setWhere(applied), [applied])
  // What stands below them waits for the first answer, which would push it down.
  const settled = useRef(false)
  settled.current ||= !coming
  const wide = matchMedia(WIDE).matches
  const filtered = applied !== '' || Object.keys(chosen).length > 0
  return (
    <details class="facets" open={wide || undefined}>
      <summary>{strings.filters}</summary>
      {facets !== null && <p class="muted" role="status">{strings.inFilter(facets.images)}</p>}
      {facets !== null && Object.entries(facets.facets).map(([name, facet]) => (
        <Facet key={name} name={name} facet={facet} filters={{ chosen, where: applied }} onFilters={onFilters} />
      ))}
      {settled.current && <form class="expression" onSubmit={(event) => { event.preventDefault(); onFilters({ chosen, where: where.trim() }) }}>
        <label>
          <span>{strings.expression}</span>
          <input type="text" value={where} placeholder={strings.expressionHint} spellcheck={false} maxLength={4000}
            onInput={(event) => setWhere(event.currentTarget.value)} />
        </label>
        <button type="submit">{strings.apply}</button>
      </form>}
      {filtered && (
        <button type="button" class="quiet" onClick={() => onFilters({ where: '', chosen: {} })}>{strings.clearFilters}</button>
      )}
    </details>
  )
}
