import { api, type Drift, type Dups, type Outliers, type Tags } from '../api/client'
import { Failure } from '../api/failure'
import { strings } from '../strings'
import { driftBody, dupsBody, outliersBody, tagsBody, type DriftField, type Form, type What } from './form'

export type Judgement =
  | { readonly what: 'outliers'; readonly answer: Outliers }
  | { readonly what: 'drift'; readonly answer: Drift; readonly by: readonly DriftField[] }
  | { readonly what: 'tags'; readonly answer: Tags }
  | { readonly what: 'dups'; readonly answer: Dups }

async function ask(what: What, archive: string, form: Form, signal: AbortSignal): Promise<Judgement> {
  switch (what) {
    case 'outliers':
      return { what, answer: await api.outliers(archive, outliersBody(form), signal) }
    case 'drift':
      return { what, answer: await api.drift(archive, driftBody(form), signal), by: form.by }
    case 'tags':
      return { what, answer: await api.tags(archive, tagsBody(form), signal) }
    case 'dups':
      return { what, answer: await api.dups(archive, dupsBody(form), signal) }
  }
}

/// A proxy that gave up would do so again: this is not tried once more, as a server that is away is.
export async function judge(what: What, archive: string, form: Form, signal: AbortSignal): Promise<Judgement> {
  try {
    return await ask(what, archive, form, signal)
  } catch (error) {
    if (error instanceof Failure && error.status === 504) throw new Failure('refused', strings.compareCut, error.status)
    throw error
  }
}
